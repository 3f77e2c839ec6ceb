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

package inventory

import (
	"maps"
	"strings"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/workload"
)

// Convert returns what the inventory needs of a typed API object, such as an *appsv1.Deployment. It is nil for kinds
// that are not workloads. The result shares no memory with the object.
func Convert(object any) *Object {
	read, ok := workload.Read(object)
	if !ok {
		return nil
	}
	kind, meta := read.Kind, read.Meta
	out := &Object{
		Group: kind.Group, Version: kind.Version, Kind: kind.Kind,
		Namespace: intern(meta.Namespace), Name: strings.Clone(meta.Name), UID: types.UID(strings.Clone(string(meta.UID))),
		Labels: internLabels(meta.Labels), Owner: ownerOf(meta),
		Template: containers(read.PodSpec), Finished: read.Finished,
	}
	out.ChildLabels = internLabels(read.ChildLabels, out.Labels)
	out.Idle = read.ScaledDown && out.Owner != nil && kind.KeptBy(out.Owner.Group, out.Owner.Kind)
	if pod, ok := object.(*corev1.Pod); ok {
		out.PodLabels = out.Labels
		out.Running = running(pod, out.Template)
	} else {
		out.PodLabels = internLabels(read.PodLabels, out.ChildLabels, out.Labels)
	}
	return out
}

func ownerOf(meta *metav1.ObjectMeta) *Owner {
	owner := metav1.GetControllerOfNoCopy(meta)
	if owner == nil {
		return nil
	}
	version, err := schema.ParseGroupVersion(owner.APIVersion)
	if err != nil {
		return nil
	}
	return &Owner{
		Group: intern(version.Group), Version: intern(version.Version), Kind: intern(owner.Kind),
		Name: intern(owner.Name), UID: types.UID(intern(string(owner.UID))),
	}
}

func containers(spec *corev1.PodSpec) []Container {
	all := workload.ImagesOf(spec)
	for i, c := range all {
		all[i] = Container{Field: c.Field, Name: intern(c.Name), Image: intern(c.Image)}
	}
	return all
}

// intern returns the one copy of a string that equal strings share, so that the object it came in can be freed.
func intern(s string) string { return unique.Make(s).Value() }

// internLabels returns one of the maps that are interned already if it equals the labels: the labels of a Deployment are often
// those of its ReplicaSets and pods, and maps take more memory than anything else of a workload.
func internLabels(labels map[string]string, interned ...map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	for _, other := range interned {
		if maps.Equal(labels, other) {
			return other
		}
	}
	out := make(map[string]string, len(labels))
	for key, value := range labels {
		out[intern(key)] = intern(value)
	}
	return out
}
