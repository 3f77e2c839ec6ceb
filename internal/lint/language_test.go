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
)

func TestIntersect(t *testing.T) {
	tests := map[string]struct {
		a, b    string
		text    string
		overlap overlap
	}{
		"the same text":          {a: "a", b: "a", text: "a", overlap: common},
		"no text":                {a: "", b: "x*", text: "", overlap: common},
		"another text":           {a: "a", b: "b", overlap: disjoint},
		"a longer text":          {a: "ab", b: "a", overlap: disjoint},
		"the shortest":           {a: "a*b+", b: "[^b]*b{2,}", text: "bb", overlap: common},
		"overlapping classes":    {a: "[b-f]", b: "[d-z]", text: "d", overlap: common},
		"overlapping at one end": {a: "[B-F]", b: "[D-Z]", text: "D", overlap: common},
		"letter case":            {a: "(?i)KARMADA", b: "karmada", text: "karmada", overlap: common},
		"letter case of a class": {a: "(?i)[k]", b: "[\u212a]", text: "\u212a", overlap: common},
		"a dot and a line break": {a: ".", b: "\n", overlap: disjoint},
		"a dot with flag s":      {a: "(?s).", b: "\n", text: "\n", overlap: common},
		"anchored twice":         {a: "^a$", b: "a", text: "a", overlap: common},
		"anchored in the middle": {a: "a^b|a$b", b: "ab", overlap: disjoint},
		"alternatives":           {a: "^a|b$", b: "b", text: "b", overlap: common},
		"a word boundary":        {a: `a\b/`, b: "a/", text: "a/", overlap: common},
		"a wrong word boundary":  {a: `a\bb`, b: "ab", overlap: undecided},
		"too many steps":         {a: strings.Repeat(`([a-z]?){30}`, 30), b: `[a-z]*1`, overlap: undecided},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := newLanguage(tc.a)
			if err != nil {
				t.Fatal(err)
			}
			b, err := newLanguage(tc.b)
			if err != nil {
				t.Fatal(err)
			}
			if text, overlap := a.intersect(b); text != tc.text || overlap != tc.overlap {
				t.Errorf("intersect: %q, %d, want %q, %d", text, overlap, tc.text, tc.overlap)
			}
		})
	}
}

// FuzzIdentityRegexp verifies that the linter neither fails nor takes long for any expression, and that findings are complete.
func FuzzIdentityRegexp(f *testing.F) {
	for _, expr := range []string{
		`^https://github.com/karmada-io/karmada/.*$`, `https://github\.com/[^/]+/karmada/\.github/workflows/[^@]+@.+`, `(?i)a|b`, `\Qa.b\E`,
		strings.Repeat(`(a|b){900}`, 90) + `.*`, strings.Repeat(`([a-z]?){30}`, 80) + `.*@refs/tags/v1`, `\b\B^$\A\z`, `[^\x00-\x{10FFFF}]`,
		`.*@example\.com`, "[\u212a]",
	} {
		f.Add(expr)
	}
	linter, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		for _, fields := range []object{{"identity": nil, "identityRegexp": expr}, {"issuer": nil, "issuerRegexp": expr}, {"identity": expr}} {
			for _, finding := range linter.Lint(t.Context(), makeTrust(fields)) {
				if finding.Rule == "" || finding.Level == "" || finding.Message == "" {
					t.Errorf("%q: %+v", expr, finding)
				}
			}
		}
	})
}
