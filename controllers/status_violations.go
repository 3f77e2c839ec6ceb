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

package controllers

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxViolations, maxViolationsBytes and maxViolationMessage bound the list of violations. The summary counts all
	// workloads.
	maxViolations       = 50
	maxViolationsBytes  = 14 << 10
	maxViolationMessage = 256
	// maxName, maxLabel and maxImage are the longest values that the API allows, in bytes.
	maxName  = 253
	maxLabel = 63
	maxImage = 1024
)

// violations lists the containers that admission would deny, those that it would deny now first.
func violations(forecasts []forecast.Forecast) []v1alpha1.Violation {
	var all []v1alpha1.Violation
	for i := range forecasts {
		f := &forecasts[i]
		for _, denial := range f.Denials {
			all = append(all, violation(f, denial))
		}
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.Violation) int {
		return cmp.Or(
			cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Policy, b.Policy),
		)
	})
	return bounded(all, maxViolations, maxViolationsBytes)
}

func violation(f *forecast.Forecast, denial admission.Finding) v1alpha1.Violation {
	return v1alpha1.Violation{
		Kind:      text.Truncate(f.Workload.Kind, maxLabel),
		Namespace: f.Workload.Namespace,
		Name:      text.Truncate(f.Workload.Name, maxName),
		Container: text.Truncate(denial.Container.Name, maxLabel),
		Image:     text.Truncate(cmp.Or(denial.Container.Image, "(none)"), maxImage),
		Effect:    f.Effect(),
		Policy:    text.Truncate(denial.Policy, maxName),
		Reason:    denial.Reason,
		Message:   text.Truncate(denial.Message, maxViolationMessage),
	}
}

// bounded truncates a list to a number of entries, and of bytes in JSON.
func bounded[T any](list []T, length, size int) []T {
	used := 0
	for i := range list {
		encoded, err := json.Marshal(list[i])
		used += len(encoded)
		if err != nil || i == length || used > size {
			return list[:i]
		}
	}
	return list
}

// countWorkloads counts the workloads by what admission would do with them.
func countWorkloads(summary *v1alpha1.Summary, forecasts []forecast.Forecast) {
	var deny, onceOptedIn, undetermined int32
	for i := range forecasts {
		switch forecasts[i].Outcome {
		case admission.Denied:
			if forecasts[i].Effect() == v1alpha1.EffectWouldDeny {
				deny++
			} else {
				onceOptedIn++
			}
		case admission.Undetermined:
			undetermined++
		case admission.Allowed:
		}
	}
	summary.WouldDeny, summary.WouldDenyOnceOptedIn, summary.Undetermined = &deny, &onceOptedIn, &undetermined
}
