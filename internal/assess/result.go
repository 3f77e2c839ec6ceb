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

	"github.com/google/go-containerregistry/pkg/name"

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
	// byQuestion finds the request that asks exactly a question, byReference those that also resolve a reference, by position.
	byQuestion  map[admission.QuestionKey]int
	byReference map[string][]int
	// byDigest finds the request by tag whose answer is one to a question about the digest, by position.
	byDigest map[admission.QuestionKey]int
	// unanswered reports that the last round still left questions that were not asked.
	unanswered bool
}

func newResult(trusts []*policy.Policy, version string) *Result {
	return &Result{
		trusts: trusts, version: version,
		byQuestion: map[admission.QuestionKey]int{}, byReference: map[string][]int{}, byDigest: map[admission.QuestionKey]int{},
	}
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
		r.byReference[request.Ref.Name()] = append(r.byReference[request.Ref.Name()], at)
	}
	r.requests = append(r.requests, request)
}

// answer records the answers to the requests that have none yet. One to a request by tag is also one about the digest.
func (r *Result) answer(answers []pool.Answer) {
	for _, answer := range answers {
		at := len(r.answers)
		r.answers = append(r.answers, answer)
		request := r.requests[at]
		if _, tagged := request.Ref.(name.Tag); !tagged || request.Running || request.ResolveOnly || answer.Digest == "" {
			continue
		}
		about := question(request)
		about.Ref = request.Ref.Context().Digest(answer.Digest)
		if _, known := r.byDigest[about.Key()]; !known {
			r.byDigest[about.Key()] = at
		}
	}
}

func question(request pool.Request) admission.Question {
	return admission.Question{
		Ref: request.Ref, ResolveOnly: request.ResolveOnly, Rule: request.Rule, TrustRoot: request.RootName,
	}
}

// requestsFor returns the requests that answer the questions. A tag is resolved once: the first question by a rule resolves it
// too, and all others wait for the digest, so that their answers are about the same one.
func (r *Result) requestsFor(questions []admission.Question) []pool.Request {
	var requests []pool.Request
	asked := map[admission.QuestionKey]bool{}
	resolved := map[string]bool{} // tags
	request := func(q admission.Question) {
		key, reference := q.Key(), q.Ref.Name()
		if _, known := r.position(q); known || asked[key] {
			return
		}
		if _, tagged := q.Ref.(name.Tag); tagged {
			if resolved[reference] || len(r.byReference[reference]) > 0 {
				return
			}
			resolved[reference] = true
		}
		asked[key] = true
		asking := pool.Request{Ref: q.Ref, ResolveOnly: q.ResolveOnly, Rule: q.Rule, RootName: q.TrustRoot}
		if q.Namespace != "" {
			asking.Namespaces = []string{q.Namespace}
		}
		requests = append(requests, asking)
	}
	for _, q := range questions {
		if q.ResolveOnly {
			continue
		}
		q = r.aboutDigest(q)
		broader, relation := r.findBroader(q)
		if relation != unrelated {
			request(broader)
		}
		if relation != decides {
			request(q)
		}
	}
	for _, q := range questions {
		if q.ResolveOnly {
			request(q)
		}
	}
	return requests
}

// find returns the answer to a question, and whether it was asked for at all: if not, the answer is Unknown, with the reason
// Pending.
func (r *Result) find(q admission.Question) (admission.Answer, bool) {
	if q.ResolveOnly {
		return r.resolve(q.Ref)
	}
	q = r.aboutDigest(q)
	exact, known := r.answerTo(q)
	broader, relation := r.findBroader(q)
	all, broaderKnown := r.answerTo(broader)
	switch {
	case relation == decides && broaderKnown && !known:
		return r.withRoot(broader, r.explainFormats(q, toAnswer(all), all)), true
	case known && broaderKnown && relation != unrelated:
		answer := toAnswer(exact)
		if answer.Verdict == v1alpha1.VerdictUntrusted && answer.Digest == all.Digest {
			answer = r.explainFormats(q, answer, all)
		}
		return r.withRoot(q, answer), true
	case known:
		return r.withRoot(q, toAnswer(exact)), true
	default:
		return r.unresolved(q.Ref)
	}
}

// withRoot adds to the answer to a question what the root of trust lacks that it was asked with.
func (r *Result) withRoot(q admission.Question, answer admission.Answer) admission.Answer {
	if at, ok := r.position(q); ok && r.requests[at].Root != nil {
		root := r.requests[at].Root
		answer.NoLogs, answer.NoCTLogs = !root.Logs(), !root.CTLogs()
	}
	return answer
}

// resolve returns the digest that a reference names, if it is known, and whether it was asked for. If answers disagree, the tag
// was moved between two examinations, and nothing that is known about it can be combined.
func (r *Result) resolve(ref name.Reference) (admission.Answer, bool) {
	found, known := pendingAnswer(), false
	for _, at := range r.byReference[ref.Name()] {
		if at >= len(r.answers) {
			continue
		}
		one := toAnswer(r.answers[at])
		switch {
		case !known || found.Digest == "":
			found, known = one, true
		case one.Digest != "" && one.Digest != found.Digest:
			return admission.TagMoved(found.Digest, one.Digest), true
		}
	}
	return found, known
}

// unresolved returns the answer to a question by a rule about a tag whose digest is not known: why it is not known.
func (r *Result) unresolved(ref name.Reference) (admission.Answer, bool) {
	if _, tagged := ref.(name.Tag); !tagged {
		return pendingAnswer(), false
	}
	return r.resolve(ref)
}

// aboutDigest returns the question about the digest instead of the tag, if it is known.
func (r *Result) aboutDigest(q admission.Question) admission.Question {
	if tag, ok := q.Ref.(name.Tag); ok {
		if resolved, _ := r.resolve(tag); resolved.Digest != "" {
			q.Ref = tag.Context().Digest(resolved.Digest)
		}
	}
	return q
}

// answerTo returns the answer to exactly this question, and whether it was asked for.
func (r *Result) answerTo(q admission.Question) (pool.Answer, bool) {
	if q.Ref == nil {
		return pool.Pending(), false
	}
	if at, ok := r.position(q); ok && at < len(r.answers) {
		return r.answers[at], true
	}
	return pool.Pending(), false
}

// position returns the position of the request that answers exactly this question.
func (r *Result) position(q admission.Question) (int, bool) {
	if at, ok := r.byQuestion[q.Key()]; ok {
		return at, true
	}
	at, ok := r.byDigest[q.Key()]
	return at, ok
}

// current is the result that counts: what cannot be verified now keeps its last verdict. What was examined and is in a format that
// is not supported does not: the last verdict was about something else.
func current(answer pool.Answer) verify.Result {
	if answer.Result.Verdict == v1alpha1.VerdictUnknown && answer.Result.Reason != v1alpha1.UnsupportedFormatReason && answer.Last != nil {
		return *answer.Last
	}
	return answer.Result
}

func toAnswer(answer pool.Answer) admission.Answer {
	result := current(answer)
	return admission.Answer{
		Digest: answer.Digest, Verdict: result.Verdict, Reason: result.Reason, Message: result.Message,
		OtherCurve: result.OtherCurve, ExpiredAuthority: result.ExpiredAuthority, AnyOrder: result.AnyOrder,
	}
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
	case accepted.HasStorage(v1alpha1.SignatureFormatBundle) && others.IsSubsetOf(policy.NewFormats(policy.RekorV2Bundle)):
		answer.Message = fmt.Sprintf("it is signed or attested with a Sigstore bundle whose log entry is of Rekor v2, "+
			"which policy-controller verifies from %s on", admission.FirstWithRekorV2())
	default:
		answer.Message = "it is signed or attested with a Sigstore bundle, which the policy does not accept"
	}
	return answer
}

func without(all, some policy.Formats) policy.Formats {
	return slices.DeleteFunc(slices.Clone(all), some.Has)
}

func pendingAnswer() admission.Answer { return toAnswer(pool.Pending()) }
