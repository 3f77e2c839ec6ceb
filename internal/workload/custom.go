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

package workload

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Custom is an entry of the table of custom kinds: kinds that operators define, and of which they create pods. In a cluster,
// their pods are counted by their owners, so that nothing depends on the table: it says where manifests name their images.
type Custom struct {
	Group, Kind string
	// Pods are the paths of the specifications of pods.
	Pods []FieldPath
	// Images are the paths of other fields that name the image of a container. The last step is the field; the name of the
	// container is in a field beside it or around it, if it has one.
	Images []FieldPath
	// Chosen are paths of fields that name the image of a container. If the field is not set, although that around it is, then
	// the controller chooses an image, which nobody can read in the manifest.
	Chosen []FieldPath
}

// customs is the table.
//
//nolint:gochecknoglobals // Go has no constant tables; nothing changes it.
var customs = sync.OnceValue(func() map[schema.GroupKind]Custom {
	byKind := map[schema.GroupKind]Custom{}
	for _, c := range Customs() {
		byKind[schema.GroupKind{Group: c.Group, Kind: c.Kind}] = c
	}
	return byKind
})

// Customs returns the table of custom kinds.
func Customs() []Custom {
	return slices.Concat(deliveryKinds(), jobKinds(), serviceKinds(), operatorKinds())
}

// FindCustom returns the entry of a custom kind, of any version. It reports whether the table has it.
func FindCustom(group, kind string) (Custom, bool) {
	c, ok := customs()[schema.GroupKind{Group: group, Kind: kind}]
	return c, ok
}

// CreatesNoPods reports whether objects of a kind are known not to make anybody create pods with the images that they name: they
// are schemas, rules and data. An empty kind in the table stands for all kinds of the group.
func CreatesNoPods(group, kind string) bool {
	for _, k := range withoutPods() {
		if k.Group == group && (k.Kind == "" || k.Kind == kind) {
			return true
		}
	}
	return false
}

// withoutPods is the table of kinds that name images without running them.
func withoutPods() []Custom {
	return []Custom{
		{Kind: "ConfigMap"},
		{Kind: "Secret"},
		{Kind: "PersistentVolume"}, // an image of Ceph's block device
		{Kind: "Node"},             // the images on its disk
		{Group: "admissionregistration.k8s.io"},
		{Group: "apiextensions.k8s.io"},
		{Group: "apps.kruise.io", Kind: "ImageListPullJob"}, // a node pulls the image and runs nothing
		{Group: "apps.kruise.io", Kind: "ImagePullJob"},
		{Group: "apps.kruise.io", Kind: "NodeImage"},
		{Group: "constraints.gatekeeper.sh"},
		{Group: "image.toolkit.fluxcd.io"}, // what Flux looks for in registries
		{Group: "trust.karmada.io"},
		{Group: "kyverno.io"}, // patterns for images
		{Group: "metrics.k8s.io"},
		{Group: "mutations.gatekeeper.sh"},
		{Group: "policies.kyverno.io"},
		{Group: "policy.sigstore.dev"},
		{Group: "storage.k8s.io"},
		{Group: "templates.gatekeeper.sh"},
	}
}
