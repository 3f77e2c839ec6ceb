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

package lint

import (
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

func TestPredicateTypes(t *testing.T) {
	for predicateType, want := range map[string]string{
		"https://slsa.dev/provenance/v1.0":         "https://slsa.dev/provenance/v1",
		"https://slsa.dev/provenance/v1/":          "https://slsa.dev/provenance/v1",
		"https://slsa.dev/provenance":              "https://slsa.dev/provenance/v1",
		"http://slsa.dev/provenance/v0.2":          "https://slsa.dev/provenance/v0.2",
		"https://slsa.dev/Provenance/v0.2":         "https://slsa.dev/provenance/v0.2",
		"https://slsa.dev/provanance/v1":           "https://slsa.dev/provenance/v1",
		"https://spdx.dev/document":                "https://spdx.dev/Document",
		"https://www.spdx.dev/Document":            "https://spdx.dev/Document",
		"https://cyclonedx.org/BOM":                "https://cyclonedx.org/bom",
		"https://cyclonedx.org/bom/v1.6":           "https://cyclonedx.org/bom",
		"https://openvex.dev/ns/":                  "https://openvex.dev/ns",
		"https://cosign.sigstore.dev/attestation/": "https://cosign.sigstore.dev/attestation/v1",
		"https://in-toto.io/Statement/v1":          "the type of its predicate",
		"https://in-toto.io/Statement/v0.1":        "the type of its predicate",
	} {
		if got := misspeltType(predicateType); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", predicateType, got, want)
		}
	}
	for _, predicateType := range append(knownPredicateTypes(),
		"https://slsa.dev/provenance/v2", "https://spdx.dev/Document/v3.0", "https://example.com/scan/v1", "urn:example:a",
		"https://openvex.dev/ns/v0.2.0", "https://in-toto.io/attestation/link/v0.3", "https://slsa.dev/source-provenance/v1",
	) {
		if got := misspeltType(predicateType); got != "" {
			t.Errorf("%s: %s", predicateType, got)
		}
	}
	spec := object{"attestations": []any{
		object{"name": "a", "predicateType": "https://slsa.dev/provenance/v1"}, object{"name": "b", "predicateType": "https://spdx.dev/document"},
	}}
	found := newLinter(t).Lint(t.Context(), makeTrust(spec))
	if len(found) != 1 || found[0].Rule != RuleUnknownPredicateType || found[0].Field != "spec.attestations[1].predicateType" {
		t.Errorf("got %+v, want one finding about the second", found)
	}
	if got := misspeltTypes([]v1alpha1.Attestation{{PredicateType: "https://slsa.dev/provenance/v1"}}); got != nil {
		t.Errorf("got %+v, want none", got)
	}
}
