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
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// FuzzCompile compiles, renders and matches arbitrary input.
func FuzzCompile(f *testing.F) {
	f.Add("docker.io/karmada/*", "https://token.actions.githubusercontent.com", `https://github\.com/.*`, "docker.io/karmada/a:v1", "predicate: a: 1")
	f.Add("registry.example.com:5000/**", "i", "(?i)x|y", "registry.example.com:5000/a@sha256:aa", "{")
	f.Add("nginx@sha256:aa", "", `\Q`, "nginx", "")
	f.Fuzz(func(t *testing.T, image, issuer, identity, reference, cue string) {
		if len(cue) > 200 {
			return // CUE takes long for large input
		}
		spec := v1alpha1.KarmadaImageTrustSpec{
			Images: []v1alpha1.ImageGlob{v1alpha1.ImageGlob(image)}, Issuer: issuer, IdentityRegexp: v1alpha1.Regexp(identity),
			Attestations: []v1alpha1.Attestation{{Name: "a", PredicateType: "https://slsa.dev/provenance/v1", CUE: cue}},
		}
		p, err := Compile(spec)
		if err != nil {
			return
		}
		if p.ClusterImagePolicy("x", newTarget(nil)) == nil {
			t.Error("no policy is rendered")
		}
		if ref, err := name.ParseReference(reference); err == nil {
			p.Matches(ref)
		}
		if p.EscapesAdmission(reference) && !p.MatchesName(reference) {
			t.Errorf("%q escapes admission, but the trust does not select it", reference)
		}
	})
}
