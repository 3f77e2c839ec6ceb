/*
Copyright 2026 The Karmada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

// Package ociimage builds the container image of a program, by adding the program to a base image. It needs no container runtime,
// and its result depends on nothing but its arguments.
package ociimage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/hack/release/archive"
)

// User and group that the program runs as, where the base image names none: nonroot of distroless.
const User = "65532:65532"

// The annotations of the OCI image specification that this package sets.
const (
	baseNameAnnotation   = "org.opencontainers.image.base.name"
	baseDigestAnnotation = "org.opencontainers.image.base.digest"
)

// Recipe says what an image is made of.
type Recipe struct {
	// Base is the image that the program is added to, one for each platform.
	Base name.Digest
	// Path is where the program is in the image. It is the entry point.
	Path string
	// Programs are the files of the program by platform, in the order of the index.
	Programs []Program
	// Created is the time of everything in the image.
	Created time.Time
	// Annotations of the index and of its images, which are the labels of the images, too.
	Annotations map[string]string
}

// Program is the file of a program for a platform.
type Program struct {
	Platform v1.Platform
	File     string
}

// Build returns an index of OCI images, one for each program.
func Build(ctx context.Context, recipe Recipe) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, program := range recipe.Programs {
		base, err := pullBase(ctx, recipe.Base, program.Platform)
		if err != nil {
			return nil, err
		}
		image, err := recipe.image(base, program)
		if err != nil {
			return nil, fmt.Errorf("making the image for %s: %w", program.Platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &program.Platform}})
	}
	annotated, ok := mutate.Annotations(index, recipe.annotations(recipe.Base.DigestStr())).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("annotating the index made no index")
	}
	return annotated, nil
}

// pullBase returns the base image for a platform. A registry that answers with another digest than that of the reference is an error.
func pullBase(ctx context.Context, base name.Digest, platform v1.Platform) (v1.Image, error) {
	image, err := remote.Image(base,
		remote.WithContext(ctx), remote.WithPlatform(platform), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("pulling the base image %s for %s: %w", base, platform, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of the base image %s: %w", base, err)
	}
	if config.OS != platform.OS || config.Architecture != platform.Architecture {
		return nil, fmt.Errorf("the base image %s is for %s/%s, not for %s", base, config.OS, config.Architecture, platform)
	}
	return image, nil
}

func (r Recipe) image(base v1.Image, program Program) (v1.Image, error) {
	digest, err := base.Digest()
	if err != nil {
		return nil, err
	}
	config, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	additions, err := r.layers(base, program)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, additions...); err != nil {
		return nil, err
	}
	appended, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = r.config(config, program.Platform)
	config.RootFS, config.History = appended.RootFS, append(config.History, appended.History[len(additions)-1])
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	annotated, ok := mutate.Annotations(image, r.annotations(digest.String())).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotating the image made no image")
	}
	return annotated, nil
}

// layers are those of the base image, and one with the program.
func (r Recipe) layers(base v1.Image, program Program) ([]mutate.Addendum, error) {
	layers, err := base.Layers()
	if err != nil {
		return nil, err
	}
	var additions []mutate.Addendum
	for _, layer := range layers {
		mediaType, err := layer.MediaType()
		if err != nil {
			return nil, err
		}
		if mediaType == types.DockerLayer {
			mediaType = types.OCILayer // the same format by another name
		}
		additions = append(additions, mutate.Addendum{Layer: layer, MediaType: mediaType})
	}
	var content bytes.Buffer
	file := archive.File{Name: strings.TrimPrefix(r.Path, "/"), Source: program.File, Executable: true}
	if err := archive.Tar(&content, r.Created, file); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	history := v1.History{Created: v1.Time{Time: r.Created.UTC()}, CreatedBy: "COPY " + r.Path}
	return append(additions, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: history}), nil
}

// config returns the configuration of the image: that of its base, with the program as the entry point.
func (r Recipe) config(base *v1.ConfigFile, platform v1.Platform) *v1.ConfigFile {
	out := &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant,
		Created: v1.Time{Time: r.Created.UTC()}, History: slices.Clone(base.History), Config: *base.Config.DeepCopy(),
	}
	out.Config.Entrypoint, out.Config.Cmd = []string{r.Path}, nil
	out.Config.Labels = r.annotations("")
	if isRoot(out.Config.User) {
		out.Config.User = User
	}
	return out
}

// isRoot reports whether the user of an image is root, which is also what the absence of a user means.
func isRoot(user string) bool {
	user, _, _ = strings.Cut(user, ":")
	return slices.Contains([]string{"", "0", "root"}, user)
}

// annotations are those of the recipe, and those about a base image if its digest is given.
func (r Recipe) annotations(baseDigest string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, r.Annotations)
	if baseDigest != "" {
		out[baseNameAnnotation], out[baseDigestAnnotation] = r.Base.Context().Name(), baseDigest
	}
	return out
}
