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
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Questions returns the questions that forecasts of workloads depend on, each once and in a fixed order.
func Questions(cluster *admission.Cluster, workloads []inventory.Workload) []admission.Question {
	var questions []admission.Question
	asked := map[admission.QuestionKey]bool{}
	record := func(q admission.Question) admission.Answer {
		if key := q.Key(); !asked[key] {
			asked[key] = true
			questions = append(questions, q)
		}
		return Pending(q)
	}
	for i := range workloads {
		ForWorkload(cluster, workloads[i], record)
	}
	return questions
}

// Pending is a judge that has no answers yet.
func Pending(admission.Question) admission.Answer {
	return admission.Answer{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
}
