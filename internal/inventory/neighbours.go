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
	"maps"
	"slices"
)

// maxGathered bounds how many images are gathered for a namespace. Of more it is only known that there are many.
const maxGathered = 1000

// gathered is what changed in a namespace for subscribers that do not select the workload: images of workloads that came, changed
// or went, until NeighboursOf takes them.
type gathered struct {
	images map[string]struct{}
	// all reports whether any image may be concerned.
	all bool
}

func (g *gathered) add(images map[string]struct{}) {
	if g.all || len(g.images)+len(images) > maxGathered {
		g.all, g.images = true, nil
		return
	}
	if g.images == nil {
		g.images = map[string]struct{}{}
	}
	maps.Copy(g.images, images)
}

// Neighbours are the subscribers with workloads in a namespace, and what changed there.
type Neighbours struct {
	// Subscribers by name.
	Subscribers []string
	// Images of workloads that came, changed or went, as they are written, sorted. They are not listed if All reports that any
	// image may be concerned.
	Images []string
	All    bool
}

// WatchNamespaces makes the index call a function with a namespace after each change there that may concern subscribers which do
// not select what changed. NeighboursOf says what changed, and whom that may concern. It can wait, and the longer the more
// subscribers there are, whose number is passed: it is 0 after TouchNamespace and TouchImages. The function is called without a
// lock, and must not block. Without it nothing is gathered.
func (x *Index) WatchNamespaces(notify func(namespace string, subscribers int)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.notifyNamespace = notify
}

// namespaceNotifier takes the namespaces to notify of, and returns a function that does so without the lock.
func (x *Index) namespaceNotifier() func() {
	if len(x.pendingNamespaces) == 0 || x.notifyNamespace == nil {
		return func() {}
	}
	pending, subscribers, notify := maps.Clone(x.pendingNamespaces), len(x.subscribers), x.notifyNamespace
	clear(x.pendingNamespaces)
	return func() {
		for namespace, urgent := range pending {
			if urgent {
				notify(namespace, 0)
			} else {
				notify(namespace, subscribers)
			}
		}
	}
}

// NeighboursOf returns what changed in a namespace since the last call.
func (x *Index) NeighboursOf(namespace string) Neighbours {
	x.mu.Lock()
	defer x.mu.Unlock()
	space := x.namespaces[namespace]
	if space == nil {
		return Neighbours{}
	}
	changed := space.gathered
	space.gathered = gathered{}
	return Neighbours{
		Subscribers: slices.Sorted(maps.Keys(x.subscribersIn(namespace))),
		Images:      slices.Sorted(maps.Keys(changed.images)),
		All:         changed.all,
	}
}

// TouchNamespace notes that something else than the workloads of a namespace changed that concerns all of them, and notifies of
// it if there are subscribers.
func (x *Index) TouchNamespace(namespace string) {
	x.locked(func() { x.touchNamespace(namespace) })
}

// TouchImages does the same for all namespaces that use an image which matches.
func (x *Index) TouchImages(matches func(image string) bool) {
	x.locked(func() {
		touched := map[string]bool{}
		for _, i := range x.images {
			if !matches(i.written) {
				continue
			}
			for n := range i.nodes {
				if !touched[n.namespace] {
					touched[n.namespace] = true
					x.touchNamespace(n.namespace)
				}
			}
		}
	})
}

func (x *Index) touchNamespace(namespace string) {
	if space := x.namespaces[namespace]; x.notifyNamespace != nil && space != nil && space.hasSubscribers() {
		space.gathered = gathered{all: true}
		x.pendingNamespaces[namespace] = true
	}
}

func (s *namespace) hasSubscribers() bool {
	for i := range s.images {
		if len(i.subscribers) > 0 {
			return true
		}
	}
	return false
}

// gather notes the images of a node that changed, for the other subscribers in its namespace: those that came or went or, if
// another object or other labels stand for the node now, all of them.
func (x *Index) gather(n *node, before []*image, all bool) {
	space := x.namespaces[n.namespace]
	if x.notifyNamespace == nil || space == nil || len(x.subscribers) == 0 {
		return
	}
	changed := map[string]struct{}{}
	had := make(map[*image]bool, len(before))
	for _, i := range before {
		had[i] = true
		if all || !i.nodes[n] {
			changed[i.written] = struct{}{}
		}
	}
	for _, i := range n.images {
		if all || !had[i] {
			changed[i.written] = struct{}{}
		}
	}
	if len(changed) > 0 {
		space.gathered.add(changed)
		if _, pending := x.pendingNamespaces[n.namespace]; !pending { // otherwise it stays as urgent as it was
			x.pendingNamespaces[n.namespace] = false
		}
	}
}
