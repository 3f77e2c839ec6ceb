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
	"github.com/karmada-io/image-trust/internal/workload"
)

// AdmissionObjects returns the objects that admission sees when a workload is recreated: the workload itself and the
// objects that its controller creates, each if policy-controller intercepts its kind. Of a kind that is not known, these are
// its pods: with the images of its template, or if that is not known, with those that they run.
func AdmissionObjects(w inventory.Workload) []admission.Object {
	kind := workload.Find(w.Group, w.Kind)
	if w.Template == nil {
		return []admission.Object{pod(w, running(w.Running))}
	}
	containers := make([]admission.Container, 0, len(w.Template))
	for _, c := range w.Template {
		if examined(c) {
			containers = append(containers, c)
		}
	}
	if kind == nil {
		made := pod(w, containers)
		made.Partial = true
		return []admission.Object{made}
	}
	var objects []admission.Object
	if kind.Intercepted {
		objects = append(objects, admission.Object{
			Group: w.Group, Version: w.Version, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name,
			Labels: w.Labels, Containers: containers,
		})
	}
	for child := kind.Child(); child != nil; child = child.Child() {
		labels := w.ChildLabels
		if child.IsPod() {
			labels = w.PodLabels
		}
		if child.Intercepted {
			objects = append(objects, admission.Object{
				Group: child.Group, Version: child.Version, Kind: child.Kind, Namespace: w.Namespace, Labels: labels,
				Containers: containers,
			})
		}
	}
	return objects
}

// pod returns a pod of a workload.
func pod(w inventory.Workload, containers []admission.Container) admission.Object {
	return admission.Object{Version: "v1", Kind: "Pod", Namespace: w.Namespace, Labels: w.PodLabels, Containers: containers}
}

// examined reports whether admission sees a container in a new pod: ephemeral containers cannot be part of one, and
// policy-controller does not look at image volumes.
func examined(c inventory.Container) bool {
	return c.Field != workload.EphemeralContainers && c.Field != workload.Volumes
}

// running returns the containers without their digests and without duplicates.
func running(all []inventory.Running) []admission.Container {
	var containers []admission.Container
	seen := map[admission.Container]bool{}
	for _, r := range all {
		c := r.Container
		if !seen[c] && examined(c) {
			seen[c] = true
			containers = append(containers, c)
		}
	}
	return containers
}
