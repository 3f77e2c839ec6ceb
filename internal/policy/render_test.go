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
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	pcconfig "github.com/sigstore/policy-controller/pkg/apis/config"
	pcv1alpha1 "github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	pcpolicy "github.com/sigstore/policy-controller/pkg/policy"
	pcwebhook "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var renderCases = map[string]struct {
	change func(*v1alpha1.KarmadaImageTrustSpec)
	// target changes what newTarget returns.
	target func(*Target)
	// names as admission compares them
	match, notMatch []string
}{
	"page": {
		change: func(*v1alpha1.KarmadaImageTrustSpec) {},
		match:  []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
		notMatch: []string{
			"index.docker.io/other/karmada-scheduler" + testDigest,
			"ghcr.io/karmada/karmada-scheduler" + testDigest,
		},
	},
	"release": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			s.Images = []v1alpha1.ImageGlob{"docker.io/karmada/karmada-scheduler", "karmada/karmada-webhook"}
			s.IdentityRegexp = `https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v[0-9.]+`
			s.Enforcement = v1alpha1.EnforcementWarn
		},
		match: []string{
			"index.docker.io/karmada/karmada-scheduler" + testDigest,
			"index.docker.io/karmada/karmada-webhook" + testDigest,
		},
		notMatch: []string{"index.docker.io/karmada/karmada-scheduler-estimator" + testDigest},
	},
	"private": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			s.Images = []v1alpha1.ImageGlob{"registry.example.com:5000/**", "nginx"}
			s.Issuer, s.IssuerRegexp = "", "https://oidc\\.example\\.com/.+"
			s.IdentityRegexp, s.Identity = "", "builder@example.com"
			s.TrustRoot = &v1alpha1.TrustRootReference{Name: "my-sigstore"}
		},
		match: []string{
			"registry.example.com:5000/a/b/c" + testDigest,
			"index.docker.io/library/nginx" + testDigest,
		},
		notMatch: []string{"index.docker.io/karmada/nginx" + testDigest},
	},
	"timestamped": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			s.TrustRoot = &v1alpha1.TrustRootReference{Name: "my-sigstore"}
			s.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: "https://slsa.dev/provenance/v1"}}
		},
		target: func(target *Target) {
			target.TrustRoots["my-sigstore"] = TrustRoot{TransparencyLog: true, TimestampAuthority: true}
		},
		match: []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
	"attested": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			s.Attestations = []v1alpha1.Attestation{
				{Name: "provenance", PredicateType: "https://slsa.dev/provenance/v1", CUE: "predicate: buildDefinition: buildType: string"},
				{Name: "sbom", PredicateType: "https://spdx.dev/Document"},
			}
		},
		match: []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
	"signers": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) { *s = severalSigners(false) },
		match:  []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
	"signers-attested": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) { *s = severalSigners(true) },
		match:  []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
	"github": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			const issuer, workflow = "https://token.actions.githubusercontent.com", `https://github\.com/acme/app/\.github/workflows/.+`
			s.Images, s.Issuer, s.IdentityRegexp = []v1alpha1.ImageGlob{"ghcr.io/acme/**"}, "", ""
			s.Signature, s.Formats = v1alpha1.SignatureNotRequired, []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatBundle}
			s.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: "https://slsa.dev/provenance/v1"}}
			s.Signers = []v1alpha1.TrustedSigner{
				{Name: "github", Issuer: issuer, IdentityRegexp: workflow, TrustRoot: &v1alpha1.TrustRootReference{Name: "github"}},
				{Name: "public-good", Issuer: issuer, IdentityRegexp: workflow},
			}
		},
		target: func(target *Target) {
			target.TrustRoots["github"] = TrustRoot{TimestampAuthority: true, NoCTLogs: true}
		},
		match: []string{"ghcr.io/acme/app" + testDigest},
	},
	"attested-unverified": {
		change: func(s *v1alpha1.KarmadaImageTrustSpec) {
			s.Signature = v1alpha1.SignatureNotRequired
			s.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: "https://slsa.dev/provenance/v1"}}
		},
		target: func(target *Target) { target.AttestationsVerified = false },
		match:  []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
	"unverified": {
		change: func(*v1alpha1.KarmadaImageTrustSpec) {},
		target: func(target *Target) { target.AttestationsVerified = false },
		match:  []string{"index.docker.io/karmada/karmada-scheduler" + testDigest},
	},
}

func TestClusterImagePolicyGolden(t *testing.T) {
	for name, tc := range renderCases {
		t.Run(name, func(t *testing.T) {
			got := render(t, tc.change, tc.target)
			file := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("rendered policy (-want +got); go test ./internal/policy -update rewrites it:\n%s", diff)
			}
		})
	}
}

func TestSpellingsOfDockerHubRenderAlike(t *testing.T) {
	want := render(t, func(*v1alpha1.KarmadaImageTrustSpec) {}, nil)
	for _, image := range []v1alpha1.ImageGlob{"karmada/*", "index.docker.io/karmada/*", "docker.io/karmada/*"} {
		got := render(t, func(s *v1alpha1.KarmadaImageTrustSpec) { s.Images = []v1alpha1.ImageGlob{image} }, nil)
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", image, diff)
		}
	}
}

func TestAuditRendersNothing(t *testing.T) {
	spec := makeSpec()
	spec.Enforcement = v1alpha1.EnforcementAudit
	p, err := Compile(spec)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.ClusterImagePolicy("karmada", newTarget(nil)); got != nil {
		t.Errorf("got %v, want no policy", got)
	}
}

// TestNoSignatureRequired: the policy requires what the rule requires, and no more.
func TestNoSignatureRequired(t *testing.T) {
	p := compile(t, renderCases["attested"].change)
	p.Signers[0].Rule = NewRule(p.Signers[0].Rule.Signer, nil, p.Signers[0].Rule.Attestations[0])
	authorities, _, err := unstructured.NestedSlice(p.ClusterImagePolicy("karmada", newTarget(nil)).Object, "spec", "authorities")
	if err != nil {
		t.Fatal(err)
	}
	var names []any
	for _, authority := range authorities {
		names = append(names, authority.(map[string]any)["name"])
	}
	if diff := cmp.Diff([]any{"attestation.provenance", "attestation.provenance.bundle"}, names); diff != "" {
		t.Errorf("authorities (-want +got):\n%s", diff)
	}
}

// TestPolicyControllerContract validates, defaults and matches the rendered policies with policy-controller's own code.
func TestPolicyControllerContract(t *testing.T) {
	for name, tc := range renderCases {
		t.Run(name, func(t *testing.T) {
			document := render(t, tc.change, tc.target)
			warns, err := pcpolicy.Validate(t.Context(), string(document))
			if err != nil || warns != nil {
				t.Fatalf("policy-controller's validation: error %v, warning %v", err, warns)
			}

			var cip pcv1alpha1.ClusterImagePolicy
			if err := yaml.UnmarshalStrict(document, &cip); err != nil {
				t.Fatal(err)
			}
			defaulted := cip.DeepCopy()
			defaulted.SetDefaults(t.Context())
			if diff := cmp.Diff(toJSON(t, cip.Spec), toJSON(t, defaulted.Spec)); diff != "" {
				t.Errorf("policy-controller's defaulting changes the policy (-ours +defaulted):\n%s", diff)
			}

			entry := toJSON(t, pcwebhook.ConvertClusterImagePolicyV1alpha1ToWebhook(&cip))
			config, err := pcconfig.NewImagePoliciesConfigFromMap(map[string]string{name: entry})
			if err != nil {
				t.Fatal(err)
			}
			p := compile(t, tc.change)
			for _, image := range slices.Concat(tc.match, tc.notMatch) {
				want := slices.Contains(tc.match, image)
				matching, err := config.GetMatchingPolicies(image, "Pod", "v1", nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, got := matching[name]; got != want {
					t.Errorf("policy-controller matches %s: %t, want %t", image, got, want)
				}
				if got := p.Matches(parse(t, image)); got != want {
					t.Errorf("the compiled policy matches %s: %t, want %t", image, got, want)
				}
			}
		})
	}
}

func compile(t *testing.T, change func(*v1alpha1.KarmadaImageTrustSpec)) *Policy {
	t.Helper()
	spec := makeSpec()
	change(&spec)
	p, err := Compile(spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newTarget returns v0.14 with attestations verified, and a TrustRoot my-sigstore that has a transparency log.
func newTarget(change func(*Target)) Target {
	target := Target{Capabilities: V014(), AttestationsVerified: true, TrustRoots: map[string]TrustRoot{"my-sigstore": {TransparencyLog: true}}}
	if change != nil {
		change(&target)
	}
	return target
}

func render(t *testing.T, change func(*v1alpha1.KarmadaImageTrustSpec), target func(*Target)) []byte {
	t.Helper()
	out, err := yaml.Marshal(compile(t, change).ClusterImagePolicy("karmada", newTarget(target)).Object)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func toJSON(t *testing.T, value any) string {
	t.Helper()
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
