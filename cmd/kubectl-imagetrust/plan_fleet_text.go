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
	"strings"

	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/text"
)

// printFleetPlan writes the plan of a fleet as text.
func printFleetPlan(p *text.Printer, s style, r *fleetReport, all bool) {
	printFleetCounts(p, r)
	p.Printf("\n")
	for _, note := range r.Notes {
		p.Printf("  %s %s\n", s.warning("–"), note)
	}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		p.Printf("\n%s %s", outcomeMark(s, c.Outcome), c.Cluster)
		if trusts := delivered(c.Trusts); trusts != "" {
			p.Printf(" (%s)", trusts)
		}
		p.Printf(": ")
		if c.Plan == nil {
			p.Printf("undetermined: %s\n", c.Problem)
			continue
		}
		printPlan(p, s, &planReport{Plan: *c.Plan, Changes: c.Changes, compared: r.compared, installed: r.installed[c.Cluster]}, all)
		for _, note := range c.Notes {
			p.Printf("  %s %s\n", s.warning("–"), note)
		}
	}
}

// printFleetCounts writes what the plan of a fleet says in one sentence.
func printFleetCounts(p *text.Printer, r *fleetReport) {
	p.Printf("%d of %s in %s would be denied", r.Summary.Denied, text.Count(r.Summary.Workloads, "workload"),
		text.Count(r.Summary.Clusters-r.Summary.UndeterminedClusters, "cluster"))
	if n := r.Summary.Undetermined; n > 0 {
		p.Printf(", %d undetermined", n)
	}
	if n := r.Summary.UndeterminedClusters; n > 0 {
		p.Printf(", and nothing is known of %s", text.Count(n, "cluster"))
	}
}

// delivered names the trusts that a cluster gets, with what becomes of a denial there.
func delivered(trusts []forecast.ClusterTrust) string {
	names := make([]string, 0, len(trusts))
	for _, one := range trusts {
		names = append(names, one.Name+" "+string(one.Enforcement))
	}
	return strings.Join(names, ", ")
}
