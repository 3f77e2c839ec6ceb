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

// Package workload is the table of workload kinds: the kinds of Kubernetes objects that hold a pod template or are
// pods. Everything that depends on a kind follows from its entry: what the operator watches, where the images are in
// a manifest, and which objects admission sees. It knows no client, no clock and no network.
//
// A second table has the kinds that operators define. It only says where manifests name their images: in a cluster, their pods are
// counted by their owners.
//
// To add a kind, add its entry to the table, its resource to the RBAC marker of the reconciler (a test compares the
// generated role with the table), and its name to the documentation.
package workload

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is an entry of the table. It must not be changed.
type Kind struct {
	// GroupVersionKind has the version that is watched. Objects of other versions, which only manifests hold, are
	// read as this one: the fields that matter here are the same in every version that Kubernetes has served.
	schema.GroupVersionKind

	// Resource is the name of the kind in URLs and in RBAC rules.
	Resource string
	// TemplatePath is the path of the pod template in an object, such as spec.template. It is empty for a Pod, whose
	// metadata and spec are the object's own.
	TemplatePath string
	// ChildPath is the path of the template of the objects that its controller creates, where these are not pods: its metadata
	// has their labels.
	ChildPath string
	// Creates is the kind of the objects that the kind's controller creates directly; zero for a Pod.
	Creates schema.GroupKind
	// HistoryOf lists the owners that keep objects of this kind without replicas, so that they can roll back to them.
	HistoryOf []schema.GroupKind
	// Watched reports whether the operator watches the kind.
	Watched bool
	// Intercepted reports whether policy-controller's webhooks are registered for the kind. Its release 0.14 sets
	// their rules itself, from the types in its cmd/webhook/main.go. Of a kind that is not intercepted, admission
	// only sees the objects that its controller creates.
	Intercepted bool

	access
}

// access is how typed objects of a kind are made and read.
type access struct {
	create func() runtime.Object
	read   func(object any) (Object, bool)
}

// Object is the part of a typed API object that all kinds of workloads have in common. It shares its parts with the
// API object.
type Object struct {
	Kind *Kind
	Meta *metav1.ObjectMeta
	// PodLabels are the labels of its pods.
	PodLabels map[string]string
	// PodSpec is the specification of its pods. It is nil if a ReplicationController has no template.
	PodSpec *corev1.PodSpec
	// ChildLabels are the labels of the objects that its controller creates, where these are not pods.
	ChildLabels map[string]string
	// ScaledDown reports whether it has no replicas and asks for none. Only kinds that an owner keeps as its history
	// set it.
	ScaledDown bool
	// Finished reports whether it is a Job or a Pod that has ended.
	Finished bool
}

// All returns every kind, in the order of the table.
func All() []*Kind {
	all := make([]*Kind, len(kinds))
	for i := range kinds {
		all[i] = &kinds[i]
	}
	return all
}

// Watched returns the kinds that the operator watches, in the order of the table.
func Watched() []*Kind {
	return slices.DeleteFunc(All(), func(k *Kind) bool { return !k.Watched })
}

// Find returns the kind of a group and a name, such as apps and Deployment. It is nil if the table has none.
func Find(group, kind string) *Kind {
	for i := range kinds {
		if kinds[i].Kind == kind && kinds[i].Group == group {
			return &kinds[i]
		}
	}
	return nil
}

// Read returns what a typed API object, such as an *appsv1.Deployment, holds. It reports whether the object is of a
// kind in the table.
func Read(object any) (Object, bool) {
	for i := range kinds {
		if o, ok := kinds[i].read(object); ok {
			o.Kind = &kinds[i]
			return o, true
		}
	}
	return Object{}, false
}

// New returns an empty typed API object of the kind.
func (k *Kind) New() runtime.Object { return k.create() }

// PodSpecPath is the path of the pod specification in an object, such as spec.template.spec.
func (k *Kind) PodSpecPath() string {
	if k.TemplatePath == "" {
		return "spec"
	}
	return k.TemplatePath + ".spec"
}

// Child returns the kind of the objects that the kind's controller creates directly; nil for a Pod.
func (k *Kind) Child() *Kind { return Find(k.Creates.Group, k.Creates.Kind) }

// IsPod reports whether this is the kind of pods.
func (k *Kind) IsPod() bool { return k.TemplatePath == "" }

// KeptBy reports whether an owner of a kind keeps objects of this kind without replicas as its history.
func (k *Kind) KeptBy(group, kind string) bool {
	return slices.Contains(k.HistoryOf, schema.GroupKind{Group: group, Kind: kind})
}
