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
	"testing"

	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/policy"
)

const provenance = `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v1",` +
	`"subject":[{"name":"x","digest":{"sha256":"aa"}}],"predicate":{"builder":{"id":"https://example.com/builder"},"steps":3}}`

func TestPredicateType(t *testing.T) {
	if got, err := policy.PredicateType([]byte(provenance)); err != nil || got != "https://slsa.dev/provenance/v1" {
		t.Errorf("got %q and %v", got, err)
	}
	for _, content := range []string{"", "{}", "[]", `{"predicateType":7}`, `{"predicateType":""}`, "null"} {
		if got, err := policy.PredicateType([]byte(content)); !errors.Is(err, condition.ErrMalformed) {
			t.Errorf("%s: got %q and %v", content, got, err)
		}
	}
}

// FuzzPredicateType reads the type of a statement.
func FuzzPredicateType(f *testing.F) {
	f.Add([]byte(provenance))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if predicateType, err := policy.PredicateType(content); err == nil && predicateType == "" {
			t.Error("no error for a statement without a predicate type")
		}
	})
}
