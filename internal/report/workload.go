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

package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// workloads returns the rows of all workloads that were planned.
func (s *Source) workloads(teamLabel string) []Workload {
	var finders []*assess.Finder
	for i := range s.Trusts {
		if one := &s.Trusts[i]; one.Compiled != nil {
			finders = append(finders, assess.NewFinder(one.Compiled, one.Images))
		}
	}
	rows := make([]Workload, 0, len(s.Plan.Workloads))
	for i := range s.Plan.Workloads {
		planned := &s.Plan.Workloads[i]
		w := &s.Workloads[planned.Ordinal]
		row := Workload{
			Workname: nameOf(w), Team: clip(s.team(w, teamLabel), maxLabel), Verdict: verdictOf(w, finders),
			Admission: planned.Outcome, Findings: findings(planned.Findings),
			OnceOptedIn: planned.OnceOptedIn || s.WebhookMissing && planned.Outcome == admission.Denied,
		}
		rows = append(rows, row)
	}
	return rows
}

// team returns the value of the label that names the team: of the workload, or else of its pods or its namespace.
func (s *Source) team(w *inventory.Workload, label string) string {
	if label == "" {
		return ""
	}
	team := cmp.Or(w.Labels[label], w.PodLabels[label])
	if team == "" && s.NamespaceLabels != nil {
		labels, _ := s.NamespaceLabels(w.Namespace)
		team = labels[label]
	}
	return team
}

// verdictOf returns the worst verdict on the images of a workload. It is empty if there is no image.
func verdictOf(w *inventory.Workload, finders []*assess.Finder) v1alpha1.Verdict {
	containers := slices.Clone(w.Running)
	runs := map[inventory.Container]bool{}
	for _, one := range w.Running {
		runs[one.Container] = true
	}
	for _, one := range w.Template {
		if !runs[one] {
			containers = append(containers, inventory.Running{Container: one})
		}
	}
	var worst v1alpha1.Verdict
	for _, one := range containers {
		verdict := verdictOn(one, finders)
		if worst == "" || rank(verdict) < rank(worst) {
			worst = verdict
		}
	}
	return worst
}

// verdictOn returns the worst verdict of the trusts that select the image of a container.
func verdictOn(container inventory.Running, finders []*assess.Finder) v1alpha1.Verdict {
	verdict, selected := VerdictUncovered, false
	for _, finder := range finders {
		image := finder.Find(container)
		if image == nil {
			continue
		}
		if one := known(image.Answer.Result.Verdict); !selected || rank(one) < rank(verdict) {
			verdict, selected = one, true
		}
	}
	return verdict
}

func findings(planned []forecast.PlanFinding) []Finding {
	out := make([]Finding, 0, len(planned))
	for i := range planned {
		f := &planned[i]
		out = append(out, Finding{
			Container: clip(f.Name, maxName), Image: clip(f.Image, maxReference), Policy: clip(f.Policy, maxName),
			Reason: clip(f.Reason, maxReason), Message: clip(f.Message, maxMessage),
		})
	}
	return out
}

// violations returns the rows of the workloads that the operator reported: those that admission would deny.
func (s *Source) violations() []Workload {
	rows := map[Workname]*Workload{}
	for i := range s.Trusts {
		for _, v := range s.Trusts[i].Object.Status.Violations {
			name := Workname{Namespace: clip(v.Namespace, maxName), Kind: clip(v.Kind, maxName), Name: clip(v.Name, maxName)}
			row := rows[name]
			if row == nil {
				row = &Workload{Workname: name, Admission: admission.Denied, OnceOptedIn: true}
				rows[name] = row
			}
			row.OnceOptedIn = row.OnceOptedIn && v.Effect == v1alpha1.EffectWouldDenyOnceOptedIn
			finding := Finding{
				Container: clip(v.Container, maxName), Image: clip(v.Image, maxReference), Policy: clip(v.Policy, maxName),
				Reason: clip(v.Reason, maxReason), Message: clip(v.Message, maxMessage),
			}
			if !slices.Contains(row.Findings, finding) {
				row.Findings = append(row.Findings, finding)
			}
		}
	}
	out := make([]Workload, 0, len(rows))
	for _, name := range slices.SortedFunc(maps.Keys(rows), func(a, b Workname) int { return cmp.Compare(a.String(), b.String()) }) {
		out = append(out, *rows[name])
	}
	return out
}

// groups counts the workloads that are not allowed, by team and namespace: those with most denials first.
func groups(workloads []Workload) []Group {
	type key struct{ team, namespace string }
	counted := map[key]*Group{}
	for i := range workloads {
		w := &workloads[i]
		if w.Admission == admission.Allowed {
			continue
		}
		k := key{w.Team, w.Namespace}
		if counted[k] == nil {
			counted[k] = &Group{Team: w.Team, Namespace: w.Namespace}
		}
		switch g := counted[k]; {
		case w.Admission != admission.Denied:
			g.Undetermined++
		case w.OnceOptedIn:
			g.OnceOptedIn++
		default:
			g.Denied++
		}
	}
	out := make([]Group, 0, len(counted))
	for _, g := range counted {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(
			cmp.Compare(b.Denied, a.Denied), cmp.Compare(b.OnceOptedIn, a.OnceOptedIn), cmp.Compare(b.Undetermined, a.Undetermined),
			cmp.Compare(a.Team, b.Team), cmp.Compare(a.Namespace, b.Namespace),
		)
	})
	return out
}
