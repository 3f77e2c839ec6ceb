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

package integration

import (
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
)

// TestHostileConditions creates trusts with conditions that used to end or exhaust the operator, or that contradict
// themselves: each is an invalid spec, and other trusts are reconciled.
func TestHostileConditions(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	for name, source := range map[string]string{
		"condition-recursive": "#D: matchN(>=1, [(!=1) & (1), {#D, b: !=1}])\n#D",
		"condition-growing":   "#D: matchN(2, [bool, {#D, b: null | int}])\n#D",
		"condition-conflict":  "predicate: 1\npredicate: 2",
	} {
		o.create(withCondition(name, source))
		o.expect(name, "PolicyApplied=False/InvalidSpec", "Stalled=True/InvalidSpec")
	}
	o.create(withCondition("condition-good", `predicate: builder: id: "a"`))
	o.policy("condition-good", exists)
}

func withCondition(name, source string) *v1alpha1.KarmadaImageTrust {
	trust := gen.Trust(name)
	trust.Spec.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: "https://slsa.dev/provenance/v1", CUE: source}}
	return trust
}
