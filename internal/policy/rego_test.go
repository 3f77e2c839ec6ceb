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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/cosign/v2/pkg/cosign/rego"
)

func TestParseRego(t *testing.T) {
	for name, want := range map[string]RegoPolicy{
		"one authority":    {Authorities: []string{"signer"}},
		"several formats":  {Authorities: []string{"signer", "signer.timestamp", "signer.bundle"}},
		"several groups":   {Authorities: []string{"signer", "signer.bundle", "attestation.sbom", "attestation.sbom.bundle"}},
		"several signers":  {Authorities: []string{"a/signer", "a/attestation.sbom", "a/attestation.sbom.bundle", "b/signer", "b/attestation.sbom"}},
		"like a format":    {Authorities: []string{"signer", "signer.bundle", "attestation.bundle", "attestation.bundle.bundle"}},
		"attestation only": {Authorities: []string{"attestation.provenance"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseRego(want.String())
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("recognised: %t (-rendered +parsed):\n%s", ok, diff)
			}
		})
	}
	rendered := RegoPolicy{Authorities: []string{"signer", "attestation.sbom"}}.String()
	for name, source := range map[string]string{
		"empty":             "",
		"no authorities":    RegoPolicy{}.String(),
		"another policy":    "package sigstore\n\nisCompliant[response] { response := {\"result\": true} }\n",
		"weakened":          strings.Replace(rendered, "count(missing) == 0", "true", 1),
		"a group less":      strings.Replace(rendered, `, "attestation.sbom"}`, "}", 1),
		"a rule more":       rendered + "verified[\"signer\"] { true }\n",
		"a line less":       strings.Replace(rendered, "verified[\"signer\"] { input.authorityMatches[\"signer\"] }\n", "", 1),
		"a line in between": strings.Replace(rendered, "\nrequired", "verified[\"attestation.sbom\"] { true }\n\nrequired", 1),
		"another group":     strings.Replace(rendered, `verified["attestation.sbom"]`, `verified["signer"]`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := ParseRego(source); ok {
				t.Errorf("recognised as %+v", got)
			}
		})
	}
}

// TestRegoPolicyDecides evaluates policies with the library that policy-controller evaluates them with.
func TestRegoPolicyDecides(t *testing.T) {
	one := []string{"signer", "signer.bundle", "attestation.bundle", "attestation.bundle.bundle"}
	two := []string{"a/signer", "a/signer.bundle", "a/attestation.sbom", "b/signer", "b/attestation.sbom"}
	for name, tc := range map[string]struct {
		authorities, matched []string
		want                 string // error, empty for accepted
	}{
		"all groups":             {authorities: one, matched: []string{"signer", "attestation.bundle.bundle"}},
		"in other formats":       {authorities: one, matched: []string{"signer.bundle", "attestation.bundle"}},
		"a group is missing":     {authorities: one, matched: []string{"signer", "signer.bundle"}, want: "not verified for the declared identity: attestation.bundle"},
		"the first signer":       {authorities: two, matched: []string{"a/signer.bundle", "a/attestation.sbom"}},
		"the second signer":      {authorities: two, matched: []string{"b/signer", "b/attestation.sbom"}},
		"both signers":           {authorities: two, matched: two},
		"half of each signer":    {authorities: two, matched: []string{"a/signer", "b/attestation.sbom"}, want: "not verified for any of the declared signers: a/attestation.sbom, b/signer"},
		"the other half of each": {authorities: two, matched: []string{"a/attestation.sbom", "b/signer"}, want: "not verified for any of the declared signers: a/signer, b/attestation.sbom"},
		"no signer":              {authorities: two, want: "not verified for any of the declared signers: a/attestation.sbom, a/signer, b/attestation.sbom, b/signer"},
	} {
		t.Run(name, func(t *testing.T) {
			matches := map[string]any{}
			for _, authority := range tc.matched {
				matches[authority] = map[string]any{"signatures": []any{}}
			}
			input, err := json.Marshal(map[string]any{"authorityMatches": matches})
			if err != nil {
				t.Fatal(err)
			}
			_, err = rego.ValidateJSONWithModuleInput(input, RegoPolicy{Authorities: tc.authorities}.String())
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}
