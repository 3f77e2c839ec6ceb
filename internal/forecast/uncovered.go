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
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Uncovered are the images that no policy covers in the namespaces in which admission intercepts workloads of a trust. Many trusts have
// workloads in the same namespaces, so that each of them keeps as little as possible.
type Uncovered struct {
	images map[string][]string // by namespace, each once
	// total counts the images of all namespaces, each once, and first are the first ones, sorted; both while counted is true.
	counted bool
	total   int
	first   []string
}

// NewUncovered returns the images of no namespaces.
func NewUncovered() *Uncovered { return &Uncovered{images: map[string][]string{}} }

// Set looks at all workloads of a namespace, and replaces what is known of it.
func (u *Uncovered) Set(namespace string, cluster *admission.Cluster, workloads []inventory.Workload) {
	var found []string
	seen := map[string]bool{}
	for i := range workloads {
		for _, image := range uncoveredImagesOf(cluster, workloads[i]) {
			if !seen[image] {
				seen[image] = true
				found = append(found, image)
			}
		}
	}
	u.Remove(namespace)
	if len(found) > 0 {
		u.images[namespace] = slices.Clip(found)
		u.counted = false
	}
}

// Remove drops what is known of a namespace.
func (u *Uncovered) Remove(namespace string) {
	if _, known := u.images[namespace]; known {
		delete(u.images, namespace)
		u.counted = false
	}
}

// Count returns how many images there are, and the first ones by name.
func (u *Uncovered) Count() (total int, first []string) {
	if u.counted {
		return u.total, u.first
	}
	all := map[string]bool{}
	for _, images := range u.images {
		for _, image := range images {
			all[image] = true
		}
	}
	u.first = make([]string, 0, maxListed+1)
	for image := range all {
		if at, _ := slices.BinarySearch(u.first, image); at < maxListed {
			u.first = slices.Insert(u.first, at, image)
			u.first = u.first[:min(len(u.first), maxListed)]
		}
	}
	u.total, u.counted = len(all), true
	return u.total, u.first
}

// uncoveredImagesOf returns the images of a workload that the webhook intercepts and that no policy covers by name.
func uncoveredImagesOf(cluster *admission.Cluster, workload inventory.Workload) []string {
	var images []string
	for _, object := range distinctObjects(cluster, workload) {
		switch cluster.Interception(object) {
		case admission.Intercepted, admission.InterceptionUnknown:
			for _, container := range cluster.Uncovered(object) {
				images = append(images, container.Image)
			}
		default:
		}
	}
	return images
}
