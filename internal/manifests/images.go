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

import "github.com/karmada-io/image-trust/internal/inventory"

// Image is the image of a container or of an image volume in a pod or a pod template.
type Image struct {
	inventory.Container
	// Origin is how the image was found.
	Origin Origin
	// Path is the path of the field in the object, such as spec.template.spec.containers[0].image.
	Path string
	// Line of the field in the file, counted from 1.
	Line int
	// Address is the place of the field in the file.
	Address Address
	// Start and End are the offsets of the image's text in the file's content, in bytes and without quotes. Images that
	// share a text by an alias or a merge have the same offsets.
	Start, End int
	// NotEditable is the reason why the text must not be edited, a clause such as "it is written as a block of text".
	// Start and End are zero then. It is empty if the text may be edited.
	NotEditable string

	// node is the image's text; nil if it cannot be told.
	node *node
}

// Images returns the images of an object: those of its templates, in their order. Objects that are not workloads have none.
// Containers without an image are skipped: the image may be added later, for example by a patch.
func (o *Object) Images() []Image {
	var images []Image
	for _, template := range o.templates {
		images = append(images, template.Images...)
	}
	for i := range images {
		images[i].Start, images[i].End, images[i].NotEditable = o.locate(images[i])
	}
	return images
}

// locate returns the offsets of an image's text, or the reason why the text must not be edited.
func (o *Object) locate(image Image) (start, end int, notEditable string) {
	n := image.node
	d := o.File.documents[o.document]
	switch {
	case n == nil || n.kind != scalar || n.value != image.Image:
		return 0, 0, "its text in the file cannot be found; write it as plain text on the line of its key"
	case n.style == block:
		return 0, 0, "it is written as a block of text; write it on the line of its key"
	case d.refCounts != nil && d.refCounts[n] != d.imageRefCounts[n]:
		return 0, 0, "an alias uses the same text for a field that is not an image; write the image without an alias"
	}
	start, end, ok := span(o.File.Content, n)
	if !ok {
		return 0, 0, "its YAML style is not supported; write it as plain text on the line of its key"
	}
	return start, end, ""
}
