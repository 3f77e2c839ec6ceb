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

import "github.com/karmada-io/image-trust/internal/admission"

// Change is a change of the outcome for a workload.
type Change struct {
	Workload PlanWorkload      `json:"workload"`
	Before   admission.Outcome `json:"before"`
}

// Changes returns the changes from one plan to another one of the same workloads, in the order of the latter.
func Changes(before, after Plan) []Change {
	known := make(map[int]admission.Outcome, len(before.Workloads))
	for i := range before.Workloads {
		known[before.Workloads[i].Ordinal] = before.Workloads[i].Outcome
	}
	var changes []Change
	for i := range after.Workloads {
		w := &after.Workloads[i]
		if was := known[w.Ordinal]; was != w.Outcome {
			changes = append(changes, Change{Workload: *w, Before: was})
		}
	}
	return changes
}
