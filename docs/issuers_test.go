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

package docs

import (
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/lint"
)

// issuerRow is a row of the table of issuers: who signs, the issuer and an identity.
var issuerRow = regexp.MustCompile("(?m)^\\| (.*) \\| `(https://[^`]*)` \\| `([^`]*)` \\|$")

// TestIssuers lets lint, which knows what Fulcio issues, judge each row of the table of issuers.
func TestIssuers(t *testing.T) {
	linter, err := lint.New()
	if err != nil {
		t.Fatal(err)
	}
	rows := issuerRow.FindAllStringSubmatch(page(t, "guides/issuers.md"), -1)
	if len(rows) < 10 {
		t.Errorf("the table has %d rows", len(rows))
	}
	impossible := func(issuer, identity string) []string {
		var out []string
		trust := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "trust.karmada.io/v1alpha1", "kind": "KarmadaImageTrust",
			"metadata": map[string]any{"name": "row"},
			"spec":     map[string]any{"images": []any{"ghcr.io/acme/app"}, "issuer": issuer, "identity": identity},
		}}
		for _, finding := range linter.Lint(t.Context(), trust) {
			if finding.Level != lint.LevelNote {
				out = append(out, finding.Message)
			}
		}
		return out
	}
	for _, row := range rows {
		who, issuer, identity := row[1], row[2], row[3]
		if found := impossible(issuer, identity); len(found) > 0 {
			t.Errorf("%s: %s", who, strings.Join(found, "; "))
		}
		// The check must be able to fail: the issuers that lint knows have no such identity. A Fulcio of one's own may have.
		if !strings.Contains(who, "of your own") && len(impossible(issuer, "nobody")) == 0 {
			t.Errorf("%s: lint knows nothing about %s", who, issuer)
		}
	}
}
