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
	// templates are found when the file is read.
	templates []Template
	// released is the position of an object of which only the name is kept; nil for any other.
	released *[2]int
}

// Position returns the line and the column of a field in the file. The path is that of field.Path, such as
// spec.images[0] or metadata.labels[example.com/name]. The position is that of a field's key, or of a list item's value.
// If there is no such field, it is that of the nearest field around it, or of the object. Both are counted from 1, the
// column in characters.
func (o *Object) Position(path string) (line, column int) {
	if o.released != nil {
		return o.released[0], o.released[1]
	}
	_, named, _ := o.node.find(path)
	if named == nil {
		return 1, 1
	}
	return o.File.lines.position(o.File.Content, named.start)
}
