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

package condition

import (
	"encoding/json"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"github.com/in-toto/in-toto-golang/in_toto"
)

// Compile returns why CUE rejects a condition; the error wraps ErrInvalid. It may take all time and memory, and crash the
// process.
func Compile(source string) error {
	_, err := compile(cuecontext.New(), source)
	return err
}

// Evaluate returns why a statement does not meet a condition: the error is an *UnmetError, or wraps ErrInvalid or ErrMalformed.
// As in policy-controller, the condition is applied to the statement after it was decoded and encoded again (cosign v2.6.5
// pkg/policy, AttestationToPayloadJSON and evaluateCue). It may take all time and memory, and crash the process.
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
	condition, err := compile(context, source)
	if err != nil {
		return err
	}
	value := context.CompileBytes(encoded)
	if value.Err() != nil {
		return ErrMalformed
	}
	if err := condition.Unify(value).Validate(); err != nil {
		return &UnmetError{Message: err.Error()}
	}
	return nil
}

func compile(context *cue.Context, source string) (cue.Value, error) {
	condition := context.CompileString(source)
	if err := condition.Err(); err != nil {
		return cue.Value{}, invalid(err)
	}
	return condition, nil
}
