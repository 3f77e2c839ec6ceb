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

package images_test

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/karmada-io/image-trust/test/lab/images"
)

func newRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestPush(t *testing.T) {
	repository := newRegistry(t) + "/karmada/app"
	digests := map[string]name.Digest{}
	for tag, content := range map[string]string{"a": "one", "b": "one", "c": "two"} {
		digest, err := images.Push(t.Context(), repository+":"+tag, content)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Error(err)
		}
		byTag, err := remote.Head(digest.Tag(tag))
		if err != nil {
			t.Fatal(err)
		}
		if byTag.Digest.String() != digest.DigestStr() {
			t.Errorf("tag %s is %s, want %s", tag, byTag.Digest, digest.DigestStr())
		}
		digests[tag] = digest
	}
	if digests["a"] != digests["b"] || digests["a"] == digests["c"] {
		t.Errorf("equal content must make equal images, and only that: %v", digests)
	}
}

func TestPushIndex(t *testing.T) {
	digest, byPlatform, err := images.PushIndex(t.Context(), newRegistry(t)+"/karmada/app:v1", "one")
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, descriptor := range manifest.Manifests {
		got = append(got, descriptor.Platform.String()+" "+descriptor.Digest.String())
	}
	want := []string{"linux/amd64 " + byPlatform[0].DigestStr(), "linux/arm64 " + byPlatform[1].DigestStr()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifests (-want +got):\n%s", diff)
	}
	arm, err := remote.Image(digest, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	config, err := arm.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != "arm64" {
		t.Errorf("architecture of the image is %s, want arm64", config.Architecture)
	}
}
