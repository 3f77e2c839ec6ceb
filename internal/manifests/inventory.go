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

package manifests

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// Inventory is what an inventory would be told of the object, nil where it has no use for it. The namespace is for
// objects that name none. An object without UID gets one that depends on where it stands, so that two of a name, such
// as one and a patch of it, are both looked at. An error tells that it is not what its kind says.
func (o *Object) Inventory(namespace string) (*inventory.Object, error) {
	typed := o.typed()
	if typed == nil {
		return nil, nil
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, typed); err != nil {
		line, _ := o.Position("")
		return nil, &SyntaxError{Name: o.File.Name, Line: line, Err: fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)}
	}
	var out *inventory.Object
	if controller, ok := typed.(*corev1.ReplicationController); ok {
		out = ofController(controller)
	} else {
		out = inventory.Convert(typed)
	}
	if out.Namespace == "" {
		out.Namespace = namespace
	}
	if out.UID == "" {
		out.UID = o.uid()
		out.Owner = nil // it is of a cluster that the object was taken from
	}
	return out, nil
}

// typed is an empty object of the same type, nil for kinds that make no pods.
func (o *Object) typed() any {
	switch o.GetAPIVersion() + "/" + o.GetKind() {
	case "v1/Pod":
		return &corev1.Pod{}
	case "v1/ReplicationController":
		return &corev1.ReplicationController{}
	case "apps/v1/Deployment":
		return &appsv1.Deployment{}
	case "apps/v1/ReplicaSet":
		return &appsv1.ReplicaSet{}
	case "apps/v1/StatefulSet":
		return &appsv1.StatefulSet{}
	case "apps/v1/DaemonSet":
		return &appsv1.DaemonSet{}
	case "batch/v1/Job":
		return &batchv1.Job{}
	case "batch/v1/CronJob":
		return &batchv1.CronJob{}
	default:
		return nil
	}
}

// ofController says of a ReplicationController what an inventory knows of one: that there are pods of it.
func ofController(c *corev1.ReplicationController) *inventory.Object {
	pod := &corev1.Pod{}
	if template := c.Spec.Template; template != nil {
		pod.Labels, pod.Spec = template.Labels, template.Spec
	}
	out := inventory.Convert(pod)
	out.Kind, out.Namespace, out.Name, out.UID = "ReplicationController", c.Namespace, c.Name, c.UID
	out.Labels, out.Template = c.Labels, nil
	return out
}

// uid is the same whenever the same files are read.
func (o *Object) uid() types.UID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", o.File.Name, o.document, o.path))
	return types.UID("file:" + hex.EncodeToString(sum[:16]))
}
