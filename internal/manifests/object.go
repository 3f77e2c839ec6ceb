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
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is a Kubernetes object in a file. Its content must not be changed.
type Object struct {
	*unstructured.Unstructured
	// File is the file that contains it.
	File *File

	document int
	// path is the path of a list item in the document; empty for an object that is a document.
	path string
	node *node
}

// Position returns the line and the column of a field in the file. The path is that of field.Path, such as
// spec.images[0] or metadata.labels[example.com/name]. The position is that of a field's key, or of a list item's value.
// If there is no such field, it is that of the nearest field around it, or of the object. Both are counted from 1, the
// column in characters.
func (o *Object) Position(path string) (line, column int) {
	_, named, _ := o.node.find(path)
	if named == nil {
		return 1, 1
	}
	return o.File.lines.position(o.File.Content, named.start)
}

// collect adds the objects in the documents.
func (f *File) collect() {
	for i, d := range f.documents {
		if d.value != nil {
			f.add(i, "", d.value, d.root)
		}
	}
	for _, o := range f.Objects {
		d := f.documents[o.document]
		if d.refCounts == nil {
			continue
		}
		for _, image := range o.containers() {
			if n, _, ok := o.node.find(image.Path); ok {
				d.imageRefCounts[n.resolved()]++
			}
		}
	}
}

// add adds the object in a value, or those in the items of a list.
func (f *File) add(document int, path string, value any, at *node) {
	fields, _ := value.(map[string]any)
	version, _ := fields["apiVersion"].(string)
	kind, _ := fields["kind"].(string)
	items, isList := fields["items"].([]any)
	switch {
	case fields == nil:
		f.skip(at, "it is not a mapping")
	case version == "" || kind == "":
		f.skip(at, "it has no apiVersion and kind")
	case strings.HasPrefix(version, "kustomize.config.k8s.io/"):
		f.skip(at, "it is input of kustomize; use the output of kustomize build instead")
	case strings.HasSuffix(kind, "List") && (isList || kind == "List"):
		_, list := at.field("items")
		for i, item := range items {
			complete(item, version, strings.TrimSuffix(kind, "List"))
			f.add(document, index(child(path, "items"), i), item, list.item(i))
		}
	default:
		f.Objects = append(f.Objects, &Object{
			Unstructured: &unstructured.Unstructured{Object: fields}, File: f, document: document, path: path, node: at.resolved(),
		})
	}
}

// complete sets the apiVersion and kind of an item of a typed list, which the API server omits.
func complete(item any, version, kind string) {
	fields, ok := item.(map[string]any)
	if !ok || kind == "" {
		return
	}
	if fields["kind"] == nil && fields["apiVersion"] == nil {
		fields["apiVersion"], fields["kind"] = version, kind
	}
}

func (f *File) skip(at *node, reason string) {
	line := 1
	if at != nil {
		line, _ = f.lines.position(f.Content, at.start)
	}
	f.Skipped = append(f.Skipped, Skipped{Line: line, Reason: reason})
}
