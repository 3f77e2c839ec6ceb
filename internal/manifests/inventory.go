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

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Inventory returns the object as an inventory takes it, or nil if its kind is not a workload. The namespace is used
// if the object does not name one. An object without a UID gets one that depends on its place in the file, so that
// two objects of the same name, such as an object and a patch of it, are separate workloads. The error is a
// *SyntaxError if the object does not have the fields of its kind.
func (o *Object) Inventory(namespace string) (*inventory.Object, error) {
	kind := o.workloadKind()
	if kind == nil {
		return nil, nil //nolint:nilnil // an object that is not a workload is not an error
	}
	typed := kind.New()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, typed); err != nil {
		line, _ := o.Position("")
		return nil, &SyntaxError{Name: o.File.Name, Line: line, Err: fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)}
	}
	out := inventory.Convert(typed)
	if out.Namespace == "" {
		out.Namespace = namespace
	}
	if out.UID == "" {
		out.UID = o.uid()
		out.Owner = nil // the owner is in the cluster that the object was copied from
	}
	return out, nil
}

func (o *Object) workloadKind() *workload.Kind {
	gvk := o.GroupVersionKind()
	return workload.Find(gvk.Group, gvk.Kind)
}

// uid returns a UID that is the same whenever the same files are read.
func (o *Object) uid() types.UID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", o.File.Name, o.document, o.path))
	return types.UID("file:" + hex.EncodeToString(sum[:16]))
}
