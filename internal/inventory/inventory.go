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

// Package inventory keeps an index of the workloads in a cluster: which images they ask for, and which digests their
// pods run. It is updated object by object, so that an event costs the work for one pod only. It knows no client and
// no clock; internal/inventory/feed keeps it up to date.
package inventory

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/workload"
)

// Container is a container of a pod or of a pod template.
type Container = workload.Container

// Running is a container or an image volume of at least one pod.
type Running struct {
	Container
	// Digest is the manifest digest that the node reports. It is empty if the node reports none, or none yet.
	Digest string
	// Started reports whether the container runs or has run. If it has no Digest, what it runs cannot be told.
	Started bool
}

// asked reports whether the container is only asked for: nothing has started yet, so nothing can be reported.
func (r Running) asked() bool { return r.Digest == "" && !r.Started }

// Workload is what a user would create: an object that no known controller owns, or a ReplicaSet or Job whose
// containers differ from those of its owner, as during a rollout.
type Workload struct {
	Group, Version, Kind, Namespace, Name string
	UID                                   types.UID
	// Labels, ChildLabels and PodLabels are the labels of the object, of the ReplicaSets or Jobs that it creates, and
	// of the pods. ChildLabels is nil if it creates pods directly.
	Labels, ChildLabels, PodLabels map[string]string
	// Template lists the containers that it asks for. It is nil if only pods are known, because their owner is of a
	// kind that is not watched, or is gone. Kind and Name are then those of the owner reference.
	Template []Container
	// Running lists what its pods run, without duplicates.
	Running []Running
	// Idle reports whether only a rollback would use it: it has neither replicas nor pods, and is part of the history
	// of an owner whose containers differ.
	Idle bool
}

// Owner is the owner reference of a controller.
type Owner struct {
	Group, Version, Kind, Name string
	UID                        types.UID
}

// Object is an object of the cluster, as far as the index needs it. It must not be changed after it was applied.
type Object struct {
	Group, Version, Kind, Namespace, Name string
	UID                                   types.UID
	// Labels, ChildLabels and PodLabels are those of a Workload.
	Labels, ChildLabels, PodLabels map[string]string
	// Owner is the controller that owns the object; nil if there is none.
	Owner *Owner
	// Template lists the containers that it asks for; of a pod, those of its specification.
	Template []Container
	// Running lists what a pod runs.
	Running []Running
	// Idle reports whether it has no replicas, and its owner keeps it only to roll back to it.
	Idle bool
	// Finished reports whether it is a pod or a Job that has ended. It neither runs nor asks for an image.
	Finished bool
}

func (o *Object) groupKind() schema.GroupKind { return schema.GroupKind{Group: o.Group, Kind: o.Kind} }

func (o *Object) isPod() bool { return o.Kind == "Pod" && o.Group == "" }

// standalone reports whether a pod has no owner that could create it anew. The Node that owns the mirror of a static
// pod has no template.
func (o *Object) standalone() bool {
	return o.Owner == nil || o.Owner.Kind == "Node" && o.Owner.Group == ""
}

// watched reports whether the index receives owners of this kind, with their templates.
func (o *Owner) watched() bool {
	kind := workload.Find(o.Group, o.Kind)
	return kind != nil && kind.Watched && !kind.IsPod()
}

// ownsThrough reports whether a controller owns its pods through objects of another kind, as a Deployment does
// through ReplicaSets.
func ownsThrough(owner, child *Object) bool {
	kind := workload.Find(owner.Group, owner.Kind)
	return kind != nil && kind.Creates == child.groupKind() && !child.isPod()
}
