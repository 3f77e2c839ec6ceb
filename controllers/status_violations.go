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

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
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
func countWorkloads(summary *v1alpha1.Summary, tally *forecast.Tally) {
	var counts forecast.Counts
	if tally != nil {
		counts = tally.Counts()
	}
	summary.WouldDeny, summary.WouldDenyOnceOptedIn = new(count(counts.WouldDeny)), new(count(counts.WouldDenyOnceOptedIn))
	summary.Undetermined = new(count(counts.Undetermined))
}

// count is a number of images or workloads as the API has it.
func count(n int) int32 {
	return int32(n) //nolint:gosec // bounded by the number of containers in a cluster
}
