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

// Package forecast says what admission makes of the workloads of a cluster: which it would refuse if they were
// created anew, and what keeps a trust from being enforced. It knows no client, no clock and no network.
package forecast

import (
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Forecast is what admission would make of one workload.
type Forecast struct {
	// Workload that would be created anew.
	Workload inventory.Workload
	// Interception by the validating webhook: of the workload itself or, where that passes by, of what it creates.
	Interception admission.Interception
	// Outcome is Denied where admission refuses the workload or what it creates: as things are or, where the
	// webhook leaves the workload out for lack of an opt-in, once its namespace opts in.
	Outcome admission.Outcome
	// Denials are the reasons for Denied, one for each container and policy; empty otherwise.
	Denials []admission.Finding
	// Open are the reasons for Undetermined; empty otherwise.
	Open []admission.Finding
	// Policies that cover any of its images, by name.
	Policies []string
	// Uncovered are the containers whose images no policy covers, each once.
	Uncovered []admission.Container
}

// Effect of a refusal.
func (f *Forecast) Effect() v1alpha1.ViolationEffect {
	if f.Interception == admission.Intercepted {
		return v1alpha1.EffectWouldDeny
	}
	return v1alpha1.EffectWouldDenyOnceOptedIn
}

// OptedIn tells whether admission looks at the workload, as far as its namespace decides.
func (f *Forecast) OptedIn() bool {
	return f.Interception != admission.WebhookMissing && f.Interception != admission.NamespaceNotOptedIn
}

// Of says what admission would make of a workload.
func Of(cluster *admission.Cluster, workload inventory.Workload, judge admission.Judge) Forecast {
	f := Forecast{Workload: workload, Outcome: admission.Allowed}
	objects := AdmissionObjects(workload)
	for i, object := range objects {
		if i > 0 && cluster.Alike(objects[0], object) {
			continue
		}
		decision := decide(cluster, object, judge)
		if i == 0 || f.Interception != admission.Intercepted && decision.Interception == admission.Intercepted {
			f.Interception = decision.Interception
		}
		f.add(decision)
	}
	return f
}

// decide gives the real answer, or the one that an opt-in would bring.
func decide(cluster *admission.Cluster, object admission.Object, judge admission.Judge) admission.Decision {
	decision := cluster.Decide(object, judge)
	if decision.Interception != admission.NamespaceNotOptedIn && decision.Interception != admission.WebhookMissing {
		return decision
	}
	interception := decision.Interception
	decision = cluster.Examine(object, judge)
	decision.Interception = interception
	return decision
}

func (f *Forecast) add(decision admission.Decision) {
	for _, policy := range decision.Policies {
		if at, found := slices.BinarySearch(f.Policies, policy); !found {
			f.Policies = slices.Insert(f.Policies, at, policy)
		}
	}
	for _, container := range decision.Uncovered {
		if !slices.Contains(f.Uncovered, container) {
			f.Uncovered = append(f.Uncovered, container)
		}
	}
	switch decision.Outcome {
	case admission.Denied:
		f.Outcome, f.Open = admission.Denied, nil
		f.Denials = addNew(f.Denials, decision.Findings, admission.EffectDeny)
	case admission.Undetermined:
		if f.Outcome != admission.Denied {
			f.Outcome = admission.Undetermined
			f.Open = addNew(f.Open, decision.Findings, admission.EffectUndetermined)
		}
	case admission.Allowed:
	}
}

// addNew adds the findings of an effect that an object before did not have.
func addNew(to, findings []admission.Finding, effect admission.Effect) []admission.Finding {
	for _, finding := range findings {
		known := slices.ContainsFunc(to, func(f admission.Finding) bool {
			return f.Container == finding.Container && f.Policy == finding.Policy
		})
		if finding.Effect == effect && !known {
			to = append(to, finding)
		}
	}
	return to
}
