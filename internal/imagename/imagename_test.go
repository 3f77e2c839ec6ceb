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

package imagename

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

func TestFoldHost(t *testing.T) {
	for host, want := range map[string]string{
		"ghcr.io":                     "ghcr.io",
		"GHCR.io":                     "ghcr.io",
		"ghcr.io.":                    "ghcr.io",
		"ghcr.io:443":                 "ghcr.io",
		"ghcr.io.:0443":               "ghcr.io",
		"ghcr.io:":                    "ghcr.io",
		"ghcr.io:5000":                "ghcr.io:5000",
		"Registry.example.com.:05000": "registry.example.com:5000",
		"localhost:4430":              "localhost:4430",
		"[::1]:443":                   "[::1]",
		"[::1]":                       "[::1]",
		"docker.io":                   DockerHub,
		"Docker.IO.":                  DockerHub,
		"index.docker.io:443":         DockerHub,
		"registry-1.docker.io":        DockerHub,
		"registry.hub.docker.com":     DockerHub,
		"hub.docker.com":              "hub.docker.com",
		"docker.io.example.com":       "docker.io.example.com",
	} {
		if got := FoldHost(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for written, want := range map[string]string{
		"karmada/x":                            "index.docker.io/karmada/x:latest",
		"docker.io/karmada/x:v1":               "index.docker.io/karmada/x:v1",
		"registry-1.docker.io/karmada/x:v1":    "index.docker.io/karmada/x:v1",
		"nginx":                                "index.docker.io/library/nginx:latest",
		"GHCR.io:443/org/app" + digest:         "ghcr.io/org/app" + digest,
		"ghcr.io./org/app:v1" + digest:         "ghcr.io/org/app" + digest,
		"registry.example.com:5000/org/app:v1": "registry.example.com:5000/org/app:v1",
	} {
		ref, err := name.ParseReference(written)
		if err != nil {
			t.Fatal(err)
		}
		if got := Fold(ref); got != want {
			t.Errorf("%s: got %s, want %s", written, got, want)
		}
	}
}

func TestLenient(t *testing.T) {
	for written, want := range map[string]string{
		"registry.example.com/x:v1":                                     "registry.example.com/x",
		"registry.example.com/app/x@sha512:" + strings.Repeat("a", 128): "registry.example.com/app/x",
		"registry.example.com/app/x:v1@sha512:abc":                      "registry.example.com/app/x",
		"registry.example.com/app/UPPER:v1":                             "registry.example.com/app/upper",
		"REGISTRY.example.com:443/x":                                    "registry.example.com/x",
		"docker.io/x:v1":                                                "index.docker.io/library/x",
		"x":                                                             "index.docker.io/library/x",
		"GHCR/app:v1":                                                   "ghcr/app",
		"registry.example.com/app/x:v1:v2":                              "registry.example.com/app/x",
		"oci://registry.example.com/app/x:v1":                           "registry.example.com/app/x",
		"docker-daemon:registry.example.com/app/x:v1":                   "registry.example.com/app/x",
		"registry.example.com/app/x:v1/y":                               "registry.example.com/app/x",
	} {
		if got := Lenient(written); !slices.Contains(got, want) {
			t.Errorf("%s: got %v, want %s among them", written, got, want)
		}
	}
	if got := Lenient(""); len(got) != 0 {
		t.Errorf("no text: got %q, want nothing", got)
	}
}

func TestRegistryOfGlob(t *testing.T) {
	for pattern, want := range map[string]string{
		"harbor.corp:5000/team/**": "harbor.corp:5000",
		"Harbor.corp:443/**":       "harbor.corp",
		"10.1.2.3/app/*@*":         "10.1.2.3",
		"docker.io/karmada/*":      DockerHub,
		"karmada/*":                "",
		"*.corp/team/*":            "",
		"**/app":                   "",
		"**":                       "",
		"nginx":                    "",
		"":                         "",
	} {
		if got := RegistryOfGlob(pattern); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}
