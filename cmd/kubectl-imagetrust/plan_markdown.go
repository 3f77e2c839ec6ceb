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
	"strings"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/text"
)

// maxMarkdownRows bounds the table of a plan in Markdown: GitHub shows no summary of more than a mebibyte. What would be denied comes
// first.
const maxMarkdownRows = 200

// maxMarkdownCell bounds what a cell quotes, in bytes.
const maxMarkdownCell = 300

// printPlanMarkdown writes a plan for the summary of a CI system, or a comment on a change.
func printPlanMarkdown(p *text.Printer, r *planReport) {
	p.Printf("### Image trust: ")
	printCounts(p, r)
	p.Printf("\n\n")
	if r.dependsOnVersion() {
		p.Printf("%s\n\n", text.Code(r.installed.String()))
	}
	printMarkdownTable(p, []string{"", "Workload", "Container", "Image", "Why", "Where"}, markdownRows(r))
	if !r.compared {
		return
	}
	rows := make([][]string, 0, len(r.Changes))
	for _, c := range r.Changes {
		rows = append(rows, []string{
			markdownOutcome(c.Workload.Outcome), text.Code(objectOf(&c.Workload)),
			strings.ToLower(c.Before.String()) + " → " + strings.ToLower(c.Workload.Outcome.String()), markdownPlace(c.Workload.Place),
		})
	}
	p.Printf("#### %s\n\n", text.Count(len(rows), "change"))
	printMarkdownTable(p, []string{"", "Workload", "Outcome", "Where"}, rows)
}

// printFleetMarkdown writes the plan of a fleet like that of a cluster, one after the other.
func printFleetMarkdown(p *text.Printer, r *fleetReport) {
	p.Printf("## Image trust: ")
	printFleetCounts(p, r)
	p.Printf("\n\n")
	for _, note := range r.Notes {
		p.Printf("- %s\n", text.Code(note))
	}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		p.Printf("\n%s\n\n", text.Code(c.Cluster))
		if c.Plan == nil {
			p.Printf("Undetermined: %s\n", text.Code(c.Problem))
			continue
		}
		printPlanMarkdown(p, &planReport{Plan: *c.Plan, Changes: c.Changes, compared: r.compared, installed: r.installed[c.Cluster]})
		for _, note := range c.Notes {
			p.Printf("- %s\n", text.Code(note))
		}
	}
}

func markdownRows(r *planReport) [][]string {
	var rows [][]string
	for i := range r.Workloads {
		w := &r.Workloads[i]
		row := func(outcome string, c *forecast.PlanContainer, why string) {
			rows = append(rows, []string{outcome, text.Code(objectOf(w)), cell(c.Name), cell(c.Image), why, markdownPlace(c.Place)})
		}
		for _, f := range w.Findings {
			why := f.Reason + " " + cell(f.Message)
			if f.Policy != "" {
				why += " (policy " + text.Code(f.Policy) + ")"
			}
			if w.OnceOptedIn {
				why += ", once its namespace opts in"
			}
			row(markdownOutcome(w.Outcome), &f.PlanContainer, why)
		}
		for _, c := range w.Uncovered {
			row("not covered", &c, "no policy covers the image")
		}
		for _, c := range w.ImageVolumes {
			row("not looked at", &c, "admission does not look at image volumes")
		}
	}
	for _, s := range r.Skipped {
		rows = append(rows, []string{
			"skipped", cell(s.Object), "", "", string(s.Reason) + " " + cell(s.Message), markdownPlace(forecast.Place{File: s.File, Line: s.Line}),
		})
	}
	return rows
}

// printMarkdownTable writes a table, or nothing if it has no rows.
func printMarkdownTable(p *text.Printer, header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	p.Printf("| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat(" --- |", len(header)))
	for _, row := range rows[:min(len(rows), maxMarkdownRows)] {
		p.Printf("| %s |\n", strings.Join(row, " | "))
	}
	p.Printf("\n")
	if more := len(rows) - maxMarkdownRows; more > 0 {
		p.Printf("%d more: see the plan as text or JSON.\n\n", more)
	}
}

func objectOf(w *forecast.PlanWorkload) string {
	return text.Truncate(fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name), maxMarkdownCell)
}

func cell(s string) string { return text.Code(text.Truncate(s, maxMarkdownCell)) }

func markdownPlace(place forecast.Place) string { return cell(strings.TrimSuffix(at(place), ": ")) }

func markdownOutcome(outcome admission.Outcome) string {
	switch outcome {
	case admission.Denied:
		return "**denied**"
	case admission.Undetermined:
		return "undetermined"
	default:
		return "allowed"
	}
}
