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

package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/policy"
)

const provenance = `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v1",` +
	`"subject":[{"name":"x","digest":{"sha256":"aa"}}],"predicate":{"builder":{"id":"https://example.com/builder"},"steps":3}}`

func TestPredicateType(t *testing.T) {
	if got, err := policy.PredicateType([]byte(provenance)); err != nil || got != "https://slsa.dev/provenance/v1" {
		t.Errorf("got %q and %v", got, err)
	}
	for _, content := range []string{"", "{}", "[]", `{"predicateType":7}`, `{"predicateType":""}`, "null"} {
		if got, err := policy.PredicateType([]byte(content)); !errors.Is(err, policy.ErrMalformed) {
			t.Errorf("%s: got %q and %v", content, got, err)
		}
	}
}

func TestEvaluate(t *testing.T) {
	for condition, want := range map[string]string{
		`predicate: builder: id: "https://example.com/builder"`:  "",
		`predicate: builder: id: =~"^https://example\\.com/"`:    "",
		`predicate: steps: >2`:                                   "",
		`predicateType: "https://slsa.dev/provenance/v1"`:        "",
		`predicate: builder: id: "https://evil.example/builder"`: "conflicting values",
		`predicate: steps: >3`:                                   "invalid value",
		`predicate: steps: string`:                               "mismatched types",
		`subject: [{name: "y"}, ...]`:                            "conflicting values",
		`{`:                                                      "not valid CUE",
	} {
		err := policy.Evaluate(condition, []byte(provenance))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want an error with %q", condition, err, want)
		}
	}
	if err := policy.Evaluate("", []byte("x")); !errors.Is(err, policy.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestCheckCondition(t *testing.T) {
	for condition, valid := range map[string]bool{
		"": true, `predicate: a: "b"`: true, "{": false, "predicate: nowhere": false, `import "os"`: false,
	} {
		if err := policy.CheckCondition(condition); (err == nil) != valid {
			t.Errorf("%q: got %v", condition, err)
		}
	}
}

// FuzzStatement evaluates a condition on a statement.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(provenance), `predicate: builder: id: string`)
	f.Add([]byte("{}"), `predicate: steps: >3 & <5 | *7`)
	f.Fuzz(func(t *testing.T, content []byte, condition string) {
		if predicateType, err := policy.PredicateType(content); err == nil && predicateType == "" {
			t.Error("no error for a statement without a predicate type")
		}
		if len(condition) > 200 || len(content) > 2000 {
			return // CUE takes long for large input
		}
		if policy.Evaluate(condition, content) == nil && policy.CheckCondition(condition) != nil {
			t.Errorf("an invalid condition is met: %q", condition)
		}
	})
}
