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
	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// Fleet is the plan for the clusters of a fleet, for output as JSON.
type Fleet struct {
	Summary FleetSummary `json:"summary"`
	// Notes say what the plan assumes.
	Notes []string `json:"notes,omitempty"`
	// Clusters are sorted by name.
	Clusters []ClusterPlan `json:"clusters"`
}

// FleetSummary counts the clusters, and the workloads of all of them.
type FleetSummary struct {
	Clusters int `json:"clusters"`
	// DeniedClusters counts the clusters with a workload that would be denied.
	DeniedClusters int `json:"deniedClusters"`
	// UndeterminedClusters counts the clusters of which nothing is known. Their workloads are in no other number.
	UndeterminedClusters int `json:"undeterminedClusters"`
	PlanSummary
}

// ClusterPlan is the plan for one cluster of a fleet.
type ClusterPlan struct {
	Cluster string `json:"cluster"`
	// Outcome is the worst one of the workloads. It is Undetermined if there is a problem.
	Outcome admission.Outcome `json:"outcome"`
	// Problem says why nothing is known of the cluster. It is empty if there is a plan.
	Problem string `json:"problem,omitempty"`
	// Notes say what else is known of the cluster.
	Notes []string `json:"notes,omitempty"`
	// Trusts are those that the cluster gets.
	Trusts []ClusterTrust `json:"trusts,omitempty"`
	// Plan is nil if there is a problem.
	*Plan
	// Changes are the workloads whose outcome differs from that with other trusts.
	Changes []Change `json:"changes,omitempty"`
}

// ClusterTrust is a trust as a cluster gets it.
type ClusterTrust struct {
	Name        string               `json:"name"`
	Enforcement v1alpha1.Enforcement `json:"enforcement"`
	// Overrides are the names of the policies that change the trust for the cluster.
	Overrides []string `json:"overrides,omitempty"`
}

// Add adds the plan for a cluster.
func (f *Fleet) Add(c ClusterPlan) {
	s := &f.Summary
	s.Clusters++
	if c.Plan == nil {
		c.Outcome = admission.Undetermined
		s.UndeterminedClusters++
	} else {
		c.Outcome = c.Plan.Outcome()
		s.sum(c.Plan.Summary)
	}
	if c.Outcome == admission.Denied {
		s.DeniedClusters++
	}
	f.Clusters = append(f.Clusters, c)
}

// Outcome is the worst one of the workloads and clusters. That no cluster is known is undetermined.
func (f *Fleet) Outcome() admission.Outcome {
	switch s := &f.Summary; {
	case s.Denied > 0:
		return admission.Denied
	case s.Undetermined+s.UndeterminedClusters > 0, s.Clusters == 0:
		return admission.Undetermined
	default:
		return admission.Allowed
	}
}

// Outcome is the worst one of the workloads.
func (p *Plan) Outcome() admission.Outcome {
	switch {
	case p.Summary.Denied > 0:
		return admission.Denied
	case p.Summary.Undetermined > 0:
		return admission.Undetermined
	default:
		return admission.Allowed
	}
}

func (s *PlanSummary) sum(other PlanSummary) {
	s.Workloads += other.Workloads
	s.Denied += other.Denied
	s.Undetermined += other.Undetermined
	s.Allowed += other.Allowed
	s.Uncovered += other.Uncovered
	s.ImageVolumes += other.ImageVolumes
}
