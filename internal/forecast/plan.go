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

package forecast

import (
	"cmp"
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// Plan is what admission would make of workloads.
type Plan struct {
	Summary PlanSummary `json:"summary"`
	// Workloads that are not simply admitted come first: refused, undetermined, uncovered, admitted; then by name.
	Workloads []PlanWorkload `json:"workloads"`
}

// Summary counts workloads. An uncovered one is also counted by its outcome.
type PlanSummary struct {
	Workloads    int `json:"workloads"`
	Denied       int `json:"denied"`
	Undetermined int `json:"undetermined"`
	Allowed      int `json:"allowed"`
	// Uncovered have a container whose image no policy is about.
	Uncovered int `json:"uncovered"`
}

// Workload and what admission makes of it.
type PlanWorkload struct {
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Outcome   admission.Outcome `json:"outcome"`
	// OnceOptedIn tells that admission lets the workload pass as things are, because it does not look at it.
	OnceOptedIn bool `json:"onceOptedIn,omitempty"`
	// Findings are the reasons, one for each container and policy.
	Findings []PlanFinding `json:"findings,omitempty"`
	// Uncovered containers.
	Uncovered []PlanContainer `json:"uncovered,omitempty"`
}

// Container of a workload, and its image as written.
type PlanContainer struct {
	Name  string `json:"container"`
	Image string `json:"image"`
}

// Finding is why a container is refused, or why that is not known.
type PlanFinding struct {
	PlanContainer
	Policy  string `json:"policy,omitempty"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// Of workloads in a cluster.
func NewPlan(cluster *admission.Cluster, workloads []inventory.Workload, judge admission.Judge) Plan {
	p := Plan{Workloads: make([]PlanWorkload, 0, len(workloads))}
	for _, one := range workloads {
		f := Of(cluster, one, judge)
		w := PlanWorkload{Kind: one.Kind, Namespace: one.Namespace, Name: one.Name, Outcome: f.Outcome}
		w.OnceOptedIn = f.Outcome == admission.Denied && cluster.Validating != nil && !f.OptedIn()
		w.Findings = planFindings(slices.Concat(f.Denials, f.Open))
		for _, c := range f.Uncovered {
			w.Uncovered = append(w.Uncovered, PlanContainer{c.Name, c.Image})
		}
		p.Workloads = append(p.Workloads, w)
		p.Summary.count(w)
	}
	slices.SortStableFunc(p.Workloads, func(a, b PlanWorkload) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return p
}

// findings without those that a policy's on the same container repeats: a tag that cannot be looked up is one thing.
func planFindings(all []admission.Finding) []PlanFinding {
	var kept []PlanFinding
	for _, one := range all {
		repeated := one.Policy == "" && slices.ContainsFunc(all, func(other admission.Finding) bool {
			return other.Policy != "" && other.Container == one.Container && other.Reason == one.Reason
		})
		if !repeated {
			kept = append(kept, PlanFinding{
				PlanContainer: PlanContainer{one.Container.Name, one.Container.Image},
				Policy:        one.Policy, Reason: one.Reason, Message: one.Message,
			})
		}
	}
	return kept
}

func (s *PlanSummary) count(w PlanWorkload) {
	s.Workloads++
	switch w.Outcome {
	case admission.Denied:
		s.Denied++
	case admission.Undetermined:
		s.Undetermined++
	case admission.Allowed:
		s.Allowed++
	}
	if len(w.Uncovered) > 0 {
		s.Uncovered++
	}
}

func (w PlanWorkload) rank() int {
	switch {
	case w.Outcome == admission.Denied:
		return 0
	case w.Outcome == admission.Undetermined:
		return 1
	case len(w.Uncovered) > 0:
		return 2
	default:
		return 3
	}
}
