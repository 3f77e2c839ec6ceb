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
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	maxViolationMessage = 256
	// maxName, maxLabel and maxImage are the longest values that the API allows, in bytes.
	maxName  = 253
	maxLabel = 63
	maxImage = 1024
)

// violationList bounds the list of violations. The summary counts all workloads.
func violationList() listBounds[v1alpha1.Violation] {
	const shortImage, shortMessage = 160, 64
	return listBounds[v1alpha1.Violation]{
		length: 50, size: 14 << 10, large: 500,
		shorten: func(v v1alpha1.Violation) v1alpha1.Violation {
			v.Image, v.Message = text.Truncate(v.Image, shortImage), text.Truncate(v.Message, shortMessage)
			return v
		},
	}
}

// violationEntries returns the containers that admission would deny in the order of the list: those that run first, of these
// those that were observed last, then those that admission would deny now; namespaces and workloads have theirs in turn.
func violationEntries(obs *observation) []entry[v1alpha1.Violation] {
	all := []entry[v1alpha1.Violation]{}
	for i := range obs.forecast.forecasts {
		f := &obs.forecast.forecasts[i]
		runs := map[inventory.Container]bool{}
		for _, running := range f.Workload.Running {
			runs[running.Container] = true
		}
		for _, denial := range f.Denials {
			key := strings.Join([]string{
				f.Workload.Namespace, f.Workload.Kind, f.Workload.Name, string(f.Workload.UID), denial.Container.Name, denial.Policy,
			}, "/")
			class := 1
			if runs[denial.Container] {
				class = 0
			}
			all = append(all, entry[v1alpha1.Violation]{
				status: violation(f, denial), key: key, class: class,
				since: since(obs.history.denials, obs.now, key), users: []*inventory.Workload{&f.Workload},
			})
		}
	}
	slices.SortStableFunc(all, func(a, b entry[v1alpha1.Violation]) int {
		return cmp.Or(
			cmp.Compare(a.class, b.class), b.since.Compare(a.since), cmp.Compare(a.status.Effect, b.status.Effect),
			cmp.Compare(a.status.Kind, b.status.Kind), cmp.Compare(a.status.Namespace, b.status.Namespace),
			cmp.Compare(a.status.Name, b.status.Name), cmp.Compare(a.status.Container, b.status.Container),
			cmp.Compare(a.status.Policy, b.status.Policy),
		)
	})
	return inTurn(all)
}

func violation(f *forecast.Forecast, denial admission.Finding) v1alpha1.Violation {
	return v1alpha1.Violation{
		Kind:      message(f.Workload.Kind, maxLabel),
		Namespace: f.Workload.Namespace,
		Name:      message(f.Workload.Name, maxName),
		Container: message(denial.Container.Name, maxLabel),
		Image:     message(cmp.Or(denial.Container.Image, "(none)"), maxImage),
		Effect:    f.Effect(),
		Policy:    message(denial.Policy, maxName),
		Reason:    denial.Reason,
		Message:   message(denial.Message, maxViolationMessage),
	}
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
