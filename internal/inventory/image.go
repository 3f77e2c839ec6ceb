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

// image is an image as it is written in objects.
type image struct {
	written string
	nodes   map[*node]bool
	// subscribers are the names of those that match the image.
	subscribers map[string]bool
}

// namespace holds the nodes with images in a namespace, and how many of them have each image.
type namespace struct {
	nodes  map[*node]bool
	images map[*image]int
}

// subscribe adds the image to those of a subscriber, if it matches.
func (i *image) subscribe(name string, s *subscriber) {
	if s.matches(i.written) {
		s.images[i] = true
		i.subscribers[name] = true
	}
}

// imageOf returns the entry of an image, and adds it if it is missing.
func (x *Index) imageOf(written string) *image {
	if i := x.images[written]; i != nil {
		return i
	}
	i := &image{written: written, nodes: map[*node]bool{}, subscribers: map[string]bool{}}
	x.images[written] = i
	for name, s := range x.subscribers {
		i.subscribe(name, s)
	}
	return i
}

// setImages records the images of a node. If one of them is the first or was the last of its kind in the namespace,
// every subscriber with workloads there is notified.
func (x *Index) setImages(n *node, written map[string]bool) {
	space := x.namespaces[n.namespace]
	if space == nil {
		space = &namespace{nodes: map[*node]bool{}, images: map[*image]int{}}
		x.namespaces[n.namespace] = space
	}
	added := false
	for w := range written {
		if i := x.imageOf(w); !i.nodes[n] {
			i.nodes[n] = true
			n.images[i] = true
			added = added || space.images[i] == 0
			space.images[i]++
		}
	}
	var removed []*image
	for i := range n.images {
		if !written[i.written] {
			removed = append(removed, i)
		}
	}
	if added || space.hasLast(removed) {
		for name := range x.subscribersIn(n.namespace) {
			x.pending[name] = true
		}
	}
	for _, i := range removed {
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

// hasLast reports whether one of the images belongs to a single node of the namespace.
func (s *namespace) hasLast(images []*image) bool {
	for _, i := range images {
		if s.images[i] == 1 {
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
	for name := range i.subscribers {
		delete(x.subscribers[name].images, i)
	}
	delete(x.images, i.written)
}
