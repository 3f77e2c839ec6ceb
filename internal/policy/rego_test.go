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
