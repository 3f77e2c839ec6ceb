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
	"github.com/google/go-containerregistry/pkg/name"
)

// image as somebody wrote it.
type image struct {
	written string
	// name in full; empty where it cannot be read.
	name   string
	nodes  map[*node]bool
	askers map[string]bool
}

// namespace knows the nodes in it, and how many of them have each image.
type namespace struct {
	nodes  map[*node]bool
	images map[*image]int
}

// offer an image to an asker.
func (i *image) offer(name string, a *asker) {
	if i.name != "" && a.matches(i.name) {
		a.images[i] = true
		i.askers[name] = true
	}
}

// imageOf returns the entry of an image, made where there is none.
func (x *Index) imageOf(written string) *image {
	if i := x.images[written]; i != nil {
		return i
	}
	i := &image{written: written, nodes: map[*node]bool{}, askers: map[string]bool{}}
	if ref, err := name.ParseReference(written); err == nil {
		i.name = ref.Name()
	}
	x.images[written] = i
	for asking, a := range x.askers {
		i.offer(asking, a)
	}
	return i
}

// setImages notes which images a node has, and tells the neighbours of those that are new in the namespace or gone
// from it.
func (x *Index) setImages(n *node, wanted map[string]bool) {
	space := x.namespaces[n.namespace]
	if space == nil {
		space = &namespace{nodes: map[*node]bool{}, images: map[*image]int{}}
		x.namespaces[n.namespace] = space
	}
	news := false
	for written := range wanted {
		if i := x.imageOf(written); !i.nodes[n] {
			i.nodes[n] = true
			n.images[i] = true
			news = news || space.images[i] == 0
			space.images[i]++
		}
	}
	var gone []*image
	for i := range n.images {
		if !wanted[i.written] {
			gone = append(gone, i)
		}
	}
	if news || len(gone) > 0 && x.lastInNamespace(space, gone) {
		for asking := range x.asking(n.namespace) {
			x.told[asking] = true
		}
	}
	for _, i := range gone {
		x.dropImage(space, n, i)
	}
	if len(n.images) > 0 {
		space.nodes[n] = true
	} else {
		delete(space.nodes, n)
	}
	if len(space.nodes) == 0 {
		delete(x.namespaces, n.namespace)
	}
}

func (x *Index) lastInNamespace(space *namespace, images []*image) bool {
	for _, i := range images {
		if space.images[i] == 1 {
			return true
		}
	}
	return false
}

func (x *Index) dropImage(space *namespace, n *node, i *image) {
	delete(n.images, i)
	delete(i.nodes, n)
	if space.images[i]--; space.images[i] == 0 {
		delete(space.images, i)
	}
	if len(i.nodes) > 0 {
		return
	}
	for asking := range i.askers {
		delete(x.askers[asking].images, i)
	}
	delete(x.images, i.written)
}
