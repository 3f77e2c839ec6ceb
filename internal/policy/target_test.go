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
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

func TestTargetFormats(t *testing.T) {
	v014 := V014()
	log := map[string]TrustRoot{"r": {TransparencyLog: true}}
	timestamps := map[string]TrustRoot{"r": {TimestampAuthority: true}}
	timestampsAlone := map[string]TrustRoot{"r": {TimestampAuthority: true, NoCTLogs: true}}
	logAndTimestamps := map[string]TrustRoot{"r": {TransparencyLog: true, TimestampAuthority: true}}
	more := Capabilities{Version: "v9", Bundles: true, TrustRootBundles: true}
	for name, tc := range map[string]struct {
		trustRoot string
		target    Target
		want      Formats
	}{
		"unknown, default root":         {target: Target{}, want: Formats{SimpleSigning}},
		"unknown, TrustRoot":            {trustRoot: "r", target: Target{}, want: Formats{SimpleSigning}},
		"default root":                  {target: Target{Capabilities: v014, AttestationsVerified: true}, want: Formats{SimpleSigning, Bundle}},
		"default root, unverified":      {target: Target{Capabilities: v014}, want: Formats{SimpleSigning}},
		"default root, TrustRoot's log": {target: Target{TrustRoots: logAndTimestamps}, want: Formats{SimpleSigning}},
		"another TrustRoot": {
			trustRoot: "another", target: Target{Capabilities: more, AttestationsVerified: true, TrustRoots: logAndTimestamps},
			want: Formats{SimpleSigning},
		},
		"log":        {trustRoot: "r", target: Target{Capabilities: v014, AttestationsVerified: true, TrustRoots: log}, want: Formats{SimpleSigning}},
		"timestamps": {trustRoot: "r", target: Target{Capabilities: v014, AttestationsVerified: true, TrustRoots: timestamps}, want: Formats{Timestamped}},
		"timestamps alone": {
			trustRoot: "r", target: Target{Capabilities: v014, AttestationsVerified: true, TrustRoots: timestampsAlone},
			want: Formats{Timestamped, TimestampedBundle},
		},
		"timestamps alone, unverified": {
			trustRoot: "r", target: Target{Capabilities: v014, TrustRoots: timestampsAlone}, want: Formats{Timestamped},
		},
		"timestamps and a log, no certificate log": {
			trustRoot: "r", target: Target{Capabilities: v014, AttestationsVerified: true, TrustRoots: map[string]TrustRoot{
				"r": {TransparencyLog: true, TimestampAuthority: true, NoCTLogs: true},
			}},
			want: Formats{SimpleSigning, Timestamped},
		},
		"log and timestamps": {
			trustRoot: "r", target: Target{Capabilities: v014, AttestationsVerified: true, TrustRoots: logAndTimestamps},
			want: Formats{SimpleSigning, Timestamped},
		},
		"a version with more capabilities": {
			trustRoot: "r", target: Target{Capabilities: more, AttestationsVerified: true, TrustRoots: log},
			want: Formats{SimpleSigning, Bundle},
		},
		"a version with more capabilities, unverified": {
			trustRoot: "r", target: Target{Capabilities: more, TrustRoots: log}, want: Formats{SimpleSigning},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.target.formats(tc.trustRoot)); diff != "" {
				t.Errorf("formats (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSignatureBundles: a version that verifies bundles as signatures is not asked for an attestation instead.
func TestSignatureBundles(t *testing.T) {
	for supported, want := range map[bool]bool{false: true, true: false} {
		target := newTarget(func(target *Target) { target.Capabilities.SignatureBundles = supported })
		rendered := compile(t, func(*v1alpha1.KarmadaImageTrustSpec) {}).ClusterImagePolicy("karmada", target)
		authorities, _, err := unstructured.NestedSlice(rendered.Object, "spec", "authorities")
		if err != nil || len(authorities) != 2 {
			t.Fatalf("got authorities %v, error %v; want two", authorities, err)
		}
		if _, got := authorities[1].(map[string]any)["attestations"]; got != want {
			t.Errorf("signatures as bundles supported: %t; an attestation is required: %t, want %t", supported, got, want)
		}
	}
}

func TestEnforcedIsACopy(t *testing.T) {
	p := compile(t, func(s *v1alpha1.KarmadaImageTrustSpec) { s.Enforcement = v1alpha1.EnforcementAudit })
	if got := p.Enforced(); got.Enforcement != v1alpha1.EnforcementEnforce || p.Enforcement != v1alpha1.EnforcementAudit {
		t.Errorf("got %s and %s, want Enforce, and Audit in the original", got.Enforcement, p.Enforcement)
	}
}

// TestCommon: a capability that one version lacks is not common, whichever capability and whichever version it is.
func TestCommon(t *testing.T) {
	all := func() Capabilities {
		var c Capabilities
		for i := range reflect.TypeFor[Capabilities]().NumField() {
			if field := reflect.ValueOf(&c).Elem().Field(i); field.Kind() == reflect.Bool {
				field.SetBool(true)
			}
		}
		c.Version = "v1"
		return c
	}
	if got := Common(all(), all(), all()); got.Version != "v1, v1 or v1" || got.Bundles != true {
		t.Errorf("got %+v", got)
	}
	if got := Common(); got != (Capabilities{}) {
		t.Errorf("of no version: %+v, want nothing", got)
	}
	for i := range reflect.TypeFor[Capabilities]().NumField() {
		lacking := all()
		field := reflect.ValueOf(&lacking).Elem().Field(i)
		if field.Kind() != reflect.Bool {
			continue
		}
		field.SetBool(false)
		for _, versions := range [][]Capabilities{{lacking, all()}, {all(), lacking}} {
			common := Common(versions...)
			if reflect.ValueOf(common).Field(i).Bool() {
				t.Errorf("%s is common to versions of which one lacks it", reflect.TypeFor[Capabilities]().Field(i).Name)
			}
		}
	}
}

// TestVerifiedFormats: a signer is left out of a policy where nothing of what the trust accepts can be verified, and the policy
// denies every image if that is true of all of them.
func TestVerifiedFormats(t *testing.T) {
	attested := []v1alpha1.Attestation{{Name: "a", PredicateType: "https://a.example"}}
	github := &v1alpha1.TrustRootReference{Name: "github"}
	bare := TrustRoot{TimestampAuthority: true, NoCTLogs: true}
	for name, tc := range map[string]struct {
		change func(*v1alpha1.KarmadaImageTrustSpec)
		target func(*Target)
		want   []string // names of authorities
	}{
		"either format": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Attestations, s.Signature = attested, v1alpha1.SignatureNotRequired
			},
			want: []string{"attestation.a", "attestation.a.bundle"},
		},
		"cosign v2 only": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Formats = []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatSimpleSigning}
			},
			want: []string{"signer"},
		},
		"bundles only": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Formats, s.Attestations = []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatBundle}, attested
			},
			want: []string{"signer.bundle", "attestation.a.bundle"},
		},
		"bundles only, not verified": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Formats = []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatBundle}
			},
			target: func(target *Target) { target.AttestationsVerified = false },
			want:   []string{"unverifiable"},
		},
		"bundles only, by a log of a TrustRoot": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Formats, s.TrustRoot = []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatBundle}, github
			},
			target: func(target *Target) { target.TrustRoots["github"] = TrustRoot{TransparencyLog: true} },
			want:   []string{"unverifiable"},
		},
		"without logs": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) { s.TrustRoot = github },
			target: func(target *Target) { target.TrustRoots["github"] = bare },
			want:   []string{"signer.timestamp", "signer.bundle-timestamp"},
		},
		"one of two signers": {
			change: func(s *v1alpha1.KarmadaImageTrustSpec) {
				s.Signers = []v1alpha1.TrustedSigner{
					{Name: "own", Issuer: s.Issuer, IdentityRegexp: s.IdentityRegexp, TrustRoot: github}, {Name: "public", Issuer: s.Issuer, IdentityRegexp: s.IdentityRegexp},
				}
				s.Issuer, s.IdentityRegexp, s.Attestations, s.Signature = "", "", attested, v1alpha1.SignatureNotRequired
				s.Formats = []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatBundle}
			},
			want: []string{"public/attestation.a.bundle"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := compile(t, tc.change).ClusterImagePolicy("x", newTarget(tc.target))
			authorities, _, err := unstructured.NestedSlice(policy.Object, "spec", "authorities")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, authority := range authorities {
				got = append(got, authority.(map[string]any)["name"].(string))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("authorities (-want +got):\n%s", diff)
			}
			_, conditional, _ := unstructured.NestedMap(policy.Object, "spec", "policy")
			if conditional && tc.want[0] == "unverifiable" {
				t.Error("a policy that denies everything has a condition")
			}
		})
	}
}
