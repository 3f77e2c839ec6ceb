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
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Uncovered are the images that no policy covers in the namespaces in which admission intercepts workloads of a trust.
type Uncovered struct {
	// uncovered has them by namespace, and images counts those namespaces by image.
	uncovered map[string][]string
	images    names
}

// NewUncovered returns the images of no namespaces.
func NewUncovered() *Uncovered {
	return &Uncovered{uncovered: map[string][]string{}, images: newNames()}
}

// Set looks at all workloads of a namespace, and replaces what is known of it.
func (u *Uncovered) Set(namespace string, cluster *admission.Cluster, workloads []inventory.Workload) {
	u.Remove(namespace)
	found := newNames()
	for i := range workloads {
		for _, image := range uncoveredImagesOf(cluster, workloads[i]) {
			found.add(image, 1)
		}
	}
	for image := range found.all() {
		u.uncovered[namespace] = append(u.uncovered[namespace], image)
		u.images.add(image, 1)
	}
}

// Remove drops what is known of a namespace.
func (u *Uncovered) Remove(namespace string) {
	for _, image := range u.uncovered[namespace] {
		u.images.add(image, -1)
	}
	delete(u.uncovered, namespace)
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
