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

package manifests

import (
	"fmt"
	"strings"
	"testing"
)

// TestYAMLMistakes: the errors of the parser have the line of the mistake, and say what to write instead.
func TestYAMLMistakes(t *testing.T) {
	const head = "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata:\n  name: a\nspec:\n" // five lines
	for content, want := range map[string]string{
		// Globs.
		"  images:\n  - **\n":              "7: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '**'",
		"  images:\n  - */karmada/*\n":     "7: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '*/karmada/*'",
		"  images:\n  - *.example.com/x\n": "7: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '*.example.com/x'",
		"  images: *\n":                    "6: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '*'",
		"  images: ['a', *foo/x]\n":        "6: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '*foo/x'",
		"  images:\n  - *karmada\n":        "7: unknown anchor 'karmada' referenced; quote a text that begins with *",
		"  images:\n  - &foo/x\n":          "7: did not find expected alphabetic or numeric character; quote a text that begins with * or &: '&foo/x'",
		// Regular expressions.
		"  identityRegexp: \"https://github\\.com/x\"\n": `6: found unknown escape character; write a text with backslashes in single quotes, as in '\.com'`,
		"  identityRegexp: [a-z]+@x\n":                   "6: did not find expected key; quote a text that begins with [ or {",
		"  x:\n  - [a-z]+\n  - b\n":                      "7: did not find expected key; quote a text that begins with [ or {",
		"  identityRegexp: {a}b\n":                       "6: did not find expected key; quote a text that begins with [ or {",
		"  identityRegexp: (?i: x)\n":                    "6: mapping values are not allowed in this context; quote a text in which a colon is followed by a blank",
		"  identityRegexp: |foo\n":                       "6: did not find expected comment or line break; quote a text that begins with |: '|foo'",
		"  identityRegexp: >=1.0\n":                      "6: did not find expected comment or line break; quote a text that begins with >: '>=1.0'",
		"  identityRegexp: @foo\n":                       "6: found character that cannot start any token; quote a text that begins with @: '@foo'",
		"  identityRegexp: `foo\n":                       "6: found character that cannot start any token; quote a text that begins with `: '`foo'",
		"  identityRegexp: %foo\n":                       "6: found character that cannot start any token; quote a text that begins with %: '%foo'",
		"  identityRegexp: 'abc\n  x: y\n":               "6: found unexpected end of stream; close the quotation marks or the bracket",
		// Indentation.
		"  images:\n\t- a\n":                    "7: found character that cannot start any token; write blanks instead of tabs",
		"  images:\n  -\ta\n":                   "7: found character that cannot start any token; write blanks instead of tabs",
		"  images:\n  - a\n issuer: x\n":        "8: did not find expected key; the line is indented otherwise than those before it, or a quotation mark before it is not closed",
		"  images:\n  - a\n    issuer: x\n":     "8: mapping values are not allowed in this context; the line is indented more than those before it, or the one before it has no colon",
		"  images\n  issuer: x\n":               "7: mapping values are not allowed in this context; the line is indented more than those before it, or the one before it has no colon",
		"  images: - a\n":                       "6: block sequence entries are not allowed in this context; write items on lines of their own, or quote a text that begins with a dash",
		"  x: 1\n  y: 2\n  z:\n   - a\n  - b\n": "10: did not find expected key; the line is indented otherwise than those before it, or a quotation mark before it is not closed",
		// Brackets, keys and values.
		"  images: [a,\n  b,\n  issuer: x\n": "8: did not find expected ',' or ']' of what begins on line 6",
		"  x: a\n  y\n":                      "7: could not find expected ':'; a key is followed by a colon and a blank, an item of a list begins with a dash and a blank",
		"  x:\n    ? [a]\n    : b\n":         "7: the key is a mapping or a list instead of text; quote what begins with { or [, such as '{{ … }}'",
		"  x: 1\n  ~: x\n":                   "7: the key is empty; quote it if it is text",
		"  x: 1\n  y: .inf\n":                "7: .inf is a number that JSON does not have; quote it if it is text",
		"  x: 1\n  y:\n  - .NaN\n":           "8: .NaN is a number that JSON does not have; quote it if it is text",
		"  x: 1\n  <<: text\n":               "7: the value of the key << must be a mapping or a list of mappings",
		"  x: 1\n  y: &a\n    z: *a\n":       "8: anchor 'a' value contains itself",
		// Separators.
		"  x: \"a\"---\napiVersion: v1\n": "6: did not find expected key; write the separator --- on a line of its own",
		"  x: [a]---\napiVersion: v1\n":   "6: did not find expected key; write the separator --- on a line of its own",
		// Templates.
		"  issuer: {{ .Values.x }}\n":                "6: the key is a mapping or a list instead of text; quote what begins with { or [, such as '{{ … }}' (if this is a template, render it first, for example with helm template)",
		"{{- if x }}\n  issuer: a\n{{ end }}\n":      "6: could not find expected ':' (if this is a template, render it first, for example with helm template)",
		"  x:\n    y: z\n  {{- include \"x\" . }}\n": "8: could not find expected ':' (if this is a template, render it first, for example with helm template)",
	} {
		for before, lines := range map[string]int{"": 0, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n": 4} {
			_, err := Read("m.yaml", strings.NewReader(before+head+content))
			if err == nil {
				t.Errorf("%q is read", content)
				continue
			}
			line, rest, _ := strings.Cut(want, ": ")
			var n, begins int
			if _, err := fmt.Sscan(line, &n); err != nil {
				t.Fatal(err)
			}
			if at := strings.Index(rest, "begins on line "); at >= 0 {
				at += len("begins on line ")
				if _, err := fmt.Sscan(strings.TrimRight(rest[at:at+1], " ;"), &begins); err != nil {
					t.Fatal(err)
				}
				rest = fmt.Sprintf("%s%d%s", rest[:at], begins+lines, rest[at+1:])
			}
			if want := fmt.Sprintf("m.yaml:%d: %s", n+lines, rest); err.Error() != want {
				t.Errorf("%q behind %d lines:\ngot  %s\nwant %s", content, lines, err, want)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	const (
		pod   = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
		twice = "; kubectl uses the last one, Flux and Argo CD reject the file"
		split = " (perhaps the separator --- of two documents is missing)"
		glued = "the value ends with ---; if this is meant to separate two documents, write it on a line of its own"
	)
	many := "data:\n"
	for i := range 20 {
		many += fmt.Sprintf("  k%d: 1\n", i)
	}
	for content, want := range map[string][]string{
		pod: nil,
		pod + "spec:\n  a: 1\n  b: {c: 1, d: [{x: 1, x: 2}]}\n  \"a\": 2\n": {
			"RepeatedKey 7: the key a is given twice, first on line 5" + twice,
			"RepeatedKey 6: the key x is given twice, first on line 6" + twice,
		},
		pod + "spec:\n  a: 1\n  a: 2\n  a: 3\n": {
			"RepeatedKey 6: the key a is given twice, first on line 5" + twice,
			"RepeatedKey 7: the key a is given twice, first on line 5" + twice,
		},
		pod + many + "  k3: 2\n": {"RepeatedKey 25: the key k3 is given twice, first on line 8" + twice},
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a",` + "\n" + `"name":"b"}}`: {"RepeatedKey 2: the key name is given twice, first on line 1" + twice},
		"spec:\n  port: 50---\n" + pod: {"GluedSeparator 2: " + glued},
		pod + "x: a ---\n" + pod: {
			"GluedSeparator 4: " + glued,
			"RepeatedKey 5: the key apiVersion is given twice, first on line 1" + twice + split,
			"RepeatedKey 6: the key kind is given twice, first on line 2" + twice + split,
			"RepeatedKey 7: the key metadata is given twice, first on line 3" + twice,
		},
		pod + "spec:\n- a\n- b--- # c\n" + "x: 1\n":            {"GluedSeparator 6: " + glued},
		pod + "spec: a---\n":                                   nil, // nothing follows
		pod + "spec:\n  a: b---\n  c: d\n":                     nil,
		pod + "spec: 'a---'\nx: 1\n":                           nil,
		pod + "spec: |\n  a---\nx: 1\n":                        nil,
		pod + "spec: -----\nx: 1\n":                            nil,
		pod + "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: *a\n": nil,
		pod + "---\n" + pod:                                    nil,
	} {
		f := read(t, content)
		var got []string
		for _, w := range f.Warnings {
			got = append(got, fmt.Sprintf("%s %d: %s", w.Kind, w.Line, w.Message))
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q:\ngot  %q\nwant %q", content, got, want)
		}
	}
	f := read(t, pod+strings.Repeat("x: 1\n", 5000))
	if last := f.Warnings[len(f.Warnings)-1].Message; len(f.Warnings) != maxWarnings+1 || last != "the file has more such problems" {
		t.Errorf("%d warnings, the last one %q", len(f.Warnings), last)
	}
}

// TestByteOrderMarks: what follows a byte order mark within a file is not lost.
func TestByteOrderMarks(t *testing.T) {
	const mark = "\uFEFF"
	for content, line := range map[string]int{
		mark + podManifest:                                   0,
		podManifest + mark + podManifest:                     4,
		podManifest + "---\n" + mark + podManifest:           5,
		podManifest + mark + "---\n" + podManifest:           4,
		podManifest + "# end" + mark + "---\n" + podManifest: 4,
		podManifest + "x: 1" + mark + podManifest:            4,
		mark + mark + podManifest:                            1,
		podManifest + "x: \"a" + mark + "b\"\n":              0,
	} {
		_, err := Read("m.yaml", strings.NewReader(content))
		got := 0
		if err != nil {
			if _, scanErr := fmt.Sscanf(err.Error(), "m.yaml:%d: a byte order mark (U+FEFF)", &got); scanErr != nil {
				t.Errorf("%q: %v", content, err)
			}
		}
		if got != line {
			t.Errorf("%q: an error at line %d, want %d", content, got, line)
		}
	}
}
