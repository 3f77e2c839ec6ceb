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
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
)

// planReport is what is printed of a plan.
type planReport struct {
	forecast.Plan

	// Changes since the trusts given with --against.
	Changes []forecast.Change `json:"changes,omitempty"`

	compared bool
}

func printPlan(s streams, output string, r planReport) error {
	var text string
	switch output {
	case "json":
		encoded, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		text = string(encoded) + "\n"
	case "yaml":
		encoded, err := yaml.Marshal(r)
		if err != nil {
			return err
		}
		text = string(encoded)
	default:
		text = describePlan(styleFor(s.Out), r, output == "wide")
	}
	_, err := fmt.Fprint(s.Out, text)
	return err
}

// describePlan for people, the admitted workloads only where all are asked for.
func describePlan(s style, r planReport, all bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %s would be refused", r.Summary.Denied, many(r.Summary.Workloads, "workload"))
	if n := r.Summary.Undetermined; n > 0 {
		fmt.Fprintf(&b, ", of %d it cannot be told now", n)
	}
	if n := r.Summary.Uncovered; n > 0 {
		fmt.Fprintf(&b, ", %d %s not covered by any policy", n, isOrAre(n))
	}
	b.WriteString("\n")
	for _, w := range r.Workloads {
		describeWorkload(&b, s, w, all)
	}
	if r.compared {
		describeChanges(&b, s, r.Changes)
	}
	return b.String()
}

func describeWorkload(b *strings.Builder, s style, w forecast.PlanWorkload, all bool) {
	name := fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
	mark := outcomeMark(s, w.Outcome)
	for _, f := range w.Findings {
		fmt.Fprintf(b, "  %s %s  %s: %s  %s: %s", mark, name, f.Name, f.Image, f.Reason, f.Message)
		if f.Policy != "" {
			fmt.Fprintf(b, " (policy %s)", f.Policy)
		}
		if w.OnceOptedIn {
			b.WriteString("; once its namespace opts in")
		}
		b.WriteString("\n")
	}
	for _, c := range w.Uncovered {
		fmt.Fprintf(b, "  %s %s  %s: %s  not covered by any policy\n", s.warning("–"), name, c.Name, c.Image)
	}
	if all && w.Outcome == admission.Allowed && len(w.Uncovered) == 0 {
		fmt.Fprintf(b, "  %s %s\n", mark, name)
	}
}

func describeChanges(b *strings.Builder, s style, changes []forecast.Change) {
	if len(changes) == 0 {
		b.WriteString("Nothing changes.\n")
		return
	}
	fmt.Fprintf(b, "%s:\n", many(len(changes), "change"))
	for _, c := range changes {
		fmt.Fprintf(b, "  %s %s %s/%s  %s → %s\n", outcomeMark(s, c.Workload.Outcome), c.Workload.Kind, c.Workload.Namespace,
			c.Workload.Name, strings.ToLower(string(c.Before)), strings.ToLower(string(c.Workload.Outcome)))
	}
}

func outcomeMark(s style, outcome admission.Outcome) string {
	switch outcome {
	case admission.Denied:
		return s.failure("✗")
	case admission.Undetermined:
		return s.warning("?")
	default:
		return s.success("✓")
	}
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
