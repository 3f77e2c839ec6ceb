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

// child of a workload that the cluster creates by itself, and that admission looks at too.
type child struct {
	group, kind string
	labels      func(inventory.Workload) map[string]string
}

func podLabels(w inventory.Workload) map[string]string { return w.PodLabels }
func jobLabels(w inventory.Workload) map[string]string { return w.JobLabels }

// children of a kind, as the controllers of Kubernetes make them.
func children(kind string) (made []child, known bool) {
	pod := child{"", "Pod", podLabels}
	switch kind {
	case "Pod":
		return nil, true
	case "Deployment":
		return []child{{"apps", "ReplicaSet", podLabels}, pod}, true
	case "CronJob":
		return []child{{"batch", "Job", jobLabels}, pod}, true
	case "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
		return []child{pod}, true
	default:
		return nil, false
	}
}

// AdmissionObjects are the objects that admission sees when a workload is created anew: itself, and what the cluster
// creates for it. Of an owner of an unknown kind only its pods are known, with what they run.
func AdmissionObjects(w inventory.Workload) []admission.Object {
	made, known := children(w.Kind)
	if !known || w.Template == nil {
		return []admission.Object{{
			Version: "v1", Kind: "Pod", Namespace: w.Namespace, Labels: w.PodLabels, Containers: running(w.Running),
		}}
	}
	containers := make([]admission.Container, 0, len(w.Template))
	for _, c := range w.Template {
		if c.Field != "ephemeralContainers" { // nobody creates a pod with one
			containers = append(containers, admission.Container(c))
		}
	}
	objects := []admission.Object{{
		Group: w.Group, Version: w.Version, Kind: w.Kind, Namespace: w.Namespace, Name: w.Name,
		Labels: w.Labels, Containers: containers,
	}}
	for _, c := range made {
		objects = append(objects, admission.Object{
			Group: c.group, Version: "v1", Kind: c.kind, Namespace: w.Namespace, Labels: c.labels(w), Containers: containers,
		})
	}
	return objects
}

// running containers without their digests, each once.
func running(all []inventory.Running) []admission.Container {
	var containers []admission.Container
	seen := map[admission.Container]bool{}
	for _, r := range all {
		c := admission.Container(r.Container)
		if !seen[c] && c.Field != "ephemeralContainers" {
			seen[c] = true
			containers = append(containers, c)
		}
	}
	return containers
}
