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
	"maps"
	"slices"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Uncovered are the images that no policy covers in the namespaces in which admission intercepts workloads of a trust.
type Uncovered struct {
	// uncovered has them by namespace, and images counts those namespaces by image.
	uncovered map[string][]string
	images    names
	// wholes are the namespaces by all images of their workloads, as policies match them, and in the same the other way round.
	wholes map[string]map[string]struct{}
	in     map[string][]string
}

// NewUncovered returns the images of no namespaces.
func NewUncovered() *Uncovered {
	return &Uncovered{
		uncovered: map[string][]string{}, images: newNames(), wholes: map[string]map[string]struct{}{}, in: map[string][]string{},
	}
}

// Set looks at all workloads of a namespace, and replaces what is known of it. whole returns the whole name of an image with a digest,
// as admission.WholeName does.
func (u *Uncovered) Set(namespace string, cluster *admission.Cluster, workloads []inventory.Workload, whole func(written string) string) {
	u.Remove(namespace)
	found, written := newNames(), map[string]bool{}
	for i := range workloads {
		for _, image := range uncoveredImagesOf(cluster, workloads[i]) {
			found.add(image, 1)
		}
		for _, c := range workloads[i].Template {
			written[c.Image] = true
		}
		for _, r := range workloads[i].Running {
			written[r.Image] = true
		}
	}
	for image := range found.all() {
		u.uncovered[namespace] = append(u.uncovered[namespace], image)
		u.images.add(image, 1)
	}
	for image := range written {
		u.index(namespace, whole(image))
	}
}

// index notes that the workloads of a namespace have an image of a whole name.
func (u *Uncovered) index(namespace, whole string) {
	if whole == "" {
		return
	}
	if u.wholes[whole] == nil {
		u.wholes[whole] = map[string]struct{}{}
	}
	if _, known := u.wholes[whole][namespace]; !known {
		u.wholes[whole][namespace] = struct{}{}
		u.in[namespace] = append(u.in[namespace], whole)
	}
}

// With returns the namespaces whose workloads have an image of which something is true. It is a whole name with a digest, as
// admission.WithDigest returns it.
func (u *Uncovered) With(is func(whole string) bool) []string {
	namespaces := map[string]struct{}{}
	for whole, in := range u.wholes {
		if is(whole) {
			maps.Copy(namespaces, in)
		}
	}
	return slices.Sorted(maps.Keys(namespaces))
}

// Remove drops what is known of a namespace.
func (u *Uncovered) Remove(namespace string) {
	for _, image := range u.uncovered[namespace] {
		u.images.add(image, -1)
	}
	delete(u.uncovered, namespace)
	for _, whole := range u.in[namespace] {
		delete(u.wholes[whole], namespace)
		if len(u.wholes[whole]) == 0 {
			delete(u.wholes, whole)
		}
	}
	delete(u.in, namespace)
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
