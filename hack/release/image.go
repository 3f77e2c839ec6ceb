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

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/hack/release/compile"
	"github.com/karmada-io/image-trust/hack/release/ociimage"
	"github.com/karmada-io/image-trust/hack/release/sbom"
)

const (
	licence  = "Apache-2.0"
	mebibyte = 1 << 20
	// imageName is what the bill of materials calls the image.
	imageName = "karmada-image-trust"
)

// layoutFlag names the directory that commands share.
func layoutFlag(flags *flag.FlagSet) *string {
	return flags.String("layout", filepath.Join("dist", "image"), "directory of the OCI image layout")
}

func declareImage(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	var f facts
	f.declare(flags)
	layout := layoutFlag(flags)
	base := flags.String("base", "", "base image, by digest")
	bill := flags.String("sbom", "", "file for the bill of materials; empty: none")
	return func(ctx context.Context, out, _ io.Writer) error {
		index, programs, err := f.image(ctx, *base)
		if err != nil {
			return err
		}
		if err := ociimage.WriteLayout(*layout, index); err != nil {
			return err
		}
		if *bill != "" {
			if err := f.writeImageSBOM(*bill, index, *base, programs); err != nil {
				return err
			}
		}
		return describe(out, *layout, index)
	}
}

// image builds the image of the manager, and returns what its programs were built from.
func (f *facts) image(ctx context.Context, base string) (v1.ImageIndex, []*debug.BuildInfo, error) {
	platforms, err := f.parse()
	if err != nil {
		return nil, nil, err
	}
	reference, err := name.NewDigest(base)
	if err != nil {
		return nil, nil, fmt.Errorf("the base image must be named by digest, as in registry.example.com/static@sha256:…: %w", err)
	}
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	recipe := ociimage.Recipe{Base: reference, Path: "/manager", Created: f.created(), Annotations: f.annotations()}
	var infos []*debug.BuildInfo
	for _, platform := range platforms {
		file := filepath.Join(dir, "manager-"+platform.Architecture)
		info, err := compile.Program{Package: "./cmd/manager", Version: f.version, Platform: platform}.Build(ctx, file)
		if err != nil {
			return nil, nil, err
		}
		infos = append(infos, info)
		recipe.Programs = append(recipe.Programs, ociimage.Program{Platform: platform, File: file})
	}
	index, err := ociimage.Build(ctx, recipe)
	return index, infos, err
}

// annotations are described in https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func (f *facts) annotations() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "created":       f.created().Format(time.RFC3339),
		prefix + "title":         "Karmada image trust",
		prefix + "description":   "Verifies the signatures of container images, and makes sigstore policy-controller enforce them",
		prefix + "vendor":        "The Karmada Authors",
		prefix + "licenses":      licence,
		prefix + "url":           f.source,
		prefix + "documentation": f.source + "/blob/" + f.version + "/docs/README.md",
		prefix + "source":        f.source,
		prefix + "revision":      f.revision,
		prefix + "version":       f.version,
	}
}

func (f *facts) writeImageSBOM(file string, index v1.ImageIndex, base string, programs []*debug.BuildInfo) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	images, err := ociimage.Images(index)
	if err != nil {
		return err
	}
	bill := sbom.Bill{Subject: f.imagePackage(imageName, digest), Source: f.source, Created: f.created()}
	for _, image := range images {
		bill.Related = append(bill.Related, sbom.Related{
			Relationship: sbom.HasVariant, Package: f.imagePackage(imageName+" for "+image.Platform.String(), image.Digest),
		})
	}
	reference, err := name.NewDigest(base)
	if err != nil {
		return err
	}
	hash, err := v1.NewHash(reference.DigestStr())
	if err != nil {
		return err
	}
	bill.Related = append(bill.Related, sbom.Related{Relationship: sbom.DescendantOf, Package: sbom.Package{
		Name: reference.Context().Name(), SHA256: hash.Hex, PURL: imagePURL(reference.Context().RepositoryStr(), hash), Purpose: sbom.Container,
	}})
	bill.Related = append(bill.Related, sbom.Modules(f.version, programs...)...)
	return writeBill(file, bill)
}

func (f *facts) imagePackage(title string, digest v1.Hash) sbom.Package {
	return sbom.Package{
		Name: title, Version: f.version, SHA256: digest.Hex, PURL: imagePURL(imageName, digest), Licence: licence, Purpose: sbom.Container,
	}
}

// imagePURL names an image by the last part of its repository, as package URLs do.
func imagePURL(repository string, digest v1.Hash) string {
	return "pkg:oci/" + filepath.Base(repository) + "@" + digest.String()
}

func writeBill(file string, bill sbom.Bill) error {
	encoded, err := bill.JSON()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, encoded, 0o644); err != nil { //nolint:gosec // everybody may read it
		return fmt.Errorf("writing the bill of materials: %w", err)
	}
	return nil
}

// describe prints what was built.
func describe(out io.Writer, layout string, index v1.ImageIndex) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	images, err := ociimage.Images(index)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%s in %s\n", digest, layout)
	for _, image := range images {
		_, _ = fmt.Fprintf(out, "  %-12s %s  %.1f MiB\n", image.Platform, image.Digest, float64(image.Size)/mebibyte)
	}
	return nil
}

func declareDigest(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	layout := layoutFlag(flags)
	return func(_ context.Context, out, _ io.Writer) error {
		index, err := ociimage.ReadLayout(*layout)
		if err != nil {
			return err
		}
		digest, err := index.Digest()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, digest)
		return err
	}
}

func declarePush(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	layout := layoutFlag(flags)
	tag := flags.String("tag", "", "reference with a tag to push the image to")
	return func(ctx context.Context, out, _ io.Writer) error {
		pushed, err := push(ctx, *layout, *tag)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, pushed)
		return err
	}
}

func push(ctx context.Context, layout, tag string) (name.Digest, error) {
	if tag == "" {
		return name.Digest{}, errors.New("name the reference to push the image to")
	}
	reference, err := name.NewTag(tag)
	if err != nil {
		return name.Digest{}, err
	}
	index, err := ociimage.ReadLayout(layout)
	if err != nil {
		return name.Digest{}, err
	}
	return ociimage.Push(ctx, reference, index)
}
