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

// knowledge is what is known of the questions of admission: the requests that answer them, and who was told the answers.
type knowledge struct {
	trusts  []*policy.Policy
	version string // of policy-controller
	topics  map[admission.QuestionKey]*topic
	// reader is who is told the answers that are looked up; nil for nobody.
	reader *Tracked
}

// topic is what one question is about.
type topic struct {
	key admission.QuestionKey
	// whole is the image that the topic is about instead: which policies cover it. It is empty otherwise.
	whole string
	// exact are the requests that ask exactly this question, and digests those by tag that are answered with a digest which the
	// question is about. Their answers are the same; the first one counts.
	exact, digests []*asked
	// resolving are the requests that also resolve the reference, where the question is what it names.
	resolving []*asked
	// readers were told an answer to the question, or that there is none.
	readers []reader
}

// reader is a workload, and where the topic is among its topics.
type reader struct {
	*Tracked

	at int
}

// reading is a topic, and where the workload is among its readers.
type reading struct {
	*topic

	at int
}

// reads notes that a workload was told what is known of a topic. What one workload reads is noted before another one reads, so that
// it is the last reader of all that it has read.
func (w *Tracked) reads(about *topic) {
	if n := len(about.readers); n > 0 && about.readers[n-1].Tracked == w {
		return
	}
	about.readers = append(about.readers, reader{Tracked: w, at: len(w.topics)})
	w.topics = append(w.topics, reading{topic: about, at: len(about.readers) - 1})
}

// removeReader removes one of the readers; the last one takes its place.
func (t *topic) removeReader(at int) {
	last := len(t.readers) - 1
	moved := t.readers[last]
	t.readers[at], t.readers[last] = moved, reader{}
	moved.topics[moved.at].at = at
	t.readers = t.readers[:last]
}

// asked is a request with its answer.
type asked struct {
	request  pool.Request
	key      pool.Key // set by a Tracker
	answer   pool.Answer
	answered bool
	waiting  bool // to be asked
	// queries are those for the verdict on an image of the trust that the request is one of; set by a Tracker.
	queries map[*query]struct{}
}

func newKnowledge(trusts []*policy.Policy, version string) knowledge {
	return knowledge{trusts: trusts, version: version, topics: map[admission.QuestionKey]*topic{}}
}

// about returns the topic of a question, and notes who reads it; nil if nothing is known of it.
func (k *knowledge) about(key admission.QuestionKey) *topic {
	t := k.topics[key]
	if k.reader == nil {
		return t
	}
	if t == nil {
		t = k.open(key)
	}
	k.reader.reads(t)
	return t
}

func (k *knowledge) open(key admission.QuestionKey) *topic {
	t := k.topics[key]
	if t == nil {
		t = &topic{key: key}
		k.topics[key] = t
	}
	return t
}

// close drops a topic that nobody reads or asks about.
func (k *knowledge) close(t *topic) {
	if len(t.readers)+len(t.exact)+len(t.digests)+len(t.resolving) == 0 {
		delete(k.topics, t.key)
	}
}

// topicsOf returns the topics that a request is about: its own question, what its reference names and, of a request by tag that
// is answered, the question about the digest. None for what a node already runs: admission decides on what is asked for, and that
// may be accepted for the index that holds it.
func (k *knowledge) topicsOf(a *asked) (exact, reference, digest *topic) {
	request := &a.request
	if request.Running {
		return nil, nil, nil
	}
	about := question(request)
	exact = k.open(about.Key())
	reference = k.open(admission.Question{Ref: request.Ref, ResolveOnly: true}.Key())
	if _, tagged := request.Ref.(name.Tag); tagged && a.answered && !request.ResolveOnly && a.answer.Digest != "" {
		about.Ref = request.Ref.Context().Digest(a.answer.Digest)
		digest = k.open(about.Key())
	}
	return exact, reference, digest
}

// learnOf adds a request.
func (k *knowledge) learnOf(a *asked) {
	if exact, reference, _ := k.topicsOf(a); exact != nil {
		exact.exact = append(exact.exact, a)
		reference.resolving = append(reference.resolving, a)
	}
}

// learn records the answer to a request. One to a request by tag is also one about the digest.
func (k *knowledge) learn(a *asked, answer pool.Answer) {
	_, _, before := k.topicsOf(a)
	a.answer, a.answered = answer, true
	_, _, after := k.topicsOf(a)
	if before == after {
		return
	}
	if before != nil {
		before.digests = without(before.digests, a)
		k.close(before)
	}
	if after != nil {
		after.digests = append(after.digests, a)
	}
}

// forget drops a request.
func (k *knowledge) forget(a *asked) {
	exact, reference, digest := k.topicsOf(a)
	if exact == nil {
		return
	}
	exact.exact, reference.resolving = without(exact.exact, a), without(reference.resolving, a)
	if digest != nil {
		digest.digests = without(digest.digests, a)
		k.close(digest)
	}
	k.close(exact)
	k.close(reference)
}

func without(all []*asked, one *asked) []*asked {
	return slices.DeleteFunc(all, func(a *asked) bool { return a == one })
}

func question(request *pool.Request) admission.Question {
	return admission.Question{
		Ref: request.Ref, ResolveOnly: request.ResolveOnly, Rule: request.Rule, TrustRoot: request.RootName,
	}
}

// requestsFor returns the requests that answer the questions. A tag is resolved once: the first question by a rule resolves it
// too, and all others wait for the digest, so that their answers are about the same one.
func (k *knowledge) requestsFor(questions []admission.Question) []pool.Request {
	var requests []pool.Request
	asked := map[admission.QuestionKey]bool{}
	resolved := map[string]bool{} // tags
	request := func(q admission.Question) {
		key, reference := q.Key(), q.Ref.Name()
		if _, known := k.position(q); known || asked[key] {
			return
		}
		if _, tagged := q.Ref.(name.Tag); tagged {
			if resolved[reference] || k.resolvable(q.Ref) {
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
		q = k.aboutDigest(q)
		broader, relation := k.findBroader(q)
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
func (k *knowledge) find(q admission.Question) (admission.Answer, bool) {
	if q.ResolveOnly {
		return k.resolve(q.Ref)
	}
	q = k.aboutDigest(q)
	exact, known := k.answerTo(q)
	broader, relation := k.findBroader(q)
	all, broaderKnown := k.answerTo(broader)
	switch {
	case relation == decides && broaderKnown && !known:
		return k.withRoot(broader, k.explainFormats(q, toAnswer(all), all)), true
	case known && broaderKnown && relation != unrelated:
		answer := toAnswer(exact)
		if answer.Verdict == v1alpha1.VerdictUntrusted && answer.Digest == all.Digest {
			answer = k.explainFormats(q, answer, all)
		}
		return k.withRoot(q, answer), true
	case known:
		return k.withRoot(q, toAnswer(exact)), true
	default:
		return k.unresolved(q.Ref)
	}
}

// withRoot adds to the answer to a question what the root of trust lacks that it was asked with.
func (k *knowledge) withRoot(q admission.Question, answer admission.Answer) admission.Answer {
	if a, ok := k.position(q); ok && a.request.Root != nil {
		answer.NoLogs, answer.NoCTLogs = !a.request.Root.Logs(), !a.request.Root.CTLogs()
	}
	return answer
}

// resolve returns the digest that a reference names, if it is known, and whether it was asked for. If answers disagree, the tag
// was moved between two examinations, and nothing that is known about it can be combined.
func (k *knowledge) resolve(ref name.Reference) (admission.Answer, bool) {
	found, known := pendingAnswer(), false
	about := k.about(admission.Question{Ref: ref, ResolveOnly: true}.Key())
	if about == nil {
		return found, known
	}
	for _, a := range about.resolving {
		if !a.answered {
			continue
		}
		one := toAnswer(a.answer)
		switch {
		case !known || found.Digest == "":
			found, known = one, true
		case one.Digest != "" && one.Digest != found.Digest:
			return admission.TagMoved(found.Digest, one.Digest), true
		}
	}
	return found, known
}

// resolvable reports whether a request that is known resolves a reference.
func (k *knowledge) resolvable(ref name.Reference) bool {
	about := k.about(admission.Question{Ref: ref, ResolveOnly: true}.Key())
	return about != nil && len(about.resolving) > 0
}

// unresolved returns the answer to a question by a rule about a tag whose digest is not known: why it is not known.
func (k *knowledge) unresolved(ref name.Reference) (admission.Answer, bool) {
	if _, tagged := ref.(name.Tag); !tagged {
		return pendingAnswer(), false
	}
	return k.resolve(ref)
}

// aboutDigest returns the question about the digest instead of the tag, if it is known.
func (k *knowledge) aboutDigest(q admission.Question) admission.Question {
	if tag, ok := q.Ref.(name.Tag); ok {
		if resolved, _ := k.resolve(tag); resolved.Digest != "" {
			q.Ref = tag.Context().Digest(resolved.Digest)
		}
	}
	return q
}

// answerTo returns the answer to exactly this question, and whether it was asked for.
func (k *knowledge) answerTo(q admission.Question) (pool.Answer, bool) {
	if q.Ref == nil {
		return pool.Pending(), false
	}
	if a, ok := k.position(q); ok && a.answered {
		return a.answer, true
	}
	return pool.Pending(), false
}

// position returns the request that answers exactly this question.
func (k *knowledge) position(q admission.Question) (*asked, bool) {
	switch about := k.about(q.Key()); {
	case about == nil:
		return nil, false
	case len(about.exact) > 0:
		return about.exact[0], true
	case len(about.digests) > 0:
		return about.digests[0], true
	default:
		return nil, false
	}
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
		Unlisted: result.Unlisted,
	}
}

// explainFormats returns FormatNotAccepted where the image is verified in formats that the question does not accept, and
// answer otherwise. all is the verdict in all formats of the trust.
func (k *knowledge) explainFormats(q admission.Question, answer admission.Answer, all pool.Answer) admission.Answer {
	result, accepted := current(all), q.Rule.Formats()
	if result.Verdict != v1alpha1.VerdictVerified || result.Formats.IsSubsetOf(accepted) {
		return answer
	}
	answer.Verdict, answer.Reason = v1alpha1.VerdictUntrusted, v1alpha1.FormatNotAcceptedReason
	switch others := slices.DeleteFunc(slices.Clone(result.Formats), accepted.Has); {
	case !others.HasStorage(v1alpha1.SignatureFormatBundle):
		answer.Message = "the time of its signature is proved in a way that the policy does not accept"
	case q.TrustRoot != "":
		answer.Message = fmt.Sprintf(
			"it is signed or attested with a Sigstore bundle, which policy-controller %s cannot verify with a TrustRoot", k.version)
	case accepted.HasStorage(v1alpha1.SignatureFormatBundle) && others.IsSubsetOf(policy.NewFormats(policy.RekorV2Bundle)):
		answer.Message = fmt.Sprintf("it is signed or attested with a Sigstore bundle whose log entry is of Rekor v2, "+
			"which policy-controller verifies from %s on", admission.FirstWithRekorV2())
	default:
		answer.Message = "it is signed or attested with a Sigstore bundle, which the policy does not accept"
	}
	return answer
}

func pendingAnswer() admission.Answer { return toAnswer(pool.Pending()) }
