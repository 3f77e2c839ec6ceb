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
	"github.com/karmada-io/image-trust/internal/inventory"
)

// Image of a container in a pod or a pod's template.
type Image struct {
	inventory.Container
	// Path of the field in the object, such as spec.template.spec.containers[0].image.
	Path string
	// Address of the field in the file.
	Address Address
	// Start and End of the image's text in the file's content, without quotes. Several images have the same where an
	// alias or a merge makes one text serve them all.
	Start, End int
	// Fixed tells why that text must not be edited; empty where it may. Start and End mean nothing then.
	Fixed string
}

// Images of an object, in the order of the inventory. An object of a kind without pods has none; nor does a container
// whose image is left to others.
func (o *Object) Images() []Image {
	images := o.containers()
	for i := range images {
		images[i].Start, images[i].End, images[i].Fixed = o.place(images[i])
	}
	return images
}

func (o *Object) containers() []Image {
	kind := o.workloadKind()
	if kind == nil {
		return nil
	}
	path := kind.PodSpecPath()
	var spec any = o.Object
	for _, segment := range segments(path) {
		fields, _ := spec.(map[string]any)
		spec = fields[segment]
	}
	fields, _ := spec.(map[string]any)
	var images []Image
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		items, _ := fields[list].([]any)
		for i, item := range items {
			container, _ := item.(map[string]any)
			image, _ := container["image"].(string)
			name, _ := container["name"].(string)
			if image == "" {
				continue
			}
			at := child(index(child(path, list), i), "image")
			images = append(images, Image{
				Container: inventory.Container{Field: list, Name: name, Image: image},
				Path:      at, Address: Address{Document: o.document, Path: under(o.path, at)},
			})
		}
	}
	return images
}

// place finds the text of an image, and tells why it must not be edited.
func (o *Object) place(image Image) (start, end int, fixed string) {
	found, _, whole := o.node.find(image.Path)
	n := found.resolved()
	d := o.File.documents[o.document]
	switch {
	case !whole || n == nil || n.kind != scalar || n.value != image.Image:
		return 0, 0, "it is not clear which text in the file it comes from"
	case n.style == block:
		return 0, 0, "it is written as a block of text; write it on the line of its key"
	case d.uses != nil && d.uses[n] != d.imageUses[n]:
		return 0, 0, "an alias makes the same text serve as something else than an image, too; write the image out"
	}
	start, end, ok := extent(o.File.Content, n)
	if !ok {
		return 0, 0, "it is written in a way that is not understood; write it plainly on the line of its key"
	}
	return start, end, ""
}
