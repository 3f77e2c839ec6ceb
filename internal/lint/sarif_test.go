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
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/encoding/jsonschema"
	"github.com/google/go-cmp/cmp"
)

func TestEncodeSARIF(t *testing.T) {
	finding := Finding{Rule: RuleSchemaViolation, Level: LevelError, Field: "spec.images[0]", Message: `write "a/**" & <b>`}
	whole := Finding{Rule: RuleUnchecked, Level: LevelNote, Message: "not all was checked"}
	tests := map[string]struct {
		results []Result
		want    string // the results
	}{
		"no results": {want: `[]`},
		"at a position": {
			results: []Result{{Finding: finding, File: "deploy/a trust.yaml", Line: 7, Column: 5}},
			want: `[{"ruleId": "schema-violation", "ruleIndex": 1, "level": "error", "message": {"text": "spec.images[0]: write \"a/**\" & <b>"},
				"locations": [{
					"physicalLocation": {"artifactLocation": {"uri": "deploy/a%20trust.yaml"}, "region": {"startLine": 7, "startColumn": 5}},
					"logicalLocations": [{"fullyQualifiedName": "spec.images[0]", "kind": "property"}]}]}]`,
		},
		"in a file, about an object": {
			results: []Result{{Finding: whole, File: "/tmp/a.yaml"}},
			want: `[{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///tmp/a.yaml"}}}]}]`,
		},
		"two without a file": {
			results: []Result{{Finding: finding}, {Finding: whole}},
			want: `[{"ruleId": "schema-violation", "ruleIndex": 1, "level": "error", "message": {"text": "spec.images[0]: write \"a/**\" & <b>"},
				"locations": [{"logicalLocations": [{"fullyQualifiedName": "spec.images[0]", "kind": "property"}]}]},
				{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"}}]`,
		},
		"a file name like a URI scheme": {
			results: []Result{{Finding: whole, File: "a:b.yaml", Line: 1}},
			want: `[{"ruleId": "unchecked", "ruleIndex": 2, "level": "note", "message": {"text": "not all was checked"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "./a:b.yaml"}, "region": {"startLine": 1}}}]}]`,
		},
	}
	valid := newSARIFSchema(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out := &bytes.Buffer{}
			if err := EncodeSARIF(out, "v1.0.0", tc.results); err != nil {
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

// TestSARIFRules verifies that the log describes each rule.
func TestSARIFRules(t *testing.T) {
	out := &bytes.Buffer{}
	if err := EncodeSARIF(out, "", nil); err != nil {
		t.Fatal(err)
	}
	var got sarifLog
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	rules := got.Runs[0].Tool.Driver.Rules
	if len(rules) != len(Descriptions()) {
		t.Errorf("%d rules, want %d", len(rules), len(Descriptions()))
	}
	for _, r := range rules {
		if r.ShortDescription.Text == "" || r.Help.Text == "" || r.DefaultConfiguration.Level == "" {
			t.Errorf("%s is not described", r.ID)
		}
	}
}

func TestEncodeSARIFUnknownRule(t *testing.T) {
	err := EncodeSARIF(&bytes.Buffer{}, "", []Result{{Finding: Finding{Rule: "other"}}})
	if err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("error %v, want one that contains the rule", err)
	}
}

// TestSARIFSchema verifies that the schema detects errors.
func TestSARIFSchema(t *testing.T) {
	valid := newSARIFSchema(t)
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

// newSARIFSchema returns the schema of SARIF 2.1.0 with its first errata, as OASIS publishes it.
func newSARIFSchema(t *testing.T) func(document []byte) error {
	t.Helper()
	content, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	ctx := cuecontext.New()
	file, err := jsonschema.Extract(ctx.CompileBytes(content), &jsonschema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	schema := ctx.BuildFile(file)
	if err := schema.Err(); err != nil {
		t.Fatal(err)
	}
	return func(document []byte) error {
		return schema.Unify(ctx.CompileBytes(document)).Validate(cue.Concrete(true))
	}
}
