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

package ociimage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// WriteLayout writes an index to a directory, in the format of the OCI image layout. What was in the directory is removed.
func WriteLayout(dir string, index v1.ImageIndex) error {
	if _, err := os.Stat(filepath.Join(dir, "oci-layout")); err == nil {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing the image in %s: %w", dir, err)
		}
	} else if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is in use, and contains no image", dir)
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("writing the image to %s: %w", dir, err)
	}
	if err := path.AppendIndex(index); err != nil {
		return fmt.Errorf("writing the image to %s: %w", dir, err)
	}
	return nil
}

// ReadLayout returns the index in a directory that WriteLayout wrote.
func ReadLayout(dir string) (v1.ImageIndex, error) {
	root, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the image in %s: %w", dir, err)
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the image in %s: %w", dir, err)
	}
	if len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("%s contains %d images, not one", dir, len(manifest.Manifests))
	}
	index, err := root.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, fmt.Errorf("reading the image in %s: %w", dir, err)
	}
	return index, nil
}

// Push pushes an index under a tag, and returns its reference by digest.
func Push(ctx context.Context, tag name.Tag, index v1.ImageIndex) (name.Digest, error) {
	digest, err := index.Digest()
	if err != nil {
		return name.Digest{}, fmt.Errorf("hashing the image: %w", err)
	}
	if err := remote.WriteIndex(tag, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return name.Digest{}, fmt.Errorf("pushing %s: %w", tag, err)
	}
	return tag.Context().Digest(digest.String()), nil
}

// BaseName returns the repository of the base image, from the annotations of an index.
func BaseName(annotations map[string]string) string { return annotations[baseNameAnnotation] }

// Image is one of the images of an index.
type Image struct {
	Platform v1.Platform
	Digest   v1.Hash
	// Base is the digest of the image that it was made from.
	Base string
	// Size is the number of bytes that a registry sends for it.
	Size int64
}

// Images returns the images of an index, in its order.
func Images(index v1.ImageIndex) ([]Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	var out []Image
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform == nil {
			return nil, fmt.Errorf("the image %s is for no platform", descriptor.Digest)
		}
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the image for %s: %w", descriptor.Platform, err)
		}
		content, err := image.Manifest()
		if err != nil {
			return nil, fmt.Errorf("reading the image for %s: %w", descriptor.Platform, err)
		}
		size := descriptor.Size + content.Config.Size
		for _, layer := range content.Layers {
			size += layer.Size
		}
		out = append(out, Image{
			Platform: *descriptor.Platform, Digest: descriptor.Digest, Base: content.Annotations[baseDigestAnnotation], Size: size,
		})
	}
	return out, nil
}
