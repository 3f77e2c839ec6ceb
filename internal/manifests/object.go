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

// Object of Kubernetes in a file. What it holds is not to be changed.
type Object struct {
	*unstructured.Unstructured
	// File that it stands in.
	File *File

	document int
	// path within the document: that of an item of a list, else empty.
	path string
	node *node
}

// Position of a field such as spec.images[0] or metadata.labels[example.com/name] in the file: of the key of a field,
// of the value of an item. Where the field is absent it is that of the nearest one around it, at last the object's.
// Line and column are counted from 1, the latter in characters.
func (o *Object) Position(path string) (line, column int) {
	_, named, _ := o.node.find(path)
	if named == nil {
		return 1, 1
	}
	return o.File.lines.position(o.File.Content, named.start)
}

// collect finds the objects in the documents.
func (f *File) collect() {
	for i, d := range f.documents {
		if d.value != nil {
			f.add(i, "", d.value, d.root)
		}
	}
	for _, o := range f.Objects {
		d := f.documents[o.document]
		if d.uses == nil {
			continue
		}
		for _, image := range o.containers() {
			if n, _, whole := o.node.find(image.Path); whole {
				d.imageUses[n.resolved()]++
			}
		}
	}
}

// add takes a value in, or the items of a list.
func (f *File) add(document int, path string, value any, at *node) {
	fields, _ := value.(map[string]any)
	version, _ := fields["apiVersion"].(string)
	kind, _ := fields["kind"].(string)
	items, isList := fields["items"].([]any)
	switch {
	case fields == nil:
		f.skip(at, "this is no mapping")
	case version == "" || kind == "":
		f.skip(at, "this has no apiVersion and kind")
	case strings.HasPrefix(version, "kustomize.config.k8s.io/"):
		f.skip(at, "this is for kustomize; what kustomize build prints can be read")
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

// complete says what the items of a typed list are, as the API server leaves that out.
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
