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

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/text"
)

// planReport is the result of plan.
type planReport struct {
	forecast.Plan

	// Changes are the workloads whose outcome differs from that with the trusts given with --against.
	Changes []forecast.Change `json:"changes,omitempty"`

	// installed is what is known of policy-controller.
	installed installed.PolicyController
	// compared reports whether there was anything to compare with.
	compared bool
}

// printPlan writes a plan as text. Allowed workloads are included with all set.
func printPlan(p *text.Printer, s style, r planReport, all bool) {
	p.Printf("%d of %s would be denied", r.Summary.Denied, text.Count(r.Summary.Workloads, "workload"))
	if n := r.Summary.Undetermined; n > 0 {
		p.Printf(", %d undetermined", n)
	}
	if n := r.Summary.Uncovered; n > 0 {
		p.Printf(", %d not covered by any policy", n)
	}
	if n := r.Summary.ImageVolumes; n > 0 {
		p.Printf(", %d with image volumes, which admission does not look at", n)
	}
	p.Printf("\n")
	if r.dependsOnVersion() {
		p.Printf("  %s %s\n", s.warning("?"), r.installed.String())
	}
	for _, workload := range r.Workloads {
		printWorkload(p, s, workload, all)
	}
	if r.compared {
		printChanges(p, s, r.Changes)
	}
}

// dependsOnVersion reports whether an outcome is undetermined because the version of policy-controller is not known or not
// supported.
func (r *planReport) dependsOnVersion() bool {
	if len(r.installed.Versions) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Workloads, func(w forecast.PlanWorkload) bool {
		return slices.ContainsFunc(w.Findings, func(f forecast.PlanFinding) bool { return f.Reason == v1alpha1.PolicyControllerVersionReason })
	})
}

func printWorkload(p *text.Printer, s style, w forecast.PlanWorkload, all bool) {
	name := fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
	mark := outcomeMark(s, w.Outcome)
	for _, f := range w.Findings {
		p.Printf("  %s %s  %s: %s  %s: %s", mark, name, f.Name, f.Image, f.Reason, f.Message)
		if f.Policy != "" {
			p.Printf(" (policy %s)", f.Policy)
		}
		if w.OnceOptedIn {
			p.Printf("; once its namespace opts in")
		}
		p.Printf("\n")
	}
	for _, c := range w.Uncovered {
		p.Printf("  %s %s  %s: %s  not covered by any policy\n", s.warning("–"), name, c.Name, c.Image)
	}
	for _, c := range w.ImageVolumes {
		p.Printf("  %s %s  %s: %s  an image volume, which admission does not look at\n", s.warning("–"), name, c.Name, c.Image)
	}
	if all && w.Outcome == admission.Allowed && len(w.Uncovered)+len(w.ImageVolumes) == 0 {
		p.Printf("  %s %s\n", mark, name)
	}
}

func printChanges(p *text.Printer, s style, changes []forecast.Change) {
	if len(changes) == 0 {
		p.Printf("No changes.\n")
		return
	}
	p.Printf("%s:\n", text.Count(len(changes), "change"))
	for _, c := range changes {
		p.Printf("  %s %s %s/%s  %s → %s\n", outcomeMark(s, c.Workload.Outcome), c.Workload.Kind, c.Workload.Namespace,
			c.Workload.Name, strings.ToLower(c.Before.String()), strings.ToLower(c.Workload.Outcome.String()))
	}
}

func outcomeMark(s style, outcome admission.Outcome) text.Coloured {
	switch outcome {
	case admission.Denied:
		return s.failure("✗")
	case admission.Undetermined:
		return s.warning("?")
	default:
		return s.success("✓")
	}
}
