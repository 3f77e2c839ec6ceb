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

package controllers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// maxOtherPolicies and maxOtherPolicyMessage bound the list of other policies.
const (
	maxOtherPolicies      = 20
	maxOtherPolicyMessage = 256
)

// outlook is what admission would make of the trust's workloads once it is enforced.
type outlook struct {
	// unreadable says why nothing is known; empty otherwise.
	unreadable string
	// workloads that run images of the trust or ask for them.
	workloads int
	// pending tells that something it depends on was not examined since the operator's start.
	pending bool

	forecasts []forecast.Forecast
	obstacles []forecast.Gap
	others    []v1alpha1.OtherPolicy
}

// pass is what one pass over a trust works with.
type pass struct {
	reconciler *KarmadaImageTrustReconciler
	trust      *v1alpha1.KarmadaImageTrust
	compiled   *policy.Policy
	since      time.Time
	// own is the name that the trust's policy goes by.
	own string

	roots     map[string]rootOfTrust
	workloads []inventory.Workload
	// cluster with this trust enforced, nil while it is not known.
	cluster    *admission.Cluster
	unreadable string
}

// rootOfTrust, or why there is none.
type rootOfTrust struct {
	root *trustroot.Root
	err  error
}

// look finds out what runs, asks for the verdicts on it, and says what admission would make of it.
func (r *KarmadaImageTrustReconciler) look(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, applied policyOutcome, since time.Time,
) ([]imageObservation, outlook) {
	p := &pass{
		reconciler: r, trust: trust, compiled: compiled, since: since, own: trust.Name,
		roots:     map[string]rootOfTrust{},
		workloads: r.Inventory.Select(trust.Name, selection(trust), compiled.MatchesName),
	}
	if applied.condition.Reason == v1alpha1.PolicyConflictReason {
		// Another's policy has the name, and counts too.
		p.own = "KarmadaImageTrust " + trust.Name
	}
	own := p.root(ctx, compiled.TrustRoot)
	p.cluster, p.unreadable = r.onceEnforced(compiled, p.own, own)
	queries := collectImages(p.workloads, compiled)
	recall(queries, trust.Status.Images)

	if errors.Is(own.err, trustroot.ErrNotFetched) {
		pending := make([]pool.Answer, len(queries))
		for i := range pending {
			pending[i] = pool.Pending()
		}
		out := p.outlook(ignorant)
		out.pending = true
		return mergeImages(queries, pending), out
	}
	for i := range queries {
		queries[i].request.Rule = compiled.Rule
		queries[i].request.RootName, queries[i].request.Root = compiled.TrustRoot, own.root
	}
	answers, judge, pending := p.ask(ctx, queries)
	images := mergeImages(queries, answers)
	if own.err != nil {
		for i := range images {
			images[i].rootProblem = own.err.Error()
		}
	}
	out := p.outlook(judge)
	out.pending = pending
	return images, out
}

// recall tells which indexes vouched for what runs, as the last status has it: their tags may have moved on.
func recall(queries []imageQuery, before []v1alpha1.ImageStatus) {
	vouched := map[imageKey]string{}
	for i := range before {
		if before[i].IndexDigest != "" {
			vouched[imageKey{reference: before[i].Reference, digest: before[i].Digest}] = before[i].IndexDigest
		}
	}
	for i := range queries {
		q := &queries[i]
		if index, ok := vouched[imageKey{reference: q.reference, digest: q.digest}]; ok && q.running {
			q.request.KnownIndex = new(q.request.Ref.Context().Digest(index))
		}
	}
}

// selection changes when other images match.
func selection(trust *v1alpha1.KarmadaImageTrust) string {
	return string(trust.UID) + "/" + strconv.FormatInt(trust.Generation, 10)
}

// root of a name, looked up once in a pass.
func (p *pass) root(ctx context.Context, name string) rootOfTrust {
	if known, ok := p.roots[name]; ok {
		return known
	}
	root, err := p.reconciler.root(ctx, name)
	p.roots[name] = rootOfTrust{root, err}
	return p.roots[name]
}

// target that the trust's policy is rendered for.
func (r rootOfTrust) target(cluster *admission.Cluster) policy.Target {
	target := cluster.Target()
	if r.root != nil {
		target.TransparencyLog, target.TimestampAuthority = r.root.Logs(), r.root.Timestamps()
	}
	return target
}

// onceEnforced is the cluster as it would be with the trust enforced, or why it is not known.
func (r *KarmadaImageTrustReconciler) onceEnforced(
	compiled *policy.Policy, own string, root rootOfTrust,
) (*admission.Cluster, string) {
	cluster, err := r.Admission.Cluster()
	if err != nil {
		return nil, err.Error()
	}
	rendered := compiled.Enforced().ClusterImagePolicy(own, root.target(&cluster))
	cluster.Policies = cluster.Policies.With(admission.ParsePolicy(rendered))
	return &cluster, ""
}

// ask has the pool answer the questions about the trust's images and those of all policies that cover its
// workloads. The answers are those to the queries; the judge knows all, but for what is pending.
func (p *pass) ask(ctx context.Context, queries []imageQuery) (_ []pool.Answer, _ admission.Judge, pending bool) {
	credentials := p.reconciler.PullSecrets.Credentials(ctx, p.compiled.PullSecrets)
	requests := make([]pool.Request, 0, len(queries))
	at := map[admission.QuestionKey]int{}
	for i := range queries {
		request := queries[i].request
		request.Credentials = credentials
		if !request.Running {
			at[admission.Question{Ref: request.Ref, Rule: request.Rule, TrustRoot: request.RootName}.Key()] = len(requests)
		}
		requests = append(requests, request)
	}
	for _, q := range p.questions() {
		key := q.Key()
		if _, ok := at[key]; ok {
			continue
		}
		if _, ok := p.implied(at, q); ok {
			continue
		}
		at[key] = len(requests)
		requests = append(requests, pool.Request{
			Ref: q.Ref, ResolveOnly: q.Rule == nil, Rule: q.Rule, RootName: q.TrustRoot, Root: p.root(ctx, q.TrustRoot).root,
			Credentials: credentials,
		})
	}
	answers := p.reconciler.Verdicts.Answers(p.trust.Name, requests, p.since)
	pending = slices.ContainsFunc(answers, func(a pool.Answer) bool { return !a.Known })
	return answers[:len(queries)], func(q admission.Question) admission.Answer {
		i, ok := at[q.Key()]
		if !ok {
			if i, ok = p.implied(at, q); ok {
				return narrowed(q, judged(answers[i]), answers[i])
			}
			// It arose from an answer that has just landed; the next pass asks it.
			return ignorant(q)
		}
		return judged(answers[i])
	}, pending
}

// implied finds the trust's own question that answers another one, which asks for the same in fewer forms.
func (p *pass) implied(at map[admission.QuestionKey]int, q admission.Question) (int, bool) {
	if q.Rule == nil || q.TrustRoot != p.compiled.TrustRoot || !q.Rule.DecidedBy(p.compiled.Rule) {
		return 0, false
	}
	i, ok := at[admission.Question{Ref: q.Ref, Rule: p.compiled.Rule, TrustRoot: q.TrustRoot}.Key()]
	return i, ok
}

// narrowed is the answer to a question about fewer forms than were asked about.
func narrowed(q admission.Question, known admission.Answer, from pool.Answer) admission.Answer {
	result := from.Result
	if result.Verdict == v1alpha1.VerdictUnknown && from.Last != nil {
		result = *from.Last
	}
	if result.Verdict != v1alpha1.VerdictVerified || result.Formats.IsSubsetOf(q.Rule.Formats()) {
		return known
	}
	message := "it is signed or attested as a Sigstore bundle, which the policy does not take"
	if q.TrustRoot != "" {
		message = "it is signed or attested as a Sigstore bundle, which policy-controller v0.14 cannot judge by a TrustRoot"
	}
	known.Verdict, known.Reason, known.Message = v1alpha1.VerdictUntrusted, v1alpha1.FormatNotAcceptedReason, message
	return known
}

// questions that the forecasts depend on, in a fixed order.
func (p *pass) questions() []admission.Question {
	if p.cluster == nil {
		return nil
	}
	return forecast.Questions(p.cluster, p.workloads)
}

// ignorant is a judge that knows nothing yet.
func ignorant(admission.Question) admission.Answer {
	pending := pool.Pending().Result
	return admission.Answer{Verdict: pending.Verdict, Reason: pending.Reason, Message: pending.Message}
}

// judged is what admission goes by. What cannot be checked now stands as it last was.
func judged(answer pool.Answer) admission.Answer {
	result := answer.Result
	if result.Verdict == v1alpha1.VerdictUnknown && answer.Last != nil {
		result = *answer.Last
	}
	return admission.Answer{Digest: answer.Digest, Verdict: result.Verdict, Reason: result.Reason, Message: result.Message}
}

// outlook sums up what admission would make of the workloads.
func (p *pass) outlook(judge admission.Judge) outlook {
	if p.cluster == nil {
		return outlook{unreadable: p.unreadable, workloads: len(p.workloads)}
	}
	forecasts := make([]forecast.Forecast, 0, len(p.workloads))
	for i := range p.workloads {
		forecasts = append(forecasts, forecast.Of(p.cluster, p.workloads[i], judge))
	}
	return outlook{
		workloads: len(p.workloads),
		forecasts: forecasts,
		obstacles: forecast.Gaps(p.cluster, forecasts, p.reconciler.Inventory.In),
		others:    p.otherPolicies(),
	}
}

// otherPolicies lists the policies beside the trust's own that cover its images.
func (p *pass) otherPolicies() []v1alpha1.OtherPolicy {
	collector := imageCollector{compiled: p.compiled, parsed: map[string]*parsedImage{}}
	covered := map[string]map[string]bool{} // images by policy
	for i := range p.workloads {
		for _, object := range forecast.AdmissionObjects(p.workloads[i]) {
			for _, container := range object.Containers {
				image := collector.parse(container.Image)
				if image == nil {
					continue
				}
				for _, other := range p.cluster.Policies.Covering(admission.WithDigest(image.ref), object) {
					if covered[other.Name] == nil {
						covered[other.Name] = map[string]bool{}
					}
					covered[other.Name][image.ref.Name()] = true
				}
			}
		}
	}
	delete(covered, p.own)
	var others []v1alpha1.OtherPolicy
	for policyName, images := range covered {
		other := p.cluster.Policies.Get(policyName)
		mode := "enforce"
		if other.Warn {
			mode = "warn"
		}
		others = append(others, v1alpha1.OtherPolicy{
			Name: policyName, Mode: mode, Images: int32(len(images)), //nolint:gosec // bounded by the cluster
			Message: truncate(other.Unevaluable(), maxOtherPolicyMessage),
		})
	}
	slices.SortFunc(others, func(a, b v1alpha1.OtherPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return others[:min(len(others), maxOtherPolicies)]
}
