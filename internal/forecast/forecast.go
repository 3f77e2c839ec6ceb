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

// Package forecast predicts the decisions of admission on the workloads of a cluster: which of them would be denied if
// they were recreated, and which gaps keep a trust from being enforced. It has no client, no clock and no network
// access.
package forecast

import (
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Forecast is the decision of admission on one workload, if it were recreated.
type Forecast struct {
	Workload inventory.Workload
	// Interception by the validating webhook: of the workload itself or, if the webhook does not intercept it, of the
	// objects that its controller creates.
	Interception admission.Interception
	// Outcome is Denied if admission denies the workload or an object that its controller creates. For a workload in a
	// namespace that has not opted in, it is the outcome once the namespace has.
	Outcome admission.Outcome
	// Denials are the reasons for Denied, one for each container and policy; otherwise empty.
	Denials []admission.Finding
	// Undetermined are the reasons for Undetermined; otherwise empty.
	Undetermined []admission.Finding
	// Policies that cover at least one of its images, by name.
	Policies []string
	// Uncovered are the containers whose images no policy covers.
	Uncovered []admission.Container
}

// Effect of a denial.
func (f *Forecast) Effect() v1alpha1.ViolationEffect {
	if f.Interception == admission.Intercepted {
		return v1alpha1.EffectWouldDeny
	}
	return v1alpha1.EffectWouldDenyOnceOptedIn
}

// OptedIn reports whether admission intercepts the workload, as far as that depends on its namespace.
func (f *Forecast) OptedIn() bool {
	return f.Interception != admission.WebhookMissing && f.Interception != admission.NamespaceNotOptedIn
}

// ForWorkload returns the forecast for a workload.
func ForWorkload(cluster *admission.Cluster, workload inventory.Workload, judge admission.Judge) Forecast {
	m := merger{
		forecast: Forecast{Workload: workload, Outcome: admission.Allowed},
		denials:  map[findingKey]bool{}, undetermined: map[findingKey]bool{}, uncovered: map[admission.Container]bool{},
	}
	for i, object := range distinctObjects(cluster, workload) {
		decision := decide(cluster, object, judge)
		if f := &m.forecast; i == 0 || f.Interception != admission.Intercepted && decision.Interception == admission.Intercepted {
			f.Interception = decision.Interception
		}
		m.add(decision)
	}
	return m.forecast
}

// distinctObjects returns the objects that admission sees when a workload is recreated, without those that get the same
// decision as the first one.
func distinctObjects(cluster *admission.Cluster, workload inventory.Workload) []admission.Object {
	objects := AdmissionObjects(workload)
	var distinct []admission.Object
	for i, object := range objects {
		if i == 0 || !cluster.SameDecision(objects[0], object) {
			distinct = append(distinct, object)
		}
	}
	return distinct
}

// decide returns the decision on an object. If the webhook does not intercept it for lack of an opt-in, it is the
// decision once there is one.
func decide(cluster *admission.Cluster, object admission.Object, judge admission.Judge) admission.Decision {
	interception := cluster.Interception(object)
	switch interception {
	case admission.NamespaceNotOptedIn, admission.WebhookMissing:
		decision := cluster.Examine(object, judge)
		decision.Interception = interception
		return decision
	case admission.RulesExclude, admission.ObjectExcluded:
		decision := cluster.Decide(object, judge)
		decision.Uncovered = cluster.Uncovered(object)
		return decision
	case admission.Intercepted, admission.InterceptionUnknown:
	}
	return cluster.Decide(object, judge)
}

// merger merges the decisions on the objects of a workload.
type merger struct {
	forecast Forecast
	// denials, undetermined and uncovered are what the lists of the forecast hold.
	denials, undetermined map[findingKey]bool
	uncovered             map[admission.Container]bool
}

// findingKey is what a forecast has one finding on.
type findingKey struct {
	container admission.Container
	policy    string
}

// add adds the decision on one of the workload's objects: the worst outcome counts.
func (m *merger) add(decision admission.Decision) {
	f := &m.forecast
	for _, policy := range decision.Policies {
		if at, found := slices.BinarySearch(f.Policies, policy); !found {
			f.Policies = slices.Insert(f.Policies, at, policy)
		}
	}
	for _, container := range decision.Uncovered {
		if !m.uncovered[container] {
			m.uncovered[container] = true
			f.Uncovered = append(f.Uncovered, container)
		}
	}
	switch decision.Outcome {
	case admission.Denied:
		f.Outcome, f.Undetermined = admission.Denied, nil
		f.Denials = addNew(f.Denials, m.denials, decision.Findings, admission.EffectDeny)
	case admission.Undetermined:
		if f.Outcome != admission.Denied {
			f.Outcome = admission.Undetermined
			f.Undetermined = addNew(f.Undetermined, m.undetermined, decision.Findings, admission.EffectUndetermined)
		}
	case admission.Allowed:
	}
}

// addNew adds the findings of an effect, except for those on a container and a policy that there is one on already.
func addNew(to []admission.Finding, known map[findingKey]bool, findings []admission.Finding, effect admission.Effect) []admission.Finding {
	for _, finding := range findings {
		if key := (findingKey{finding.Container, finding.Policy}); finding.Effect == effect && !known[key] {
			known[key] = true
			to = append(to, finding)
		}
	}
	return to
}
