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

func TestMeet(t *testing.T) {
	tests := map[string]struct {
		a, b   string
		text   string
		answer answer
	}{
		"the same text":            {a: "a", b: "a", text: "a", answer: common},
		"nothing":                  {a: "", b: "x*", text: "", answer: common},
		"another text":             {a: "a", b: "b", answer: disjoint},
		"a longer text":            {a: "ab", b: "a", answer: disjoint},
		"the shortest":             {a: "a*b+", b: "[^b]*b{2,}", text: "bb", answer: common},
		"overlapping classes":      {a: "[b-f]", b: "[d-z]", text: "d", answer: common},
		"overlapping at one end":   {a: "[B-F]", b: "[D-Z]", text: "D", answer: common},
		"letter case":              {a: "(?i)KARMADA", b: "karmada", text: "karmada", answer: common},
		"letter case of a class":   {a: "(?i)[k]", b: "[\u212a]", text: "\u212a", answer: common},
		"a dot is no line end":     {a: ".", b: "\n", answer: disjoint},
		"a dot that is":            {a: "(?s).", b: "\n", text: "\n", answer: common},
		"anchored twice":           {a: "^a$", b: "a", text: "a", answer: common},
		"anchored in the middle":   {a: "a^b|a$b", b: "ab", answer: disjoint},
		"alternatives":             {a: "^a|b$", b: "b", text: "b", answer: common},
		"a word boundary":          {a: `a\b/`, b: "a/", text: "a/", answer: common},
		"a wrong word boundary":    {a: `a\bb`, b: "ab", answer: unsure},
		"more than one can search": {a: strings.Repeat(`([a-z]?){30}`, 30), b: `[a-z]*1`, answer: unsure},
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
			if text, answer := a.meet(b); text != tc.text || answer != tc.answer {
				t.Errorf("meet: %q, %d, want %q, %d", text, answer, tc.text, tc.answer)
			}
		})
	}
}

// FuzzIdentityRegexp proves that no expression makes the linter stumble or wait, and that each is loose in the way that is
// claimed: meet compares what it found with both expressions.
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
			for _, finding := range linter.Lint(makeTrust(fields)) {
				if finding.Rule == "" || finding.Level == "" || finding.Message == "" {
					t.Errorf("%q: %+v", expr, finding)
				}
			}
		}
	})
}
