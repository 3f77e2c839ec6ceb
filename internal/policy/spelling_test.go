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

package policy

import (
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// dockerHubGlobs are globs with a wildcard in the registry, and whether they are refused: they match a host of Docker Hub as
// users write it, and not the one that admission compares with.
func dockerHubGlobs() map[v1alpha1.ImageGlob]bool {
	return map[v1alpha1.ImageGlob]bool{
		"docker.*/karmada/*":       true,
		"docker.io*/karmada/*":     true,
		"docker.io*/karmada/app":   true,
		"d*.io/karmada/*":          true,
		"Docker.*/karmada/*":       true,
		"docker*/karmada/*":        true,
		"docker.io**":              true,
		"docker.io*":               true,
		"doc**":                    true,
		"docker.*/karmada/*@*":     true,
		"registry-*.docker.io/a/*": true,
		"docker.*/app":             true,

		"docker*":                false, // official images
		"docker*/app":            false, // organisations on Docker Hub
		"docker.io/karmada/*":    false,
		"*/karmada/*":            false,
		"**":                     false,
		"**/karmada/*":           false,
		"*.docker.io/karmada/*":  false,
		"*docker.io/karmada/*":   false,
		"*.io/karmada/*":         false,
		"docker.example.*/a/*":   false,
		"*.example.com/a/*":      false,
		"registry.*/team/*":      false,
		"localhost:*/a/*":        false,
		"dockerhub.example.*/a":  false,
		"ghcr.io/docker.*/app/*": false,
	}
}

func TestGlobsThatMissDockerHub(t *testing.T) {
	for glob, refused := range dockerHubGlobs() {
		_, err := Compile(makeSpec(glob))
		if got := err != nil && strings.Contains(err.Error(), "index.docker.io"); got != refused {
			t.Errorf("%s: refused %t, want %t; the error is %v", glob, got, refused, err)
		}
	}
}

// TestNamesThatCannotBeRead selects names that go-containerregistry rejects and that a node may accept.
func TestNamesThatCannotBeRead(t *testing.T) {
	sha512 := "@sha512:" + strings.Repeat("a", 128)
	for _, tc := range []struct {
		glob     v1alpha1.ImageGlob
		match    []string
		notMatch []string
	}{
		{
			"registry.example.com/**",
			[]string{
				"registry.example.com/x:v1", "registry.example.com/app/x" + sha512, "REGISTRY.example.com:443/x",
				"registry.example.com/app/UPPER:v1", "registry.example.com/app/x:v1:v2", "registry.example.com/x@",
			},
			[]string{"other.example.com/x:v1", "x", "", "registry.example.com.evil.example/x"},
		},
		{
			"registry.example.com/app/x",
			[]string{"registry.example.com/app/x" + sha512, "registry.example.com/app/X:v1", "registry.example.com/app/x:v1" + sha512},
			[]string{"registry.example.com/app/y" + sha512, "registry.example.com/x"},
		},
		{
			v1alpha1.ImageGlob("docker.io/karmada/x" + testDigest),
			[]string{"karmada/x" + sha512, "registry-1.docker.io/karmada/x" + sha512},
			[]string{"karmada/y" + sha512},
		},
		{"*", []string{"x", "docker.io/x:v1", "X"}, []string{"a/B", "ghcr.io/x"}},
		{"ghcr/**", []string{"GHCR/app"}, nil},
	} {
		p, err := Compile(makeSpec(tc.glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range tc.match {
			if !p.MatchesName(image) {
				t.Errorf("%s does not match %s", tc.glob, image)
			}
		}
		for _, image := range tc.notMatch {
			if p.MatchesName(image) {
				t.Errorf("%s matches %q", tc.glob, image)
			}
		}
	}
}

func TestEscapesAdmission(t *testing.T) {
	p, err := Compile(makeSpec("docker.io/karmada/*", "ghcr.io/org/app", v1alpha1.ImageGlob("quay.io/a/b"+testDigest)))
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]bool{
		"karmada/x:v1":                         false,
		"docker.io/karmada/x:v1":               false,
		"registry-1.docker.io/karmada/x:v1":    false,
		"registry.hub.docker.com/karmada/x:v1": true,
		"docker.io:443/karmada/x:v1":           true,
		"ghcr.io/org/app:v1":                   false,
		"ghcr.io:443/org/app:v1":               true,
		"GHCR.io/org/app" + testDigest:         true,
		"ghcr.io./org/app":                     true,
		"quay.io/a/b" + testDigest:             false,
		"quay.io:443/a/b" + testDigest:         true,
		"ghcr.io:443/other/app:v1":             false, // not of the trust
		"registry.example.com/x":               false,
		"ghcr.io/org/app@sha512:aa":            false, // admission denies what it cannot read
	} {
		if got := p.EscapesAdmission(image); got != want {
			t.Errorf("%s: got %t, want %t", image, got, want)
		}
	}
}
