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

package condition_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/condition"
)

func TestCheckAccepts(t *testing.T) {
	for _, source := range []string{
		"", `predicateType: "https://slsa.dev/provenance/v1"`, `predicate: builder: id: =~"^https://example\\.com/"`,
		"import \"time\"\nbefore: time.Parse(time.RFC3339, \"2049-10-09T17:10:27Z\")\npredicate: metadata: scanFinishedOn: <before",
		`predicate: {steps: >2 & <=5, note?: string, ok: true | "yes", list: [...{a: int}], ...}`, `predicate: close({a: "b"})`, `{predicate: a: "b"}`,
		"import \"strings\"\npredicate: id: strings.HasPrefix(\"a\")", `allowed: "a" | "b", predicate: {x: allowed, y: allowed}`,
	} {
		if err := condition.Check(source); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if err := condition.Compile(source); err != nil {
			t.Errorf("%s does not compile: %v", source, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	alternatives, doubled := "x: {}", "x0: {a: 1, b: 2}"
	for i := range 14 {
		alternatives += fmt.Sprintf(" & ({a%d: 1} | {a%d: 2})", i, i)
	}
	for i := range 30 {
		doubled += fmt.Sprintf("\nx%d: {a: x%d, b: x%d}", i+1, i, i)
	}
	for source, want := range map[string]string{
		"a: 1\nb: *1 | 2":              "line 2, column 4: a default",
		"predicate: {if true {a: 1}}":  `line 1, column 13: "if"`,
		"#D: matchN(1, [#D])":          "line 1, column 1: definitions",
		"a: matchN(1, [string])":       "matchN is not supported",
		`a: error("no")`:               "error is not supported",
		"import \"time\"\na: 1":        `"time" is imported and not used`,
		`import "os"`:                  `importing "os"`,
		"let x = 1":                    `"let"`,
		`a: "\(b)"`:                    "interpolation",
		"a: 1 + 2":                     `the operator "+"`,
		"a: _|_":                       "_|_",
		"a: b\nb: a":                   "refers to itself",
		"a: nowhere":                   `"nowhere" is neither`,
		"a: 1e999999999":               "the number",
		"{close({a: 1})}":              "belongs to no field",
		alternatives:                   "combinations",
		doubled:                        "more than 5000 values",
		strings.Repeat("a: [", 40):     "levels of nesting",
		strings.Repeat("a: 1\n", 1600): "words and signs",
		"a: \"" + strings.Repeat("a", 9000) + `"`: "shorten it to at most 8192",
	} {
		err := condition.Check(source)
		var unsupported *condition.UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want an error with %q", source, err, want)
		}
	}
	if err := condition.Check("{"); !errors.Is(err, condition.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("predicate: builder: id: string")
	f.Add("a: b.c[0] | close({x: 1})")
	f.Fuzz(func(_ *testing.T, source string) { _ = condition.Check(source) })
}
