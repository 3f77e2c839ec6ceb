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

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/gen"
)

// TestSigners reports each signer of a list like the only signer of a trust, and those that another one includes.
func TestSigners(t *testing.T) {
	type object = map[string]any
	const exact, other = `https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.0.0`, "https://oidc.example.com"
	const expr = `https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v[0-9.]+`
	signer := func(name string, fields object) object {
		out := object{"name": name, "issuer": gen.Issuer, "identity": exact}
		for key, value := range fields {
			if out[key] = value; value == nil {
				delete(out, key)
			}
		}
		return out
	}
	regexp := func(expr string) object { return object{"identity": nil, "identityRegexp": expr} }
	root := func(name string) object { return object{"trustRoot": object{"name": name}} }
	for name, tc := range map[string]struct {
		signers   []any
		trustRoot any
		want      []string // RULE: FIELD
	}{
		"different":                   {signers: []any{signer("a", nil), signer("b", object{"issuer": other, "identity": "x"})}},
		"a loose one":                 {signers: []any{signer("a", nil), signer("b", regexp(`https://github\.com/other/.*`))}, want: []string{"admission-warning: spec.signers[1].identityRegexp"}},
		"an impossible one":           {signers: []any{signer("a", object{"identity": "somebody@example.com"})}, want: []string{"impossible-identity: spec.signers[0].identity"}},
		"the same":                    {signers: []any{signer("a", nil), signer("b", nil)}, want: []string{"redundant-signer: spec.signers[1].name"}},
		"included":                    {signers: []any{signer("a", nil), signer("b", regexp(expr))}, want: []string{"redundant-signer: spec.signers[0].name"}},
		"the same expression":         {signers: []any{signer("a", regexp(expr)), signer("b", regexp(expr))}, want: []string{"redundant-signer: spec.signers[1].name"}},
		"of another instance":         {signers: []any{signer("a", nil), signer("b", root("private"))}},
		"of the common instance":      {signers: []any{signer("a", nil), signer("b", root("private"))}, trustRoot: object{"name": "private"}, want: []string{"redundant-signer: spec.signers[1].name"}},
		"of another issuer":           {signers: []any{signer("a", nil), signer("b", object{"issuer": other, "identity": "x"})}},
		"of an issuer that has none":  {signers: []any{signer("a", nil), signer("b", object{"issuer": other})}, want: []string{"impossible-issuer: spec.signers[1].issuer"}},
		"an issuer with a slash":      {signers: []any{signer("a", nil), signer("b", object{"issuer": gen.Issuer + "/"})}, want: []string{"impossible-issuer: spec.signers[1].issuer"}},
		"of an instance of one's own": {signers: []any{signer("a", nil), signer("b", object{"issuer": other, "trustRoot": object{"name": "private"}})}},
		"in an instance of one's own": {signers: []any{signer("a", nil), signer("b", object{"issuer": other})}, trustRoot: object{"name": "private"}},
		"a ref that is cut":           {signers: []any{signer("a", object{"identity": strings.Replace(exact, "refs/tags/", "", 1)})}, want: []string{"impossible-identity: spec.signers[0].identity"}},
		"an expression for a ref":     {signers: []any{signer("a", regexp(strings.Replace(expr, "v[0-9.]+", "*", 1)))}, want: []string{"impossible-identity: spec.signers[0].identityRegexp"}},
	} {
		t.Run(name, func(t *testing.T) {
			trust := gen.UnstructuredTrust(object{
				"issuer": nil, "identity": nil, "images": []any{"docker.io/karmada/karmada-scheduler"},
				"signers": tc.signers, "trustRoot": tc.trustRoot,
			})
			var got []string
			for _, f := range newLinter(t).Lint(t.Context(), trust) {
				got = append(got, string(f.Rule)+": "+f.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
