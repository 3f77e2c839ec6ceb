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
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// keptOfObject is how many elements an object counts as of which only the name is kept.
const keptOfObject = 20

// release forgets what a file holds, but for its content, if nothing will ask for it: the trees of projects have files that are no
// manifests, such as the schemas of APIs, and CustomResourceDefinitions, which are larger than everything else together. It returns
// how many elements what is kept counts as, and false if the file was not released.
func (f *File) release() (elements int, released bool) {
	if len(f.Warnings)+len(f.Skipped)+len(f.Errors) > 1 {
		return 0, false
	}
	if slices.ContainsFunc(f.Skipped, func(one Skipped) bool { return one.Reason == KustomizeInput }) {
		return 0, false // it may change images that are pinned
	}
	for _, o := range f.Objects {
		if gvk := o.GroupVersionKind(); gvk.Group != "apiextensions.k8s.io" || gvk.Kind != "CustomResourceDefinition" || len(o.templates) > 0 {
			return 0, false
		}
	}
	for _, o := range f.Objects {
		line, column := o.Position("")
		short := &unstructured.Unstructured{Object: map[string]any{}}
		short.SetGroupVersionKind(o.GroupVersionKind())
		short.SetName(o.GetName())
		o.Unstructured, o.node, o.released = short, nil, &[2]int{line, column}
	}
	f.documents, f.lines = nil, nil
	return keptOfObject * len(f.Objects), true
}
