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
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
)

const testDigest = "@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// makeSpec returns the spec from Karmada's documentation, page "Verify Artifacts".
func makeSpec(images ...v1alpha1.ImageGlob) v1alpha1.KarmadaImageTrustSpec {
	if len(images) == 0 {
		return gen.Spec()
	}
	return gen.Spec(gen.WithImages(images...))
}

func TestGlobsMatchAsAdmission(t *testing.T) {
	const hub, mirror = "index.docker.io/", "registry-1.docker.io/"
	tests := map[string]struct {
		images   []v1alpha1.ImageGlob
		want     []string
		match    []string
		notMatch []string
	}{
		"docker.io": {
			images:   []v1alpha1.ImageGlob{"docker.io/karmada/*"},
			want:     []string{hub + "karmada/*", mirror + "karmada/*"},
			match:    []string{"karmada/karmada-scheduler", "docker.io/karmada/x:v1", hub + "karmada/x" + testDigest},
			notMatch: []string{"ghcr.io/karmada/x", "karmada/a/b", "karmadax/y"},
		},
		"host-less":       {images: []v1alpha1.ImageGlob{"karmada/*"}, want: []string{hub + "karmada/*", mirror + "karmada/*"}},
		"index.docker.io": {images: []v1alpha1.ImageGlob{hub + "karmada/*"}, want: []string{hub + "karmada/*", mirror + "karmada/*"}},
		"three spellings of one glob": {
			images: []v1alpha1.ImageGlob{"karmada/*", "docker.io/karmada/*", hub + "karmada/*"},
			want:   []string{hub + "karmada/*", mirror + "karmada/*"},
		},
		"registry-1 in both spellings": {
			images: []v1alpha1.ImageGlob{"registry-1.docker.io/karmada/*"},
			want:   []string{hub + "karmada/*", "registry-1.docker.io/karmada/*"},
			match:  []string{"registry-1.docker.io/karmada/x:v1", "karmada/x"},
		},
		"exact repository": {
			images:   []v1alpha1.ImageGlob{"docker.io/karmada/karmada-scheduler"},
			want:     []string{hub + "karmada/karmada-scheduler@*", hub + "karmada/karmada-scheduler:*", mirror + "karmada/karmada-scheduler@*", mirror + "karmada/karmada-scheduler:*"},
			match:    []string{"karmada/karmada-scheduler", "karmada/karmada-scheduler" + testDigest},
			notMatch: []string{"karmada/karmada-scheduler-estimator:v1"},
		},
		"wildcard inside, literal end": {
			images:   []v1alpha1.ImageGlob{"ghcr.io/org/*-agent"},
			want:     []string{"ghcr.io/org/*-agent@*", "ghcr.io/org/*-agent:*"},
			match:    []string{"ghcr.io/org/karmada-agent" + testDigest},
			notMatch: []string{"ghcr.io/org/karmada-agent-x:v1"},
		},
		"any digest, written out": {
			images: []v1alpha1.ImageGlob{"ghcr.io/org/app@*"},
			want:   []string{"ghcr.io/org/app@*", "ghcr.io/org/app:*"},
		},
		"one digest": {
			images:   []v1alpha1.ImageGlob{v1alpha1.ImageGlob("karmada/x" + testDigest)},
			want:     []string{hub + "karmada/x" + testDigest, mirror + "karmada/x" + testDigest},
			match:    []string{"docker.io/karmada/x" + testDigest},
			notMatch: []string{"karmada/x:v1"},
		},
		"official image": {
			images: []v1alpha1.ImageGlob{"nginx", "docker.io/alpine"},
			want:   []string{hub + "library/nginx@*", hub + "library/nginx:*", mirror + "library/nginx@*", mirror + "library/nginx:*", hub + "library/alpine@*", hub + "library/alpine:*", mirror + "library/alpine@*", mirror + "library/alpine:*"},
			match:  []string{"nginx", "docker.io/library/nginx:1", "alpine" + testDigest},
		},
		"all official images": {images: []v1alpha1.ImageGlob{"*"}, want: []string{hub + "library/*", mirror + "library/*"}, match: []string{"nginx"}},
		"all of an alias":     {images: []v1alpha1.ImageGlob{"docker.io/*"}, want: []string{hub + "library/*", mirror + "library/*"}, match: []string{"nginx"}},
		"all of Docker Hub":   {images: []v1alpha1.ImageGlob{"docker.io/**"}, want: []string{hub + "**", mirror + "**"}, match: []string{"nginx", "a/b"}},
		"two wildcards":       {images: []v1alpha1.ImageGlob{"*/*"}, want: []string{hub + "*/*", mirror + "*/*"}, match: []string{"a/b"}, notMatch: []string{"ghcr.io/a/b"}},
		"everything":          {images: []v1alpha1.ImageGlob{"**"}, want: []string{"**"}, match: []string{"a/b", "ghcr.io/a/b/c:v1"}},
		"any registry":        {images: []v1alpha1.ImageGlob{"*/karmada/*"}, want: []string{"*/karmada/*"}, match: []string{"ghcr.io/karmada/x", "karmada/x"}},
		"a wildcard that matches one address of Docker Hub": {
			images: []v1alpha1.ImageGlob{"index.*/karmada/*"},
			want:   []string{"index.*/karmada/*", mirror + "karmada/*"},
			match:  []string{"karmada/x", "registry-1.docker.io/karmada/x"},
		},
		"localhost without a port, which admission takes for a name on Docker Hub": {
			images: []v1alpha1.ImageGlob{"localhost/app/*"},
			want:   []string{hub + "localhost/app/*", mirror + "localhost/app/*"},
			match:  []string{"localhost/app/x:v1"},
		},
		"other spellings of a registry": {
			images:   []v1alpha1.ImageGlob{"ghcr.io/org/*"},
			want:     []string{"ghcr.io/org/*"},
			match:    []string{"ghcr.io:443/org/x:v1", "GHCR.io/org/x" + testDigest, "ghcr.io./org/x", "ghcr.io.:443/org/x"},
			notMatch: []string{"ghcr.io:5000/org/x", "ghcr.io.example.com/org/x", "ghcr.io:443/other/x"},
		},
		"a registry in another spelling": {
			images: []v1alpha1.ImageGlob{"GHCR.io:443/org/app"},
			want:   []string{"GHCR.io:443/org/app@*", "GHCR.io:443/org/app:*", "ghcr.io/org/app@*", "ghcr.io/org/app:*"},
			match:  []string{"ghcr.io/org/app", "ghcr.io./org/app:v1", "GHCR.io:443/org/app" + testDigest},
		},
		"every address of Docker Hub": {
			images: []v1alpha1.ImageGlob{"registry.hub.docker.com/karmada/*"},
			want:   []string{hub + "karmada/*", mirror + "karmada/*", "registry.hub.docker.com/karmada/*"},
			match:  []string{"karmada/x", "docker.io:443/karmada/x", "registry-1.docker.io/karmada/x", "Docker.io/karmada/x"},
		},
		"registry with a port": {images: []v1alpha1.ImageGlob{"localhost:5000/a/*"}, want: []string{"localhost:5000/a/*"}, match: []string{"localhost:5000/a/b:v1"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := Compile(makeSpec(tc.images...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, p.Globs()); diff != "" {
				t.Errorf("globs (-want +got):\n%s", diff)
			}
			for _, image := range tc.match {
				if !p.Matches(parse(t, image)) {
					t.Errorf("%s is not matched", image)
				}
			}
			for _, image := range tc.notMatch {
				if p.Matches(parse(t, image)) {
					t.Errorf("%s is matched", image)
				}
			}
		})
	}
}

func parse(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestCompileErrors(t *testing.T) {
	tests := map[string]struct {
		change func(*v1alpha1.KarmadaImageTrustSpec)
		want   []string
	}{
		"no images": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.Images = nil },
			[]string{"spec.images", "at least one glob"},
		},
		"tag-scoped glob": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Images = []v1alpha1.ImageGlob{"docker.io/karmada/*:v1.16.*"}
			},
			[]string{"spec.images[0]", `remove ":v1.16.*"`, "identityRegexp"},
		},
		"invalid characters": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.Images = []v1alpha1.ImageGlob{"docker.io/karmada/[ab]"} },
			[]string{"spec.images[0]", "only"},
		},
		"scheme": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Images = []v1alpha1.ImageGlob{"https://docker.io/karmada/*"}
			},
			[]string{"must not begin with a scheme"},
		},
		"upper case": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.Images = []v1alpha1.ImageGlob{"docker.io/Karmada/*"} },
			[]string{`"docker.io/karmada/*"`},
		},
		"a wildcard that misses Docker Hub": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.Images = []v1alpha1.ImageGlob{"docker.*/karmada/*"} },
			[]string{"spec.images[0]", "write docker.io/"},
		},
		"two errors": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Images = []v1alpha1.ImageGlob{"ghcr.io", "a/"}
			},
			[]string{"spec.images[0]", `"ghcr.io/**"`, "spec.images[1]", `"a/**"`},
		},
		"neither issuer": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.Issuer = "" },
			[]string{"spec.issuer", "exactly one"},
		},
		"both issuers": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.IssuerRegexp = "x" },
			[]string{"spec.issuer", "exactly one"},
		},
		"neither identity": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.IdentityRegexp = "" },
			[]string{"spec.identity", "exactly one"},
		},
		"bad regexp": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.IdentityRegexp = "(a" },
			[]string{"spec.identityRegexp", "missing closing )"},
		},
		"regexp that closes its group": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.IdentityRegexp = "a)|(?:b" },
			[]string{"spec.identityRegexp", "unexpected )"},
		},
		"regexp that quotes the anchor": {
			func(s *v1alpha1.KarmadaImageTrustSpec) { s.IdentityRegexp = `\Qa` },
			[]string{"spec.identityRegexp", "^(?:REGEXP)$"},
		},
		"reference that no glob selects": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Verification = &v1alpha1.Verification{References: []v1alpha1.ImageReference{"docker.io/other/x:v1"}}
			},
			[]string{"spec.verification.references[0]", "must match one of the globs"},
		},
		"invalid reference": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Verification = &v1alpha1.Verification{References: []v1alpha1.ImageReference{"x:y:z"}}
			},
			[]string{"spec.verification.references[0]", "must be an image reference", "more than one tag"},
		},
		"reference with a scheme": {
			func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Verification = &v1alpha1.Verification{References: []v1alpha1.ImageReference{"oci://docker.io/karmada/x1"}}
			},
			[]string{"spec.verification.references[0]", `write it without oci://: "docker.io/karmada/x1"`},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			spec := makeSpec()
			tc.change(&spec)
			_, err := Compile(spec)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("got error %v, want one that wraps ErrInvalid", err)
			}
			for _, part := range tc.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not contain %q", err, part)
				}
			}
		})
	}
}

func TestIdentityMatchesWholeSubject(t *testing.T) {
	const right = "https://github.com/karmada-io/karmada/.github/workflows/r.yml@refs/tags/v1.16.0"
	tests := map[string]struct {
		regexp     v1alpha1.Regexp
		subject    string
		want       bool
		wantInPart bool
	}{
		"the page's regexp":        {"^https://github.com/karmada-io/karmada/.*$", right, true, false},
		"without anchors":          {"https://github.com/karmada-io/karmada/.*", right, true, false},
		"prefix only":              {"https://github.com/karmada-io/karmada/", right, false, true},
		"look-alike that contains": {"https://github.com/karmada-io/karmada/.*", "https://evil.example/?" + right, false, true},
		"alternation, second half": {"^x|karmada$", "y/karmada", false, true},
		"alternation, whole":       {"x|y", "y", true, false},
		"other":                    {"^https://github.com/karmada-io/karmada/.*$", "https://github.com/other/x", false, false},
		"multi-line flag":          {"(?m)^a$", "b\na", false, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			spec := makeSpec()
			spec.IdentityRegexp = tc.regexp
			p, err := Compile(spec)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Signers[0].Rule.Matcher().SubjectMatches(tc.subject); got != tc.want {
				t.Errorf("SubjectMatches = %t, want %t", got, tc.want)
			}
			if got := p.Signers[0].Rule.Matcher().SubjectMatchesInPart(tc.subject); got != tc.wantInPart {
				t.Errorf("SubjectMatchesInPart = %t, want %t", got, tc.wantInPart)
			}
		})
	}
}

func TestCompileDefaults(t *testing.T) {
	spec := makeSpec()
	p, err := Compile(spec)
	if err != nil {
		t.Fatal(err)
	}
	if p.Enforcement != v1alpha1.EnforcementEnforce || p.Interval != DefaultInterval {
		t.Errorf("got %s every %s, want Enforce every %s", p.Enforcement, p.Interval, DefaultInterval)
	}
	spec.Verification = &v1alpha1.Verification{Interval: &metav1.Duration{Duration: time.Minute}}
	if p, err = Compile(spec); err != nil || p.Interval != time.Minute {
		t.Errorf("got interval %v, error %v; want 1m", p.Interval, err)
	}
}
