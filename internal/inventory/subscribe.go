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

// Images are those that a subscriber selects, by their names as they are written. If they have a Selection as well, which matches
// the same, a new image is matched with the globs of all subscribers at once.
type Images interface{ MatchesName(image string) bool }

// MatchFunc is a function as Images.
type MatchFunc func(image string) bool

// MatchesName calls the function.
func (f MatchFunc) MatchesName(image string) bool { return f(image) }

// selectionOf returns the globs that images are selected by; nil if there are none.
func selectionOf(images Images) *imageglob.Selection {
	if by, ok := images.(interface {
		Selection() *imageglob.Selection
	}); ok {
		return by.Selection()
	}
	return nil
}

// subscribe returns the subscriber of a name, a new one if there is none with this key.
func (x *Index) subscribe(name, key string, images Images) *subscriber {
	s := x.subscribers[name]
	if s != nil && s.key == key {
		return s
	}
	x.unsubscribe(name)
	s = &subscriber{key: key, matches: images, images: map[*image]bool{}}
	x.subscribers[name] = s
	selection := selectionOf(images)
	if selection != nil {
		x.selections.Add(name, selection)
	} else {
		x.byFunction[name] = s
	}
	for _, i := range x.images {
		if selection != nil && selection.Matches(i.names) || selection == nil && images.MatchesName(i.written) {
			i.link(name, s)
		}
	}
	return s
}

func (x *Index) unsubscribe(name string) {
	s := x.subscribers[name]
	if s == nil {
		return
	}
	for i := range s.images {
		delete(i.subscribers, name)
	}
	delete(x.subscribers, name)
	delete(x.byFunction, name)
	x.selections.Remove(name)
}

// newImage returns the entry of an image, with the subscribers that select it.
func (x *Index) newImage(written string) *image {
	i := &image{written: written, names: imageglob.NamesOf(written), nodes: map[*node]bool{}, subscribers: map[string]bool{}}
	x.selections.Match(i.names, func(name string) { i.link(name, x.subscribers[name]) })
	for name, s := range x.byFunction {
		if s.matches.MatchesName(written) {
			i.link(name, s)
		}
	}
	return i
}

// link adds the image to those of a subscriber.
func (i *image) link(name string, s *subscriber) {
	s.images[i] = true
	i.subscribers[name] = true
}
