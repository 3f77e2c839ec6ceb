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
	"archive/tar"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var (
	amd64   = v1.Platform{OS: "linux", Architecture: "amd64"}
	arm64   = v1.Platform{OS: "linux", Architecture: "arm64"}
	created = time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC)
)

// newRegistry returns the address of a registry in this process.
func newRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New())
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// pushBase pushes a base image in Docker's format, as distroless was published for years, for two platforms.
func pushBase(t *testing.T, host, user string) name.Digest {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, platform := range []v1.Platform{amd64, arm64} {
		layer, err := crane.Layer(map[string][]byte{"etc/passwd": []byte("nonroot " + platform.Architecture)})
		if err != nil {
			t.Fatal(err)
		}
		image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
			OS: platform.OS, Architecture: platform.Architecture, Author: "Bazel", RootFS: v1.RootFS{Type: "layers"},
			Config: v1.Config{User: user, Cmd: []string{"/bin/sh"}, Env: []string{"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}},
		})
		if err == nil {
			image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "bazel"}})
		}
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	tag, err := name.NewTag(host + "/static:nonroot")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := Push(t.Context(), tag, index)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func newRecipe(t *testing.T, base name.Digest) Recipe {
	t.Helper()
	recipe := Recipe{Base: base, Path: "/manager", Created: created, Annotations: map[string]string{"org.opencontainers.image.version": "v1"}}
	for _, platform := range []v1.Platform{amd64, arm64} {
		file := filepath.Join(t.TempDir(), platform.Architecture)
		if err := os.WriteFile(file, []byte("program for "+platform.Architecture), 0o600); err != nil {
			t.Fatal(err)
		}
		recipe.Programs = append(recipe.Programs, Program{platform, file})
	}
	return recipe
}

// TestBuild builds an image twice, keeps it in a directory, pushes it, and pulls it for each platform.
func TestBuild(t *testing.T) {
	host := newRegistry(t)
	base := pushBase(t, host, "65532")
	index, err := Build(t.Context(), newRecipe(t, base))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Build(t.Context(), newRecipe(t, base))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	for _, one := range []v1.ImageIndex{again, index} {
		if err := WriteLayout(dir, one); err != nil {
			t.Fatal(err)
		}
	}
	read, err := ReadLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(read); err != nil {
		t.Error(err)
	}
	tag, err := name.NewTag(host + "/manager:v1")
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := Push(t.Context(), tag, read)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := again.Digest(); err != nil || pushed.DigestStr() != first.String() {
		t.Errorf("pushed %s, and built %s before: %v", pushed, first, err)
	}
	images, err := Images(read)
	if err != nil || len(images) != 2 || images[0].Size < 500 || images[0].Base == images[1].Base {
		t.Errorf("images %+v, %v", images, err)
	}
	for _, platform := range []v1.Platform{amd64, arm64} {
		image, err := remote.Image(pushed, remote.WithPlatform(platform), remote.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, image, platform)
	}
}

func checkImage(t *testing.T, image v1.Image, platform v1.Platform) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		User: "65532", Entrypoint: []string{"/manager"}, Labels: map[string]string{"org.opencontainers.image.version": "v1"},
		Env: []string{"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("the configuration differs (-want +got):\n%s", diff)
	}
	if config.Architecture != platform.Architecture || !config.Created.Equal(created) || config.Author != "" {
		t.Errorf("%s at %s by %q", config.Architecture, config.Created, config.Author)
	}
	var history []string
	for _, one := range config.History {
		history = append(history, one.CreatedBy)
	}
	if diff := cmp.Diff([]string{"bazel", "COPY /manager"}, history); diff != "" {
		t.Errorf("the history differs (-want +got):\n%s", diff)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON ||
		manifest.Annotations[baseDigestAnnotation] == "" || manifest.Annotations["org.opencontainers.image.version"] != "v1" {
		t.Errorf("manifest %+v", manifest)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != types.OCILayer {
			t.Errorf("a layer is %s", layer.MediaType)
		}
	}
	wantFiles := map[string]string{"etc/passwd": "nonroot " + platform.Architecture, "manager": "program for " + platform.Architecture}
	if diff := cmp.Diff(wantFiles, extract(t, image)); diff != "" {
		t.Errorf("the files differ (-want +got):\n%s", diff)
	}
}

// extract returns the files of an image.
func extract(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	reader := mutate.Extract(image)
	defer func() { _ = reader.Close() }()
	out, files := map[string]string{}, tar.NewReader(reader)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		out[header.Name] = string(content)
	}
}

func TestUser(t *testing.T) {
	for base, want := range map[string]string{"": User, "0": User, "root:root": User, "0:0": User, "1000": "1000", "nonroot:nonroot": "nonroot:nonroot"} {
		recipe := Recipe{Path: "/manager"}
		if got := recipe.config(&v1.ConfigFile{Config: v1.Config{User: base}}, amd64).Config.User; got != want {
			t.Errorf("a base image with the user %q makes one with %q, want %q", base, got, want)
		}
	}
}

func TestBuildWithoutBase(t *testing.T) {
	host := newRegistry(t)
	recipe := newRecipe(t, pushBase(t, host, "65532"))
	recipe.Programs[0].Platform = v1.Platform{OS: "linux", Architecture: "s390x"}
	if _, err := Build(t.Context(), recipe); err == nil || !strings.Contains(err.Error(), "linux/s390x") {
		t.Errorf("a platform that the base image is not for: %v", err)
	}
	single, err := Build(t.Context(), newRecipe(t, pushBase(t, host, "65532")))
	if err != nil {
		t.Fatal(err)
	}
	images, err := Images(single)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(host + "/one:v1")
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := Push(t.Context(), tag, single)
	if err != nil {
		t.Fatal(err)
	}
	recipe = newRecipe(t, pushed.Digest(images[0].Digest.String()))
	if _, err := Build(t.Context(), recipe); err == nil || !strings.Contains(err.Error(), "not for linux/arm64") {
		t.Errorf("an image of another platform as the base: %v", err)
	}
}

// TestLayoutElsewhere keeps directories that contain something else.
func TestLayoutElsewhere(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteLayout(dir, empty.Index); err == nil {
		t.Error("written into a directory that is in use")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if _, err := ReadLayout(dir); err == nil {
		t.Error("an image is read where there is none")
	}
}
