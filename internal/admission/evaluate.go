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

package admission

import (
	"cmp"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// result of evaluating a policy or an authority for an image. The zero value is undetermined.
type result uint8

const (
	undetermined result = iota
	rejected
	accepted
)

// order of results: of several authorities, the one with the highest decides.
func (r result) order() int {
	switch r {
	case rejected:
		return 0
	case accepted:
		return 2
	default:
		return 1
	}
}

// evaluation is a result and its reason. The zero value is undetermined.
type evaluation struct {
	result          result
	reason, message string
}

// evaluator evaluates policies for one image.
type evaluator struct {
	ref name.Reference
	// digest that the decision is about; empty while it is not known.
	digest string
	// namespace of the object that is decided on.
	namespace string
	judge     Judge
	config    Config
	// useOf returns whether policy-controller can use a TrustRoot.
	useOf func(trustRoot string) TrustRootUse
}

// policy evaluates a policy by each version of policy-controller that may be installed. It asks every question that could
// matter, whatever the first answers are.
func (e evaluator) policy(p *Policy) evaluation {
	switch {
	case p.invalid != "":
		return evaluation{reason: v1alpha1.PolicyNotEvaluatedReason, message: "the policy " + p.invalid}
	case len(p.readings) == 0:
		return evaluation{reason: v1alpha1.AdmissionUnreadableReason, message: "the version of policy-controller is not known"}
	}
	results := make([]byVersion, 0, len(p.readings))
	for i := range p.readings {
		r := &p.readings[i]
		results = append(results, byVersion{r.behavior.Version, e.reading(r)})
	}
	return agree(results)
}

// reading evaluates all authorities, each of which suffices, and then the policy on top of them (spec.policy), which can
// only reject.
func (e evaluator) reading(r *reading) evaluation {
	switch {
	case len(r.authorities) == 0 && r.behavior.AllowsWithoutAuthorities:
		return evaluation{result: accepted}
	case len(r.authorities) == 0:
		return evaluation{reason: v1alpha1.PolicyNotEvaluatedReason, message: "not evaluated: a policy without authorities"}
	}
	var best *evaluation
	consider := func(one evaluation) {
		if best == nil || one.result.order() > best.result.order() {
			best = &one
		}
	}
	for i := range r.authorities {
		if a := &r.authorities[i]; len(a.requirements) == 0 {
			consider(e.authority(a, r.behavior))
		}
	}
	for i := range r.requirements {
		consider(e.requirement(&r.requirements[i], r.behavior))
	}
	if best.result == accepted && r.condition != "" {
		return evaluation{undetermined, v1alpha1.PolicyNotEvaluatedReason, notEvaluated(r.unevaluable())}
	}
	return *best
}

// authority evaluates an authority that has no requirements.
func (e evaluator) authority(a *authority, behavior Behavior) evaluation {
	unusable := e.notUsable(a.trustRoots)
	switch {
	case a.static == "pass":
		return evaluation{result: accepted}
	case a.static == "fail":
		return evaluation{rejected, v1alpha1.StaticPolicyReason, cmp.Or(a.message, "the policy denies the image, whatever its signatures")}
	case a.refusal != "" && behavior.Target(e.config).AttestationsVerified:
		return evaluation{rejected, v1alpha1.StaticPolicyReason, a.refusal}
	case unusable != nil:
		return *unusable
	default:
		return evaluation{undetermined, v1alpha1.PolicyNotEvaluatedReason, "not evaluated: " + cmp.Or(a.refusal, a.unevaluable)}
	}
}

// requirement evaluates a requirement by the verdict of its rule. A verdict on another digest than the one that the decision is
// about decides nothing. A negative verdict holds only if policy-controller cannot accept more than the rule does.
func (e evaluator) requirement(r *requirement, behavior Behavior) evaluation {
	if rejection := e.notUsable([]string{r.trustRoot}); rejection != nil {
		return *rejection
	}
	answer := e.judge(Question{Ref: e.ref, Rule: r.rule, TrustRoot: r.trustRoot, Namespace: e.namespace})
	if answer.Verdict != v1alpha1.VerdictUnknown && answer.Digest != e.digest {
		answer = TagMoved(e.digest, answer.Digest)
	}
	one := evaluation{reason: answer.Reason, message: answer.Message}
	acceptsMore := r.acceptsMoreThan(answer) || r.viaAttestation && !behavior.Target(e.config).AttestationsVerified
	switch {
	case answer.Verdict == v1alpha1.VerdictVerified:
		if why := r.uncertain(answer, behavior); why != "" {
			one.reason, one.message = v1alpha1.PolicyNotEvaluatedReason, why
		} else {
			one.result = accepted
		}
	case answer.Verdict == v1alpha1.VerdictUntrusted && !acceptsMore:
		one.result = rejected
	}
	if use := e.useOf(r.trustRoot); use.Usability != Usable && one.result != undetermined {
		return evaluation{undetermined, use.Reason(), use.Message}
	}
	return one
}

// notUsable returns the rejection by an authority that names TrustRoots of which one cannot be used; nil if none is known to be
// such. policy-controller rejects every image then, whatever else the authority requires (checkOptsFromAuthority).
func (e evaluator) notUsable(trustRoots []string) *evaluation {
	for _, name := range trustRoots {
		if use := e.useOf(name); use.Usability == NotUsable {
			return &evaluation{rejected, use.Reason(), use.Message}
		}
	}
	return nil
}
