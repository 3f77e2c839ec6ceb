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

package policy

import (
	"encoding/json"
	"errors"
	"fmt"

	"cuelang.org/go/cue/cuecontext"
	"github.com/in-toto/in-toto-golang/in_toto"
)

// ErrMalformed is in the chain of the errors about what is no statement.
var ErrMalformed = errors.New("it is not an in-toto statement")

// PredicateType reads what a statement is about, a URI.
func PredicateType(statement []byte) (string, error) {
	var header struct {
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(statement, &header); err != nil || header.PredicateType == "" {
		return "", ErrMalformed
	}
	return header.PredicateType, nil
}

// CheckCondition tells why a text is not a condition in CUE; nil if it is one.
func CheckCondition(source string) error {
	return cuecontext.New().CompileString(source).Err()
}

// Evaluate tells why a statement does not fulfil a condition in CUE, nil if it does. The condition sees the statement as
// policy-controller shows it: read and written again (cosign v2.6.5 pkg/policy, AttestationToPayloadJSON and
// evaluateCue). It may run for long on a hostile statement.
func Evaluate(source string, statement []byte) error {
	var read in_toto.Statement //nolint:staticcheck // deprecated, and what policy-controller reads it with
	if err := json.Unmarshal(statement, &read); err != nil {
		return ErrMalformed
	}
	written, err := json.Marshal(read)
	if err != nil {
		return ErrMalformed
	}
	context := cuecontext.New()
	condition := context.CompileString(source)
	if err := condition.Err(); err != nil {
		return fmt.Errorf("the condition cannot be read: %w", err)
	}
	value := context.CompileBytes(written)
	if err := value.Err(); err != nil {
		return ErrMalformed
	}
	return condition.Unify(value).Validate()
}
