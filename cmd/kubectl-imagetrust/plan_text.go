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
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/text"
)

// planReport is the result of plan.
type planReport struct {
	forecast.Plan

	// Skipped is what was found in the files and not planned.
	Skipped []manifests.Skipped `json:"skipped,omitempty"`
	// Changes are the workloads whose outcome differs from that with the trusts given with --against.
	Changes []forecast.Change `json:"changes,omitempty"`

	// installed is what is known of policy-controller.
	installed installed.PolicyController
	// ofFiles reports whether the workloads are those of files.
	ofFiles bool
	// compared reports whether there was anything to compare with.
	compared bool
}

func newPlanReport(plan forecast.Plan, input *planInput) *planReport {
	r := &planReport{Plan: plan, installed: input.installed, Skipped: input.allSkipped(), ofFiles: input.cluster.OfFiles}
	r.Summary.Objects, r.Summary.Skipped = input.objects, len(r.Skipped)
	return r
}

// compare adds what changes from another plan of the same workloads.
func (r *planReport) compare(before forecast.Plan) {
	r.Changes, r.compared = forecast.Changes(before, r.Plan), true
}

// printPlan writes a plan as text. Allowed workloads, and all that was skipped, are included with all set.
func printPlan(p *text.Printer, s style, r *planReport, all bool) {
	printCounts(p, r)
	p.Printf("\n")
	if r.dependsOnVersion() {
		p.Printf("  %s %s\n", s.warning("?"), r.installed.String())
	}
	for _, workload := range r.Workloads {
		printWorkload(p, s, workload, all)
	}
	printSkipped(p, s, r.Skipped, all)
	printRequests(p, r.Summary.RegistryRequests, all)
	if r.compared {
		printChanges(p, s, r.Changes)
	}
}

// printCounts writes what a plan says in one sentence.
func printCounts(p *text.Printer, r *planReport) {
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
	if n := r.Summary.Skipped; n > 0 {
		p.Printf(", %d skipped (%s)", n, countReasons(r.Skipped))
	}
	if r.ofFiles && r.Summary.Workloads == 0 {
		p.Printf("; %s looked at", text.Count(r.Summary.Objects, "object"))
	}
}

// maxSkipped is how many lines the text has about what was skipped for one reason: many files of values must not hide the one
// object whose image is not known.
const maxSkipped = 5

func printSkipped(p *text.Printer, s style, skipped []manifests.Skipped, all bool) {
	printed := map[manifests.SkipReason]int{}
	for _, one := range skipped {
		if printed[one.Reason]++; printed[one.Reason] > maxSkipped && !all {
			continue
		}
		p.Printf("  %s %s", s.warning("–"), at(forecast.Place{File: one.File, Line: one.Line}))
		if one.Object != "" {
			p.Printf("%s: ", one.Object)
		}
		p.Printf("skipped: %s: %s\n", one.Reason, one.Message)
	}
	for _, reason := range slices.Sorted(maps.Keys(printed)) {
		if more := printed[reason] - maxSkipped; more > 0 && !all {
			p.Printf("  %s %d more skipped: %s; -o wide lists all\n", s.warning("–"), more, reason)
		}
	}
}

// countReasons counts what was skipped by its reason, the most frequent first.
func countReasons(skipped []manifests.Skipped) string {
	counts := map[manifests.SkipReason]int{}
	for _, one := range skipped {
		counts[one.Reason]++
	}
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b manifests.SkipReason) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	parts := make([]string, 0, len(reasons))
	for _, reason := range reasons {
		parts = append(parts, fmt.Sprintf("%d %s", counts[reason], reason))
	}
	return strings.Join(parts, ", ")
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
		p.Printf("  %s %s%s  %s: %s  %s: %s", mark, at(f.Place), name, f.Name, f.Image, f.Reason, f.Message)
		if f.Policy != "" {
			p.Printf(" (policy %s)", f.Policy)
		}
		if w.OnceOptedIn {
			p.Printf("; once its namespace opts in")
		}
		p.Printf("\n")
	}
	for _, c := range w.Uncovered {
		p.Printf("  %s %s%s  %s: %s  not covered by any policy\n", s.warning("–"), at(c.Place), name, c.Name, c.Image)
	}
	for _, c := range w.ImageVolumes {
		p.Printf("  %s %s%s  %s: %s  an image volume, which admission does not look at\n", s.warning("–"), at(c.Place), name, c.Name, c.Image)
	}
	if all && w.Outcome == admission.Allowed && len(w.Uncovered)+len(w.ImageVolumes) == 0 {
		p.Printf("  %s %s%s\n", mark, at(w.Place), name)
	}
}

// at formats a place in a file as compilers do; it is empty for a workload of a cluster.
func at(place forecast.Place) string {
	switch {
	case place.File == "":
		return ""
	case place.Line == 0:
		return place.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", place.File, place.Line)
}

func printChanges(p *text.Printer, s style, changes []forecast.Change) {
	if len(changes) == 0 {
		p.Printf("No changes.\n")
		return
	}
	p.Printf("%s:\n", text.Count(len(changes), "change"))
	for _, c := range changes {
		p.Printf("  %s %s%s %s/%s  %s → %s\n", outcomeMark(s, c.Workload.Outcome), at(c.Workload.Place), c.Workload.Kind, c.Workload.Namespace,
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
