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

// Package images pushes small container images to a registry.
package images

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// platforms are those of an index, in its order.
var platforms = []v1.Platform{
	{OS: "linux", Architecture: "amd64"},
	{OS: "linux", Architecture: "arm64"},
}

// Push pushes an image for linux/amd64 as ref (a tag or a digest) and returns
// its digest. Equal content makes an equal image.
func Push(ctx context.Context, ref, content string, opts ...remote.Option) (name.Digest, error) {
	image, err := newImage(content, platforms[0])
	if err != nil {
		return name.Digest{}, err
	}
	return push(ctx, ref, image, opts)
}

// PushIndex pushes an index of two images, for linux/amd64 and linux/arm64, as
// ref and returns its digest and those of the images. Equal content makes an
// equal index.
func PushIndex(ctx context.Context, ref, content string, opts ...remote.Option) (index name.Digest, byPlatform []name.Digest, err error) {
	manifest := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var hashes []v1.Hash
	for _, platform := range platforms {
		image, err := newImage(content, platform)
		if err != nil {
			return name.Digest{}, nil, err
		}
		hash, err := image.Digest()
		if err != nil {
			return name.Digest{}, nil, fmt.Errorf("hashing the image for %s: %w", platform, err)
		}
		hashes = append(hashes, hash)
		manifest = mutate.AppendManifests(manifest, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &platform},
		})
	}
	index, err = push(ctx, ref, manifest, opts)
	if err != nil {
		return name.Digest{}, nil, err
	}
	for _, hash := range hashes {
		byPlatform = append(byPlatform, index.Context().Digest(hash.String()))
	}
	return index, byPlatform, nil
}

// newImage makes an OCI image with one file.
func newImage(content string, platform v1.Platform) (v1.Image, error) {
	layer, err := crane.Layer(map[string][]byte{"content": []byte(content)})
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS:           platform.OS,
		Architecture: platform.Architecture,
		RootFS:       v1.RootFS{Type: "layers"},
		Config:       v1.Config{Entrypoint: []string{"/content"}},
	})
	if err != nil {
		return nil, fmt.Errorf("configuring the image for %s: %w", platform, err)
	}
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer})
	if err != nil {
		return nil, fmt.Errorf("adding a layer: %w", err)
	}
	return image, nil
}

// artifact is an image or an index.
type artifact interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

func push(ctx context.Context, ref string, content artifact, opts []remote.Option) (name.Digest, error) {
	reference, err := name.ParseReference(ref)
	if err != nil {
		return name.Digest{}, fmt.Errorf("parsing %q: %w", ref, err)
	}
	hash, err := content.Digest()
	if err != nil {
		return name.Digest{}, fmt.Errorf("hashing the manifest of %s: %w", ref, err)
	}
	opts = append([]remote.Option{remote.WithContext(ctx)}, opts...)
	if err := remote.Push(reference, content, opts...); err != nil {
		return name.Digest{}, fmt.Errorf("pushing %s: %w", ref, err)
	}
	return reference.Context().Digest(hash.String()), nil
}
