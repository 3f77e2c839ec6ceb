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

package admission

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestUnsupportedConditions parses policies of others: a condition that versions of CUE decide differently is not evaluated.
func TestUnsupportedConditions(t *testing.T) {
	for source, evaluated := range map[string]bool{
		`predicate: builder: id: "a"`:                    true,
		"import \"strings\"\npredicate: a: 1":            false,
		"predicate: a: *1 | int":                         false,
		"#D: matchN(2, [bool, {#D, b: null | int}])\n#D": false,
	} {
		p := ParsePolicy(&unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"name": "other"},
			"spec": map[string]any{
				"images": []any{map[string]any{"glob": "**"}},
				"authorities": []any{map[string]any{
					"keyless": map[string]any{
						"url":        "https://fulcio.sigstore.dev",
						"identities": []any{map[string]any{"issuer": "https://issuer.example.com", "subject": "https://example.com/signer"}},
					},
					"ctlog": map[string]any{"url": "https://rekor.sigstore.dev"},
					"attestations": []any{map[string]any{
						"name": "provenance", "predicateType": "https://slsa.dev/provenance/v1",
						"policy": map[string]any{"type": "cue", "data": source},
					}},
				}},
			},
		}}, V014())
		if got := p.Unevaluable(); (got == "") != evaluated || !evaluated && !strings.Contains(got, "CUE") {
			t.Errorf("%s: got %q, want evaluated %t", source, got, evaluated)
		}
	}
}
