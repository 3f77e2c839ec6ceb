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

package assess

import (
	"cmp"
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
)

// OtherPolicy is a ClusterImagePolicy that covers images of a trust and is not the trust's own.
type OtherPolicy struct {
	*admission.Policy

	// Images counts the images of the trust that it covers in the workloads.
	Images int
}

// OtherPolicies returns the policies in addition to the trust's own that cover its images in the workloads, by name.
func OtherPolicies(
	policies *admission.Policies, own string, trust *policy.Policy, workloads []inventory.Workload,
) []OtherPolicy {
	references := newReferences(trust)
	covered := map[string]map[string]bool{} // images by policy
	for i := range workloads {
		for _, object := range forecast.AdmissionObjects(workloads[i]) {
			for _, container := range object.Containers {
				image := references.parse(container.Image)
				if image == nil || image.Reference == nil { // admission denies what it cannot read
					continue
				}
				for _, other := range policies.Covering(admission.WithDigest(image.Reference), object) {
					if covered[other.Name] == nil {
						covered[other.Name] = map[string]bool{}
					}
					covered[other.Name][image.Name()] = true
				}
			}
		}
	}
	delete(covered, own)
	others := make([]OtherPolicy, 0, len(covered))
	for name, images := range covered {
		others = append(others, OtherPolicy{Policy: policies.Get(name), Images: len(images)})
	}
	slices.SortFunc(others, func(a, b OtherPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return others
}
