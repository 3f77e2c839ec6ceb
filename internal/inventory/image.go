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

import "github.com/karmada-io/image-trust/internal/imageglob"

// image is an image as it is written in objects.
type image struct {
	written string
	names   imageglob.Names
	nodes   map[*node]bool
	// subscribers are the names of those that match the image.
	subscribers map[string]bool
}

// namespace holds the nodes with images in a namespace, and how many of them have each image.
type namespace struct {
	nodes  map[*node]bool
	images map[*image]int
	// version changes with what In returns; it is never 0.
	version  uint64
	gathered gathered
}

// imageOf returns the entry of an image, and adds it if it is missing.
func (x *Index) imageOf(written string) *image {
	if i := x.images[written]; i != nil {
		return i
	}
	i := x.newImage(written)
	x.images[written] = i
	return i
}

// setImages records the images of a node.
func (x *Index) setImages(n *node, written map[string]bool) {
	space := x.namespaces[n.namespace]
	if space == nil {
		space = &namespace{nodes: map[*node]bool{}, images: map[*image]int{}}
		x.namespaces[n.namespace] = space
	}
	images := make([]*image, 0, len(written))
	for w := range written {
		i := x.imageOf(w)
		images = append(images, i)
		if !i.nodes[n] {
			i.nodes[n] = true
			space.images[i]++
		}
	}
	for _, i := range n.images {
		if !written[i.written] {
			x.dropImage(space, n, i)
		}
	}
	n.images = images
	if len(n.images) > 0 {
		space.nodes[n] = true
	} else {
		delete(space.nodes, n)
	}
	if len(space.nodes) == 0 {
		delete(x.namespaces, n.namespace)
	}
}

func (x *Index) dropImage(space *namespace, n *node, i *image) {
	delete(i.nodes, n)
	if space.images[i]--; space.images[i] == 0 {
		delete(space.images, i)
	}
	if len(i.nodes) > 0 {
		return
	}
	for name := range i.subscribers {
		delete(x.subscribers[name].images, i)
	}
	delete(x.images, i.written)
}
