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

// Package inventory knows what runs and what is asked for in a cluster, by workload. It is told of single objects
// and keeps an index up to date, so that one pod's event costs work for that pod alone. It knows no client and no clock.
package inventory

import (
	"k8s.io/apimachinery/pkg/types"
)

// Container of a pod or a pod template.
type Container struct {
	// Field is initContainers, containers or ephemeralContainers.
	Field, Name string
	// Image as written.
	Image string
}

// Running is a container of at least one pod.
type Running struct {
	Container
	// Digest that the node reports; empty where it reports none, or none yet.
	Digest string
}

// Workload is what a user would create anew: a controller that nothing known here owns, a pod on its own, or a
// ReplicaSet or Job that asks for something else than its owner does.
type Workload struct {
	Group, Version, Kind, Namespace, Name string
	UID                                   types.UID
	// Labels of the object, of the Jobs that it makes, and of the pods.
	Labels, JobLabels, PodLabels map[string]string
	// Template is what it asks for; nil where the owner of the pods is of a kind that is not known here, and
	// Kind and Name are those of the owner reference.
	Template []Container
	// Running is what its pods run, each combination once.
	Running []Running
	// Idle tells that it is only what a rollback would return to: a ReplicaSet without replicas or pods, of a
	// Deployment that asks for something else by now.
	Idle bool
}

// Owner is a controller's owner reference.
type Owner struct {
	Group, Version, Kind, Name string
	UID                        types.UID
}

// Object is what the index is told of an object of the cluster. It is not changed afterwards.
type Object struct {
	Group, Version, Kind, Namespace, Name string
	UID                                   types.UID
	Labels, JobLabels, PodLabels          map[string]string
	// Owner that controls it, nil where there is none.
	Owner *Owner
	// Template is what it asks for; of a pod, its containers as written.
	Template []Container
	// Running is what a pod runs.
	Running []Running
	// Replicas tells whether any are wanted or there, of a ReplicaSet.
	Replicas bool
	// Finished pods and Jobs neither run nor ask for anything.
	Finished bool
}

// kinds that an index is told of.
func kinds() []string {
	return []string{"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"}
}

// known tells whether the owner is of a kind that the index is told of, and that owns pods.
func (o *Owner) known() bool { return o.Group == groupOf(o.Kind) && o.Group != "" }

func groupOf(kind string) string {
	switch kind {
	case "CronJob", "Job":
		return "batch"
	case "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet":
		return "apps"
	default:
		return ""
	}
}

// alone tells whether a pod stands for itself. The Node that owns a static pod's mirror asks for nothing.
func (o *Object) alone() bool {
	return o.Owner == nil || o.Owner.Kind == "Node" && o.Owner.Group == ""
}
