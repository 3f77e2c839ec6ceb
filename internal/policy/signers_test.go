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

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
)

// severalSigners returns a spec with the signer of gen.Spec, one with a TrustRoot of its own, and, if attested, an attestation
// that is named like a format.
func severalSigners(attested bool) v1alpha1.KarmadaImageTrustSpec {
	spec := gen.Spec(gen.WithSigners(
		v1alpha1.TrustedSigner{Name: "release", Issuer: gen.Issuer, IdentityRegexp: gen.IdentityRegexp},
		v1alpha1.TrustedSigner{
			Name: "fork", Issuer: "https://oidc.example.com", Identity: "builder@example.com",
			TrustRoot: &v1alpha1.TrustRootReference{Name: "my-sigstore"},
		},
	))
	if attested {
		spec.Attestations = []v1alpha1.Attestation{{Name: "bundle", PredicateType: "https://slsa.dev/provenance/v1"}}
	}
	return spec
}

func TestCompileSigners(t *testing.T) {
	spec := severalSigners(true)
	spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "shared"}
	p, err := Compile(spec)
	if err != nil {
		t.Fatal(err)
	}
	type signer struct {
		Name, Subject, TrustRoot string
		Formats                  Formats
	}
	var got []signer
	for _, s := range p.Signers {
		subject := s.Rule.Signer.Subject + Unanchored(s.Rule.Signer.SubjectRegexp)
		got = append(got, signer{s.Name, subject, s.TrustRoot, s.Rule.Formats()})
	}
	want := []signer{
		{"release", gen.IdentityRegexp, "shared", acceptedFormats("shared")},
		{"fork", "builder@example.com", "my-sigstore", acceptedFormats("my-sigstore")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shared", "my-sigstore"}, p.TrustRoots()); diff != "" {
		t.Errorf("roots of trust (-want +got):\n%s", diff)
	}
}

// TestInvalidSigners: what the API server denies is also denied for objects that did not pass one.
func TestInvalidSigners(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.KarmadaImageTrustSpec)
		want   string
	}{
		"next to an issuer":   {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Issuer = gen.Issuer }, "spec.signers: Forbidden: must not be set next to issuer"},
		"next to an identity": {func(s *v1alpha1.KarmadaImageTrustSpec) { s.IdentityRegexp = ".*" }, "spec.signers: Forbidden"},
		"twice the same name": {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[1].Name = "release" }, "spec.signers[1].name: Duplicate value"},
		"a name with a slash": {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[1].Name = "a/b" }, "spec.signers[1].name: Invalid value"},
		"no name":             {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[1].Name = "" }, "spec.signers[1].name: Invalid value"},
		"no identity":         {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[1].Identity = "" }, "spec.signers[1].identity: Required"},
		"two issuers":         {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[0].IssuerRegexp = "x" }, "spec.signers[0].issuer: Required"},
		"no regexp":           {func(s *v1alpha1.KarmadaImageTrustSpec) { s.Signers[0].IdentityRegexp = "(" }, "spec.signers[0].identityRegexp: Invalid value"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := severalSigners(false)
			tc.change(&spec)
			if _, err := Compile(spec); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestOneOfOneSigner: a list of one signer is rendered as the simple fields are, so that moving there changes nothing.
func TestOneOfOneSigner(t *testing.T) {
	want := render(t, renderCases["attested"].change, nil)
	got := render(t, func(s *v1alpha1.KarmadaImageTrustSpec) {
		renderCases["attested"].change(s)
		s.Signers = []v1alpha1.TrustedSigner{{Name: "only", Issuer: s.Issuer, IdentityRegexp: s.IdentityRegexp}}
		s.Issuer, s.IdentityRegexp = "", ""
	}, nil)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("rendered policy (-simple fields +list):\n%s", diff)
	}
}

// TestAuthorityNames takes the names of authorities apart again, also where an attestation is named like a format.
func TestAuthorityNames(t *testing.T) {
	for _, signer := range []string{"", "release", "bundle", "signer"} {
		for _, what := range []string{
			"signer", "attestation.sbom", "attestation.bundle", "attestation.timestamp", "attestation.bundle-timestamp", "attestation.signer",
		} {
			group := what
			if signer != "" {
				group = signer + "/" + what
			}
			for _, format := range allFormats.rendered() {
				name := format.authorityName(group)
				if got := AuthorityGroup(name); got != group {
					t.Errorf("the group of authority %s is %s, want %s", name, got, group)
				}
				if got := AuthoritySigner(name); got != signer {
					t.Errorf("the signer of authority %s is %q, want %q", name, got, signer)
				}
			}
		}
	}
	for _, foreign := range []string{"", "github", "github.bundle", "a/b.bundle", "a/b/signer", "signers", "signer.other", "attestation.", "attestation.a.b"} {
		if got := AuthorityGroup(foreign); got != foreign {
			t.Errorf("authority %q that nothing renders belongs to group %q", foreign, got)
		}
	}
}

// TestRenderedFor reads from a policy what its TrustRoots had.
func TestRenderedFor(t *testing.T) {
	p, err := Compile(severalSigners(true))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []TrustRoot{
		{TransparencyLog: true}, {TimestampAuthority: true}, {TransparencyLog: true, TimestampAuthority: true},
		{TimestampAuthority: true, NoCTLogs: true}, {TransparencyLog: true, TimestampAuthority: true, NoCTLogs: true},
	} {
		target := newTarget(func(target *Target) { target.TrustRoots["my-sigstore"] = want })
		got := RenderedFor(p.ClusterImagePolicy("karmada", target))
		if diff := cmp.Diff(map[string]TrustRoot{"my-sigstore": want}, got); diff != "" {
			t.Errorf("roots of trust (-rendered +read):\n%s", diff)
		}
	}
	if got := RenderedFor(nil); len(got) > 0 {
		t.Errorf("no policy names %v", got)
	}
}
