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
	"fmt"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// Result holds what a run has found out.
type Result struct {
	trusts   []*policy.Policy
	version  string // of policy-controller
	requests []pool.Request
	// answers to the requests, in their order. The last requests have none while they are being collected.
	answers []pool.Answer
	// requested counts the requests of the caller, which come first.
	requested int
	// byQuestion and byReference find requests that may answer a question, by position.
	byQuestion  map[admission.QuestionKey]int
	byReference map[string]int
	// unanswered reports that the last round still left questions that were not asked.
	unanswered bool
}

func newResult(trusts []*policy.Policy, version string) *Result {
	return &Result{trusts: trusts, version: version, byQuestion: map[admission.QuestionKey]int{}, byReference: map[string]int{}}
}

// Answers to the requests of the caller, in their order.
func (r *Result) Answers() []pool.Answer { return r.answers[:r.requested] }

// Requests returns all requests of the run: those of the caller, and those that answer admission's questions.
func (r *Result) Requests() []pool.Request { return r.requests }

// Pending reports whether an answer is still missing because no attempt to get it has ended.
func (r *Result) Pending() bool {
	return r.unanswered || slices.ContainsFunc(r.answers, func(a pool.Answer) bool { return !a.Known })
}

func (r *Result) add(request pool.Request) {
	if !request.Running {
		// Admission decides on what is asked for; what a node already runs may be accepted for the index that holds it.
		at := len(r.requests)
		r.byQuestion[question(request).Key()] = at
		if _, ok := r.byReference[request.Ref.Name()]; !ok {
			r.byReference[request.Ref.Name()] = at
		}
	}
	r.requests = append(r.requests, request)
}

func question(request pool.Request) admission.Question {
	return admission.Question{
		Ref: request.Ref, ResolveOnly: request.ResolveOnly, Rule: request.Rule, TrustRoot: request.RootName,
	}
}

// requestsFor returns the requests that answer the questions. Those by a rule come first, as each of them resolves its
// reference too.
func (r *Result) requestsFor(questions []admission.Question) []pool.Request {
	var requests []pool.Request
	asked := map[admission.QuestionKey]bool{}
	references := map[string]bool{}
	request := func(q admission.Question) {
		key := q.Key()
		if _, known := r.byQuestion[key]; known || asked[key] {
			return
		}
		asked[key], references[q.Ref.Name()] = true, true
		requests = append(requests, pool.Request{Ref: q.Ref, ResolveOnly: q.ResolveOnly, Rule: q.Rule, RootName: q.TrustRoot})
	}
	for _, q := range questions {
		if q.ResolveOnly {
			continue
		}
		broader, relation := r.findBroader(q)
		if relation != unrelated {
			request(broader)
		}
		if relation != decides {
			request(q)
		}
	}
	for _, q := range questions {
		if q.ResolveOnly && !references[q.Ref.Name()] {
			request(q)
		}
	}
	return requests
}

// find returns the answer to a question, and whether it was asked for at all: if not, the answer is Unknown, with the reason
// Pending.
func (r *Result) find(q admission.Question) (admission.Answer, bool) {
	if q.ResolveOnly {
		if i, ok := r.byReference[q.Ref.Name()]; ok && i < len(r.answers) {
			return toAnswer(r.answers[i]), true
		}
		return pendingAnswer(), false
	}
	exact, known := r.answerTo(q)
	broader, relation := r.findBroader(q)
	all, broaderKnown := r.answerTo(broader)
	switch {
	case relation == unrelated || !broaderKnown:
		return toAnswer(exact), known
	case known:
		answer := toAnswer(exact)
		if answer.Verdict == v1alpha1.VerdictUntrusted && answer.Digest == all.Digest {
			answer = r.explainFormats(q, answer, all)
		}
		return answer, true
	case relation == decides:
		return r.explainFormats(q, toAnswer(all), all), true
	default:
		return pendingAnswer(), false
	}
}

// answerTo returns the answer to exactly this question, and whether it was asked for.
func (r *Result) answerTo(q admission.Question) (pool.Answer, bool) {
	if q.Ref == nil {
		return pool.Pending(), false
	}
	if i, ok := r.byQuestion[q.Key()]; ok && i < len(r.answers) {
		return r.answers[i], true
	}
	return pool.Pending(), false
}

// current is the result that counts: what cannot be verified now keeps its last verdict.
func current(answer pool.Answer) verify.Result {
	if answer.Result.Verdict == v1alpha1.VerdictUnknown && answer.Last != nil {
		return *answer.Last
	}
	return answer.Result
}

func toAnswer(answer pool.Answer) admission.Answer {
	result := current(answer)
	return admission.Answer{Digest: answer.Digest, Verdict: result.Verdict, Reason: result.Reason, Message: result.Message}
}

// explainFormats returns FormatNotAccepted where the image is verified in formats that the question does not accept, and
// answer otherwise. all is the verdict in all formats of the trust.
func (r *Result) explainFormats(q admission.Question, answer admission.Answer, all pool.Answer) admission.Answer {
	result, accepted := current(all), q.Rule.Formats()
	if result.Verdict != v1alpha1.VerdictVerified || result.Formats.IsSubsetOf(accepted) {
		return answer
	}
	answer.Verdict, answer.Reason = v1alpha1.VerdictUntrusted, v1alpha1.FormatNotAcceptedReason
	switch others := without(result.Formats, accepted); {
	case !others.HasStorage(v1alpha1.SignatureFormatBundle):
		answer.Message = "the time of its signature is proved in a way that the policy does not accept"
	case q.TrustRoot != "":
		answer.Message = fmt.Sprintf(
			"it is signed or attested with a Sigstore bundle, which policy-controller %s cannot verify with a TrustRoot", r.version)
	default:
		answer.Message = "it is signed or attested with a Sigstore bundle, which the policy does not accept"
	}
	return answer
}

func without(all, some policy.Formats) policy.Formats {
	return slices.DeleteFunc(slices.Clone(all), some.Has)
}

func pendingAnswer() admission.Answer { return toAnswer(pool.Pending()) }
