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

package assess

import (
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
)

// relation of a question to the question by the rule of a trust that requires the same in more formats.
type relation int

const (
	// unrelated: no trust requires the same.
	unrelated relation = iota
	// explains: the verdict by the trust distinguishes an image that is signed in another format from an unsigned one.
	explains
	// decides: the verdict by the trust is the verdict by the question too, because the question's formats are those that are
	// tried first.
	decides
)

// findBroader returns the question by the rule of a signer of a trust that requires the same as q in the same or more formats.
func (k *knowledge) findBroader(q admission.Question) (admission.Question, relation) {
	found := unrelated
	var broader admission.Question
	if q.Rule == nil {
		return broader, found
	}
	for _, trust := range k.trusts {
		for _, signer := range trust.Signers {
			if q.TrustRoot != signer.TrustRoot {
				continue
			}
			candidate := admission.Question{Ref: q.Ref, Rule: signer.Rule, TrustRoot: q.TrustRoot, Namespace: q.Namespace}
			switch {
			case q.Rule.DecidedBy(signer.Rule) && !k.passedOver(candidate, q.Rule):
				return candidate, decides
			case found == unrelated && requiresSame(q.Rule, signer.Rule):
				broader, found = candidate, explains
			}
		}
	}
	return broader, found
}

// passedOver reports whether the answer to a question leaves open whether the image has what a narrower rule accepts, because
// something else was found first.
func (k *knowledge) passedOver(q admission.Question, rule *policy.Rule) bool {
	answer, ok := k.answerTo(q)
	if !ok {
		return false
	}
	result := current(answer)
	return result.PassedOver && !result.Formats.IsSubsetOf(rule.Formats())
}

// requiresSame reports whether two rules differ at most in the formats that they accept, and all has those of rule.
func requiresSame(rule, all *policy.Rule) bool {
	return rule.Signer == all.Signer && (len(rule.Signature) == 0) == (len(all.Signature) == 0) &&
		rule.Signature.IsSubsetOf(all.Signature) &&
		slices.EqualFunc(rule.Attestations, all.Attestations, func(a, b policy.Attestation) bool {
			return a.SameExceptFormats(b) && a.Formats.IsSubsetOf(b.Formats)
		})
}
