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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
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
	// images of the trust; nil while the workloads of the cluster have not been listed.
	images []assess.Image
	// overBudget are the namespaces with more images than are verified.
	overBudget []string
	// rootProblems says why there is no root of trust, by the names of signers; without those that have one.
	rootProblems map[string]string
	// forecast is what admission would do with the workloads once the trust is enforced.
	forecast forecastResult
	// policy is the trust as it is to be applied.
	policy *policy.Policy
	// desired is the ClusterImagePolicy that is to exist; nil for none.
	desired *unstructured.Unstructured
}

// decide evaluates the images of a trust, forecasts admission, and concludes which policy is to exist.
func (r *KarmadaImageTrustReconciler) decide(ctx context.Context, s *scope) decision {
	var d decision
	if s.workloads != nil {
		d = r.assess(ctx, s)
	}
	d.policy = effectivePolicy(s, &d.forecast)
	d.desired = render(s, d.policy)
	logf.FromContext(ctx).V(2).Info("Decided", "enforcement", d.policy.Enforcement, "images", len(d.images),
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
	cluster := enforcedCluster(s, own)
	budget := assess.NewBudget(s.compiled, s.workloads, assess.MaxImagesOfNamespace)
	verdicts := budget.Limit(subscription{verdicts: r.Verdicts, subscriber: s.trust.Name, since: s.cycle.since})
	fetched := s.rootsFetched()
	if !fetched {
		verdicts = assess.Pending{}
	}
	engine := &assess.Engine{
		Verdicts: verdicts,
		Root: func(ctx context.Context, name string) (*trustroot.Root, error) {
			return r.rootOfTrust(ctx, s, name).root, nil
		},
		Credentials: s.credentials,
		Trusts:      []*policy.Policy{s.compiled},
		Version:     s.versions.Range(),
	}
	images := assess.CollectImages(s.compiled, s.workloads)
	var forecasts []forecast.Forecast
	result, err := engine.Run(ctx, images.Requests(s.signerRoots(), s.trust.Status.Images), func(judge admission.Judge) {
		forecasts = forecastAll(cluster, s.workloads, judge)
	})
	if err != nil {
		return decision{forecast: forecastResult{workloads: len(s.workloads), problem: err.Error()}}
	}
	logf.FromContext(ctx).V(4).Info("Requested verdicts", "requests", len(result.Requests()))
	if fetched {
		r.Verdicts.Retain(s.trust.Name, result.Requests())
	}
	d := decision{
		images: nonNil(images.Observe(result.Answers())), overBudget: budget.Exceeded,
		forecast: forecastResult{
			workloads: len(s.workloads), problem: s.clusterProblem, pending: result.Pending(), forecasts: forecasts,
		},
	}
	if fetched {
		d.rootProblems = s.rootProblems()
	}
	switch {
	case cluster == nil:
	case !cluster.Known():
		d.forecast.problem = notSupported(s.installed)
		d.forecast.otherPolicies = otherPolicies(cluster, own, s)
	default:
		d.forecast.gaps = nonNil(forecast.Gaps(cluster, selects(s.compiled), forecasts, r.Inventory.In))
		d.forecast.otherPolicies = otherPolicies(cluster, own, s)
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

// forecastAll returns the forecast for each workload; nil while the state of admission is not known.
func forecastAll(cluster *admission.Cluster, workloads []inventory.Workload, judge admission.Judge) []forecast.Forecast {
	if cluster == nil {
		return nil
	}
	forecasts := make([]forecast.Forecast, 0, len(workloads))
	for i := range workloads {
		forecasts = append(forecasts, forecast.ForWorkload(cluster, workloads[i], judge))
	}
	return forecasts
}

// selects is what a trust is about, for the forecast.
func selects(trust *policy.Policy) forecast.Selection {
	return forecast.Selection{Selects: trust.MatchesName, Escapes: trust.EscapesAdmission}
}

// otherPolicies lists the policies in addition to the trust's own that cover its images.
func otherPolicies(cluster *admission.Cluster, own string, s *scope) []v1alpha1.OtherPolicy {
	var others []v1alpha1.OtherPolicy
	for _, other := range assess.OtherPolicies(cluster.Policies, own, s.compiled, s.workloads) {
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
	return others[:min(len(others), maxOtherPolicies)]
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
}

// Answers returns what is known for each request.
func (s subscription) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	return s.verdicts.Answers(s.subscriber, requests, s.since), nil
}
