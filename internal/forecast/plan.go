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
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Plan lists the forecasts for workloads, for output as JSON.
type Plan struct {
	Summary PlanSummary `json:"summary"`
	// Workloads are sorted by what needs attention: denied, undetermined, uncovered, allowed; then by name, and those of one
	// name as they were given.
	Workloads []PlanWorkload `json:"workloads"`
}

// PlanSummary counts workloads. An uncovered one is also counted by its outcome.
type PlanSummary struct {
	Workloads    int `json:"workloads"`
	Denied       int `json:"denied"`
	Undetermined int `json:"undetermined"`
	Allowed      int `json:"allowed"`
	// Uncovered counts the workloads with a container whose image no policy covers.
	Uncovered int `json:"uncovered"`
	// ImageVolumes counts the workloads with image volumes.
	ImageVolumes int `json:"imageVolumes,omitempty"`
	// Objects counts the objects in files that were looked at, whether they are workloads or not. It is zero for a cluster.
	Objects int `json:"objects,omitempty"`
	// Skipped counts what was found in files and not planned.
	Skipped int `json:"skipped,omitempty"`
	// RegistryRequests are those of all workloads together.
	RegistryRequests *requests.Prediction `json:"registryRequests,omitempty"`
}

// PlanWorkload is the forecast for one workload.
type PlanWorkload struct {
	Place

	// Ordinal is the place of the workload among those that the plan was made for, counted from 0. It identifies the workload
	// there: two objects in files may have the same name.
	Ordinal   int               `json:"-"`
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Outcome   admission.Outcome `json:"outcome"`
	// OnceOptedIn reports whether the outcome applies only once the namespace has opted in: until then, admission does not
	// intercept the workload.
	OnceOptedIn bool `json:"onceOptedIn,omitempty"`
	// Findings are the reasons for the outcome, one for each container and policy.
	Findings []PlanFinding `json:"findings,omitempty"`
	// Uncovered are the containers whose images no policy covers.
	Uncovered []PlanContainer `json:"uncovered,omitempty"`
	// ImageVolumes are the volumes with an image, which admission does not look at.
	ImageVolumes []PlanContainer `json:"imageVolumes,omitempty"`
	// RegistryRequests are those that policy-controller sends while the workload and its pods are created, once the namespace has
	// opted in.
	RegistryRequests *requests.Prediction `json:"registryRequests,omitempty"`
}

// Place is a place in a file. It is empty for a workload of a cluster.
type Place struct {
	File string `json:"file,omitempty"`
	// Line is counted from 1.
	Line int `json:"line,omitempty"`
}

// PlanContainer is a container with the place of its image.
type PlanContainer struct {
	Place
	admission.Container
}

// PlanFinding is why a container is denied, or why that is undetermined.
type PlanFinding struct {
	PlanContainer

	Policy  string `json:"policy,omitempty"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// NewPlan returns the plan for workloads in a cluster.
func NewPlan(cluster *admission.Cluster, workloads []inventory.Workload, judge admission.Judge) Plan {
	p := Plan{Workloads: make([]PlanWorkload, 0, len(workloads))}
	for i, one := range workloads {
		f := ForWorkload(cluster, one, judge)
		w := PlanWorkload{
			Ordinal: i, Kind: one.Kind, Namespace: one.Namespace, Name: one.Name, Outcome: f.Outcome,
			OnceOptedIn: f.Outcome == admission.Denied && cluster.Validating != nil && !f.OptedIn(),
			Findings:    planFindings(slices.Concat(f.Denials, f.Undetermined)),
			Uncovered:   planContainers(f.Uncovered), ImageVolumes: planContainers(imageVolumesOf(one)),
		}
		p.Workloads = append(p.Workloads, w)
		p.Summary.add(w)
	}
	slices.SortStableFunc(p.Workloads, func(a, b PlanWorkload) int {
		return cmp.Or(
			cmp.Compare(a.order(), b.order()), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return p
}

// Source is where a workload is written.
type Source struct {
	Place
	// Lines are those of its images: one for each container of the same name and image.
	Lines map[inventory.Container][]int
}

// Locate adds the places in files. The sources are those of the workloads that the plan was made for, in their order.
func (p *Plan) Locate(sources []Source) {
	for i := range p.Workloads {
		w := &p.Workloads[i]
		source := sources[w.Ordinal]
		w.Place = source.Place
		w.Findings = located(&source, w.Findings, func(f *PlanFinding) *PlanContainer { return &f.PlanContainer })
		w.Uncovered = located(&source, w.Uncovered, func(c *PlanContainer) *PlanContainer { return c })
		w.ImageVolumes = located(&source, w.ImageVolumes, func(c *PlanContainer) *PlanContainer { return c })
	}
}

// located returns what is about containers with the places of these. What is about several of the same name and image is repeated
// for each. The place of one whose line is not known is that of the workload.
func located[T any](s *Source, all []T, container func(*T) *PlanContainer) []T {
	var out []T
	for _, one := range all {
		lines := s.Lines[container(&one).Container]
		if len(lines) == 0 {
			lines = []int{s.Line}
		}
		for _, line := range lines {
			one := one
			container(&one).Place = Place{File: s.File, Line: line}
			out = append(out, one)
		}
	}
	return out
}

func planContainers(containers []admission.Container) []PlanContainer {
	var out []PlanContainer
	for _, c := range containers {
		out = append(out, PlanContainer{Container: c})
	}
	return out
}

// imageVolumesOf returns the image volumes in a workload's template.
func imageVolumesOf(w inventory.Workload) []admission.Container {
	var volumes []admission.Container
	for _, c := range w.Template {
		if c.Field == workload.Volumes {
			volumes = append(volumes, c)
		}
	}
	return volumes
}

// planFindings omits a finding that is not about a policy if a policy has the same one on the container: that a tag
// cannot be resolved is listed once.
func planFindings(all []admission.Finding) []PlanFinding {
	type problem struct {
		container admission.Container
		reason    string
	}
	ofPolicies := map[problem]bool{}
	for _, one := range all {
		if one.Policy != "" {
			ofPolicies[problem{one.Container, one.Reason}] = true
		}
	}
	var findings []PlanFinding
	for _, one := range all {
		if one.Policy != "" || !ofPolicies[problem{one.Container, one.Reason}] {
			findings = append(findings, PlanFinding{
				PlanContainer: PlanContainer{Container: one.Container}, Policy: one.Policy, Reason: one.Reason, Message: one.Message,
			})
		}
	}
	return findings
}

func (s *PlanSummary) add(w PlanWorkload) {
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
	if len(w.ImageVolumes) > 0 {
		s.ImageVolumes++
	}
}

// order of the workloads in a plan.
func (w PlanWorkload) order() int {
	const (
		denied = iota
		undetermined
		uncovered
		allowed
	)
	switch {
	case w.Outcome == admission.Denied:
		return denied
	case w.Outcome == admission.Undetermined:
		return undetermined
	case len(w.Uncovered) > 0, len(w.ImageVolumes) > 0:
		return uncovered
	default:
		return allowed
	}
}
