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
	"time"

	"go.opentelemetry.io/otel/trace"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// maxOtherPolicies and maxOtherPolicyMessage bound the list of other policies.
const (
	maxOtherPolicies      = 20
	maxOtherPolicyMessage = 256
)

// decision is what a reconciliation concluded, before it changes anything.
type decision struct {
	// records of the images and the workloads; nil while the workloads of the cluster have not been listed.
	records *records
	// overBudget are the namespaces with more images than are verified.
	overBudget []string
	// forecast is what admission would do with the workloads once the trust is enforced.
	forecast forecastResult
	// policy is the trust as it is to be applied.
	policy *policy.Policy
	// desired is the ClusterImagePolicy that is to exist; nil for none.
	desired *unstructured.Unstructured
}

// images counts the images of the trust.
func (d *decision) images() int {
	if d.records == nil {
		return 0
	}
	return d.records.images.all
}

// decide evaluates the images of a trust, forecasts admission, and concludes which policy is to exist.
func (r *KarmadaImageTrustReconciler) decide(ctx context.Context, s *scope) decision {
	var d decision
	if s.listed {
		d = r.assess(ctx, s)
	}
	d.policy = effectivePolicy(s, &d.forecast)
	d.desired = render(s, d.policy)
	logf.FromContext(ctx).V(2).Info("Decided", "enforcement", d.policy.Enforcement,
		"workloads", d.forecast.workloads, "pending", d.forecast.pending, "gaps", len(d.forecast.gaps))
	return d
}

// effectivePolicy returns the trust with the enforcement that it is applied with, which is that of its spec. A promotion
// from Warn to Enforce that depends on the forecast belongs here: the forecast exists, and nothing has been applied yet.
func effectivePolicy(s *scope, _ *forecastResult) *policy.Policy {
	return s.compiled
}

// assess requests the verdicts that the trust and admission depend on, and forecasts admission with what is known.
func (r *KarmadaImageTrustReconciler) assess(ctx context.Context, s *scope) decision {
	own := r.ownName(ctx, s)
	work, isNew := r.works.of(s, own)
	if isNew {
		r.Inventory.Forget(s.trust.Name) // which has it tell everything
	}
	verdicts := subscription{verdicts: r.Verdicts, subscriber: s.trust.Name, since: s.cycle.since, fetched: s.rootsFetched()}
	again := work.asks != verdicts.terms()
	work.asks = verdicts.terms()
	cluster := enforcedCluster(s, own)
	pass := assess.Pass{
		Workloads: r.Inventory.Changes(s.trust.Name, work.basis.selection, s.compiled),
		Cluster:   cluster, Inventory: r.Inventory, Images: &r.images, Verdicts: verdicts, Again: again,
		Root: func(ctx context.Context, name string) (*trustroot.Root, error) {
			return r.rootOfTrust(ctx, s, name).root, nil
		},
		Known: s.trust.Status.Images, Version: s.versions.Range(),
	}
	if cluster != nil {
		pass.Delta = r.Admission.Since(work.tracker.Epoch())
	}
	changed, err := work.tracker.Update(ctx, pass)
	if err != nil {
		r.works.drop(s.trust.Name)
		return decision{forecast: forecastResult{problem: err.Error()}}
	}
	if verdicts.fetched && !work.retained {
		r.Verdicts.Retain(s.trust.Name, work.tracker.Requests())
		work.retained = true
	}
	d := decision{
		records: &work.records, overBudget: work.tracker.OverBudget(),
		forecast: forecastResult{workloads: work.tracker.Len(), problem: s.clusterProblem, pending: work.tracker.Pending()},
	}
	if cluster != nil {
		d.forecast.tally = work.tracker.Tally()
	}
	basis := basis{trust: s.trust, now: s.now}
	if verdicts.fetched {
		basis.rootProblems = s.rootProblems()
	}
	d.records.update(work.tracker, changed, basis, d.forecast.decided())
	if cluster == nil {
		return d
	}
	d.forecast.otherPolicies = otherPolicies(work.tracker.OtherPolicies(cluster.Policies))
	if cluster.Known() {
		d.forecast.gaps = nonNil(work.tracker.Gaps())
	} else {
		d.forecast.problem = notSupported(s.installed)
	}
	return d
}

// ownName is the name of the trust's policy in the forecast. It differs from the trust's name while a policy that is not
// the trust's has that name, since that policy counts as well.
func (r *KarmadaImageTrustReconciler) ownName(ctx context.Context, s *scope) string {
	if s.policy.cached == nil || s.compiled.Mode() == "" || metav1.IsControlledBy(s.policy.cached, s.trust) {
		return s.trust.Name
	}
	if current, err := r.livePolicy(ctx, s); err == nil && current != nil && ownerOf(s.trust, current) == ownerOther {
		return v1alpha1.KarmadaImageTrustKind + " " + s.trust.Name
	}
	return s.trust.Name
}

// enforcedCluster is the state of admission with the trust enforced; nil while the state is not known.
func enforcedCluster(s *scope, own string) *admission.Cluster {
	if s.cluster == nil {
		return nil
	}
	cluster := *s.cluster
	cluster.Policies = cluster.Policies.With(assess.EnforcedPolicy(own, s.compiled, &cluster, s.signerRoots()))
	return &cluster
}

// otherPolicies lists the policies in addition to the trust's own that cover its images.
func otherPolicies(all []assess.OtherPolicy) []v1alpha1.OtherPolicy {
	var others []v1alpha1.OtherPolicy
	for _, other := range all[:min(len(all), maxOtherPolicies)] {
		mode := modeEnforce
		if other.Warn {
			mode = modeWarn
		}
		others = append(others, v1alpha1.OtherPolicy{
			Name: other.Name, Mode: mode,
			Images:  int32(other.Images), //nolint:gosec // bounded by the number of containers in a cluster
			Message: text.Truncate(other.Unevaluable(), maxOtherPolicyMessage),
		})
	}
	return others
}

// render returns the ClusterImagePolicy that is to exist; nil for none. While it is unknown what the policy has to be
// rendered for, the policy in the cluster is kept if it fits any of the possibilities; otherwise it is the strictest.
func render(s *scope, p *policy.Policy) *unstructured.Unstructured {
	var config *admission.Config
	if s.cluster != nil {
		config = &s.cluster.Config
	}
	var strictest *unstructured.Unstructured
	for _, target := range assess.Targets(p, s.signerRoots(), s.versions, config, s.policy.cached) {
		desired := p.ClusterImagePolicy(s.trust.Name, target)
		if desired == nil {
			return nil
		}
		desired.SetOwnerReferences([]metav1.OwnerReference{s.trust.ControllerReference()})
		if isUpToDate(s.trust, desired, s.policy.cached) {
			return desired
		}
		if strictest == nil {
			strictest = desired
		}
	}
	return strictest
}

// subscription requests verdicts from the pool on behalf of one trust.
type subscription struct {
	verdicts   Verdicts
	subscriber string
	since      time.Time
	// fetched reports whether the roots of trust have been fetched. Nothing is requested before that.
	fetched bool
}

// terms are what requests are made on. On others, they are made anew.
type terms struct {
	since   time.Time
	fetched bool
}

func (s subscription) terms() terms { return terms{since: s.since, fetched: s.fetched} }

// Answers returns what is known for each request.
func (s subscription) Answers(ctx context.Context, requests []pool.Request) ([]pool.Answer, error) {
	if !s.fetched {
		return assess.Pending{}.Answers(ctx, requests)
	}
	if cause := trace.SpanContextFromContext(ctx); cause.IsValid() {
		for i := range requests {
			requests[i].Cause = cause
		}
	}
	return s.verdicts.Answers(s.subscriber, requests, s.since), nil
}

// Changes returns the answers that changed.
func (s subscription) Changes() []pool.Answered {
	if !s.fetched {
		return nil
	}
	return s.verdicts.Changes(s.subscriber)
}

// Release drops requests.
func (s subscription) Release(keys []pool.Key) { s.verdicts.Release(s.subscriber, keys) }
