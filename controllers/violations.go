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
)

const (
	// maxViolations, maxViolationsBytes and maxViolationMessage bound the list of violations; the summary counts all.
	maxViolations       = 50
	maxViolationsBytes  = 14 << 10
	maxViolationMessage = 256
	// What the API allows of a name that somebody else wrote.
	maxName  = 253
	maxLabel = 63
	maxImage = 1024
)

// violations are the containers that admission would refuse, those refused as things are first.
func violations(forecasts []forecast.Forecast) []v1alpha1.Violation {
	var all []v1alpha1.Violation
	for i := range forecasts {
		f := &forecasts[i]
		for _, refusal := range f.Denials {
			all = append(all, violation(f, refusal))
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

func violation(f *forecast.Forecast, refusal admission.Finding) v1alpha1.Violation {
	return v1alpha1.Violation{
		Kind:      truncate(f.Workload.Kind, maxLabel),
		Namespace: f.Workload.Namespace,
		Name:      truncate(f.Workload.Name, maxName),
		Container: truncate(refusal.Container.Name, maxLabel),
		Image:     truncate(cmp.Or(refusal.Container.Image, "(none)"), maxImage),
		Effect:    f.Effect(),
		Policy:    truncate(refusal.Policy, maxName),
		Reason:    refusal.Reason,
		Message:   truncate(refusal.Message, maxViolationMessage),
	}
}

// bounded cuts a list to what a status may hold.
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

// countWorkloads adds up what admission would make of the workloads.
func countWorkloads(summary *v1alpha1.Summary, forecasts []forecast.Forecast) {
	var deny, later, undetermined int32
	for i := range forecasts {
		switch forecasts[i].Outcome {
		case admission.Denied:
			if forecasts[i].Effect() == v1alpha1.EffectWouldDeny {
				deny++
			} else {
				later++
			}
		case admission.Undetermined:
			undetermined++
		case admission.Allowed:
		}
	}
	summary.WouldDeny, summary.WouldDenyOnceOptedIn, summary.Undetermined = &deny, &later, &undetermined
}
