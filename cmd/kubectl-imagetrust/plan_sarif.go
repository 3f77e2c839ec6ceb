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

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/sarif"
)

// sarifPlan collects the results of plan for a code scanning service: what would be denied is an error, what is undetermined a
// warning, and what no policy is about, or was not planned, a note. A workload of a cluster has no place in a file; its name is the
// place.
type sarifPlan struct {
	rules   []sarif.Rule
	results []sarif.Result
}

func newSARIFPlan() *sarifPlan { return &sarifPlan{rules: planRules()} }

// add adds a plan. The cluster is empty if there is only one.
func (p *sarifPlan) add(plan *forecast.Plan, cluster string) {
	for i := range plan.Workloads {
		w := &plan.Workloads[i]
		level := sarif.Warning
		if w.Outcome == admission.Denied {
			level = sarif.Error
		}
		for _, f := range w.Findings {
			message := f.Message
			if f.Policy != "" {
				message += fmt.Sprintf(" (policy %s)", f.Policy)
			}
			if w.OnceOptedIn {
				message += "; once its namespace opts in"
			}
			p.container(w, &f.PlanContainer, cluster, f.Reason, level, message)
		}
		for _, c := range w.Uncovered {
			p.container(w, &c, cluster, ruleNotCovered, sarif.Note, "it is not covered by any policy")
		}
		for _, c := range w.ImageVolumes {
			p.container(w, &c, cluster, ruleImageVolume, sarif.Note, "it is an image volume, which admission does not look at")
		}
	}
}

func (p *sarifPlan) container(
	w *forecast.PlanWorkload, c *forecast.PlanContainer, cluster, rule string, level sarif.Level, message string,
) {
	name := strings.TrimPrefix(strings.Join([]string{cluster, w.Kind, w.Namespace, w.Name, c.Name}, "/"), "/")
	object := fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
	if cluster != "" {
		object += " in " + cluster
	}
	p.result(c.Place, sarif.Result{
		Rule: rule, Level: level, Message: fmt.Sprintf("%s: the image of %s, %s: %s", object, c.Name, c.Image, message),
		Name: name, Kind: "object",
	})
}

// skip adds what was not planned.
func (p *sarifPlan) skip(skipped []manifests.Skipped) {
	for _, s := range skipped {
		message := s.Message
		if s.Object != "" {
			message = s.Object + ": " + message
		}
		level := sarif.Note
		if s.Reason == manifests.UnknownImage {
			level = sarif.Warning
		}
		p.result(forecast.Place{File: s.File, Line: s.Line}, sarif.Result{Rule: string(s.Reason), Level: level, Message: message})
	}
}

// undetermined adds a cluster of which nothing is known.
func (p *sarifPlan) undetermined(cluster, problem string) {
	p.result(forecast.Place{}, sarif.Result{
		Rule: ruleClusterUnknown, Level: sarif.Warning, Message: fmt.Sprintf("nothing is known of %s: %s", cluster, problem),
		Name: cluster, Kind: "object",
	})
}

// result adds a result at a place. Standard input is not a file that a service could show. A reason that is not described has a rule
// all the same, so that no result is lost.
func (p *sarifPlan) result(place forecast.Place, r sarif.Result) {
	switch place.File {
	case "":
	case manifests.StandardInput:
		r.Message = at(place) + r.Message
	default:
		r.File, r.Line = place.File, place.Line
	}
	if !slices.ContainsFunc(p.rules, func(known sarif.Rule) bool { return known.ID == r.Rule }) {
		p.rules = append(p.rules, sarif.Rule{ID: r.Rule, Level: r.Level, Summary: r.Rule + ".", Help: "See docs/troubleshooting.md."})
	}
	p.results = append(p.results, r)
}
