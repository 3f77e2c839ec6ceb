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
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
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
	// rootProblem says why there is no root of trust; empty otherwise.
	rootProblem string
}

// pass is what one pass over a trust works with.
type pass struct {
	reconciler *KarmadaImageTrustReconciler
	trust      *v1alpha1.KarmadaImageTrust
	compiled   *policy.Policy
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

// look evaluates what runs: it asks for the verdicts, and for what admission would do once the trust is enforced.
func (r *KarmadaImageTrustReconciler) look(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, applied policyOutcome, since time.Time,
) ([]assess.Image, outlook) {
	p := &pass{
		reconciler: r, trust: trust, compiled: compiled, own: trust.Name,
		roots:     map[string]rootOfTrust{},
		workloads: r.Inventory.Select(trust.Name, selection(trust), compiled.MatchesName),
	}
	if applied.condition.Reason == v1alpha1.PolicyConflictReason {
		// Another's policy has the name, and counts too.
		p.own = "KarmadaImageTrust " + trust.Name
	}
	own := p.root(ctx, compiled.TrustRoot)
	p.cluster, p.unreadable = r.onceEnforced(compiled, p.own, own)

	verdicts := assess.Verdicts(subscription{verdicts: r.Verdicts, subscriber: trust.Name, since: since})
	fetched := !errors.Is(own.err, trustroot.ErrNotFetched)
	if !fetched {
		verdicts = assess.Pending{}
	}
	engine := &assess.Engine{
		Verdicts:    verdicts,
		Root:        func(ctx context.Context, name string) (*trustroot.Root, error) { return p.root(ctx, name).root, nil },
		Credentials: r.PullSecrets.Credentials(ctx, compiled.PullSecrets),
		Trusts:      []*policy.Policy{compiled},
		Version:     r.Admission.Behavior().Version,
	}
	images := assess.CollectImages(compiled, p.workloads)
	var forecasts []forecast.Forecast
	result, err := engine.Run(ctx, images.Requests(own.root, trust.Status.Images), func(judge admission.Judge) {
		forecasts = p.forecasts(judge)
	})
	if err != nil {
		return nil, outlook{unreadable: err.Error(), workloads: len(p.workloads)}
	}
	if fetched {
		r.Verdicts.Retain(trust.Name, result.Requests())
	}
	out := p.outlook(forecasts)
	out.pending = result.Pending()
	if own.err != nil && fetched {
		out.rootProblem = own.err.Error()
	}
	return images.Observe(result.Answers()), out
}

// subscription asks the pool on behalf of one trust.
type subscription struct {
	verdicts   Verdicts
	subscriber string
	since      time.Time
}

// Answers returns what is known of each request.
func (s subscription) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	return s.verdicts.Answers(s.subscriber, requests, s.since), nil
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

// onceEnforced is the cluster as it would be with the trust enforced, or why it is not known.
func (r *KarmadaImageTrustReconciler) onceEnforced(
	compiled *policy.Policy, own string, root rootOfTrust,
) (*admission.Cluster, string) {
	cluster, err := r.Admission.Cluster()
	if err != nil {
		return nil, err.Error()
	}
	cluster.Policies = cluster.Policies.With(assess.EnforcedPolicy(own, compiled, cluster.Target(), root.root))
	return &cluster, ""
}

// forecasts of the workloads, nil while the cluster is not known.
func (p *pass) forecasts(judge admission.Judge) []forecast.Forecast {
	if p.cluster == nil {
		return nil
	}
	forecasts := make([]forecast.Forecast, 0, len(p.workloads))
	for i := range p.workloads {
		forecasts = append(forecasts, forecast.Of(p.cluster, p.workloads[i], judge))
	}
	return forecasts
}

// outlook sums up what admission would make of the workloads.
func (p *pass) outlook(forecasts []forecast.Forecast) outlook {
	if p.cluster == nil {
		return outlook{unreadable: p.unreadable, workloads: len(p.workloads)}
	}
	return outlook{
		workloads: len(p.workloads),
		forecasts: forecasts,
		obstacles: forecast.Gaps(p.cluster, forecasts, p.reconciler.Inventory.In),
		others:    p.otherPolicies(),
	}
}

// otherPolicies lists the policies in addition to the trust's own that cover its images.
func (p *pass) otherPolicies() []v1alpha1.OtherPolicy {
	var others []v1alpha1.OtherPolicy
	for _, other := range assess.OtherPolicies(p.cluster.Policies, p.own, p.compiled, p.workloads) {
		mode := "enforce"
		if other.Warn {
			mode = "warn"
		}
		others = append(others, v1alpha1.OtherPolicy{
			Name: other.Name, Mode: mode, Images: int32(other.Images), //nolint:gosec // bounded by the cluster
			Message: truncate(other.Unevaluable(), maxOtherPolicyMessage),
		})
	}
	return others[:min(len(others), maxOtherPolicies)]
}
