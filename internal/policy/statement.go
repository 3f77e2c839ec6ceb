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

// ErrMalformed is wrapped by errors about content that is not an in-toto statement.
var ErrMalformed = errors.New("it is not an in-toto statement")

// PredicateType returns the predicate type of an in-toto statement, a URI. The error is ErrMalformed.
func PredicateType(statement []byte) (string, error) {
	var header struct {
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(statement, &header); err != nil || header.PredicateType == "" {
		return "", ErrMalformed
	}
	return header.PredicateType, nil
}

// CheckCondition returns the error of a condition in CUE, nil if it is valid.
func CheckCondition(source string) error {
	return cuecontext.New().CompileString(source).Err()
}

// Evaluate returns why a statement does not meet a condition in CUE, nil if it does. The error wraps ErrMalformed if there is
// no statement. As in policy-controller, the condition is applied to the statement after it was decoded and encoded again
// (cosign v2.6.5 pkg/policy, AttestationToPayloadJSON and evaluateCue). The evaluation of a hostile statement may take
// long.
func Evaluate(source string, statement []byte) error {
	var decoded in_toto.Statement //nolint:staticcheck // The deprecated type is the one that policy-controller decodes with.
	if err := json.Unmarshal(statement, &decoded); err != nil {
		return ErrMalformed
	}
	encoded, err := json.Marshal(decoded)
	if err != nil {
		return ErrMalformed
	}
	context := cuecontext.New()
	condition := context.CompileString(source)
	if err := condition.Err(); err != nil {
		return fmt.Errorf("the condition is not valid CUE: %w", err)
	}
	value := context.CompileBytes(encoded)
	if err := value.Err(); err != nil {
		return ErrMalformed
	}
	return condition.Unify(value).Validate()
}
