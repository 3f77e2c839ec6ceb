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

package verify

import (
	"context"
	"fmt"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/policy"
)

// TestNotEvaluated is about conditions that cannot be evaluated: the attestation might have met them, so that the finding
// outranks all others.
func TestNotEvaluated(t *testing.T) {
	c := &claim{attestation: &policy.Attestation{Name: "provenance", CUE: "a: 1"}}
	for _, err := range []error{
		fmt.Errorf("%w: it takes too much", condition.ErrFailed),
		noConditions{}.Evaluate(context.Background(), "a: 1", nil),
		condition.Check("let x = 1"),
	} {
		if !notDecided(err) {
			t.Errorf("%v counts as an answer", err)
		}
		found := notEvaluated(c, err)
		if found.Verdict != v1alpha1.VerdictUnknown || found.Reason != v1alpha1.ConditionNotEvaluatedReason || found.rank != rankUnknown {
			t.Errorf("got %+v", found)
		}
	}
	for _, err := range []error{nil, &condition.UnmetError{Message: "no"}, condition.ErrMalformed, condition.Check("{")} {
		if notDecided(err) {
			t.Errorf("%v counts as no answer", err)
		}
	}
}
