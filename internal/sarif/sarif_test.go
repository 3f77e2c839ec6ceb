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

package sarif

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/sarifschema"
)

var rules = []Rule{
	{ID: "unknown-field", Level: Error, Summary: "The field does not exist.", Help: "Correct its name."},
	{ID: "schema-violation", Level: Error, Summary: "The schema does not allow it.", Help: "Correct it."},
	{ID: "unchecked", Level: Note, Summary: "Not all was checked.", Help: "Correct the other findings first."},
}

func TestEncode(t *testing.T) {
	finding := Result{Rule: "schema-violation", Level: Error, Name: "spec.images[0]", Kind: "property", Message: `write "a/**" & <b>`}
	whole := Result{Rule: "unchecked", Level: Note, Message: "not all was checked"}
	at := func(r Result, file string, line, column int) Result {
		r.File, r.Line, r.Column = file, line, column
		return r
	}
	tests := map[string]struct {
		results []Result
		want    string // the results
	}{
		"no results": {want: `[]`},
		"at a position": {
			results: []Result{at(finding, "deploy/a trust.yaml", 7, 5)},
			want: `[{"ruleId": "schema-violation", "ruleIndex": 1, "level": "error", "message": {"text": "write \"a/**\" & <b>"},
				"locations": [{
					"physicalLocation": {"artifactLocation": {"uri": "deploy/a%20trust.yaml"}, "region": {"startLine": 7, "startColumn": 5}},
					"logicalLocations": [{"fullyQualifiedName": "spec.images[0]", "kind": "property"}]}]}]`,
		},
		"in a file, about an object": {
			results: []Result{at(whole, "/tmp/a.yaml", 0, 0)},
			want: `[{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///tmp/a.yaml"}}}]}]`,
		},
		"two without a file": {
			results: []Result{finding, whole},
			want: `[{"ruleId": "schema-violation", "ruleIndex": 1, "level": "error", "message": {"text": "write \"a/**\" & <b>"},
				"locations": [{"logicalLocations": [{"fullyQualifiedName": "spec.images[0]", "kind": "property"}]}]},
				{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"}}]`,
		},
		"a file name like a URI scheme": {
			results: []Result{at(whole, "a:b.yaml", 1, 0)},
			want: `[{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "./a:b.yaml"}, "region": {"startLine": 1}}}]}]`,
		},
	}
	valid := sarifschema.New(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out := &bytes.Buffer{}
			if err := Encode(out, "v1.0.0", rules, tc.results); err != nil {
				t.Fatal(err)
			}
			if err := valid(out.Bytes()); err != nil {
				t.Errorf("not SARIF 2.1.0: %v", err)
			}
			var got struct{ Runs []struct{ Results any } }
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Runs[0].Results); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRules verifies that the log describes each rule, also without results.
func TestRules(t *testing.T) {
	out := &bytes.Buffer{}
	if err := Encode(out, "", rules, nil); err != nil {
		t.Fatal(err)
	}
	var got log
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	described := got.Runs[0].Tool.Driver.Rules
	if len(described) != len(rules) {
		t.Fatalf("%d rules, want %d", len(described), len(rules))
	}
	for i, r := range described {
		want := rule{rules[i].ID, message{rules[i].Summary}, message{rules[i].Help}, message{rules[i].Help}, configuration{rules[i].Level}}
		if r != want {
			t.Errorf("%+v, want %+v", r, want)
		}
	}
}

func TestEncodeUnknownRule(t *testing.T) {
	err := Encode(&bytes.Buffer{}, "", rules, []Result{{Rule: "other"}})
	if err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("error %v, want one that contains the rule", err)
	}
}

// TestSchema verifies that the schema detects errors.
func TestSchema(t *testing.T) {
	valid := sarifschema.New(t)
	for name, document := range map[string]string{
		"no runs":       `{"version": "2.1.0"}`,
		"wrong version": `{"version": "2.0.0", "runs": []}`,
		"no tool":       `{"version": "2.1.0", "runs": [{"results": []}]}`,
		"no message":    `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": [{"ruleId": "b"}]}]}`,
		"line 0":        `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": [{"message": {"text": "b"}, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}]}]}`,
		"unknown level": `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": [{"message": {"text": "b"}, "level": "bad"}]}]}`,
	} {
		if valid([]byte(document)) == nil {
			t.Errorf("%s: valid", name)
		}
	}
}
