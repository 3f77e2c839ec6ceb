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

	"k8s.io/apimachinery/pkg/types"
)

// Changes says how what Select returns for a subscriber differs from what it was before.
type Changes struct {
	// All reports whether Changed are all workloads, whatever was known before.
	All bool
	// Changed are the workloads that were added or may have changed, in the order of Select.
	Changed []Workload
	// Removed are the workloads that are not selected any more, sorted.
	Removed []types.UID
}

// tracked is what a subscriber knows of its workloads: those that the last call of Changes or one before it returned.
type tracked struct {
	known map[types.UID]struct{}
	// changed are the roots, by their UIDs, that may differ from what is known: each of them is known, or selected now, so that
	// they are never more than the workloads of a cluster.
	changed map[types.UID]struct{}
}

// Changes subscribes like Select, and returns what changed of its result since the last call under the same name: everything at
// the first call, after Forget, and with a new key. The work is in proportion to the changes.
func (x *Index) Changes(name, key string, images Images) Changes {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.subscribe(name, key, images)
	if s.tracked == nil {
		roots := s.roots(x)
		s.tracked = &tracked{known: make(map[types.UID]struct{}, len(roots)), changed: map[types.UID]struct{}{}}
		for root := range roots {
			s.tracked.known[root.uid] = struct{}{}
		}
		return Changes{All: true, Changed: x.assembleAll(roots)}
	}
	var out Changes
	roots := map[*node]bool{}
	for uid := range s.tracked.changed {
		_, known := s.tracked.known[uid]
		switch n := x.nodes[uid]; {
		case n != nil && x.root(n) == n && x.selects(s, n):
			roots[n] = true
			s.tracked.known[uid] = struct{}{}
		case known:
			out.Removed = append(out.Removed, uid)
			delete(s.tracked.known, uid)
		}
	}
	s.tracked.changed = map[types.UID]struct{}{}
	slices.Sort(out.Removed)
	out.Changed = x.assembleAll(roots)
	return out
}

// selects reports whether a root, or a node that is folded into it, has an image of the subscriber.
func (x *Index) selects(s *subscriber, root *node) bool {
	for _, member := range x.folded(root) {
		for _, i := range member.images {
			if s.images[i] {
				return true
			}
		}
	}
	return false
}

// touch notes that roots may have changed.
func (s *subscriber) touch(x *Index, roots []*node) {
	if s.tracked == nil {
		return
	}
	for _, root := range roots {
		_, known := s.tracked.known[root.uid]
		if known || x.nodes[root.uid] == root && x.selects(s, root) {
			s.tracked.changed[root.uid] = struct{}{}
		} else {
			delete(s.tracked.changed, root.uid)
		}
	}
}

// Version changes whenever what In returns for a namespace may have changed.
func (x *Index) Version(namespace string) uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if space := x.namespaces[namespace]; space != nil {
		return space.version
	}
	return 0
}

// changedIn gives a namespace a new version. A version is not used twice, so that a namespace which was empty in between has
// another one than before.
func (x *Index) changedIn(namespace string) {
	if space := x.namespaces[namespace]; space != nil {
		x.version++
		space.version = x.version
	}
}

// roots returns the roots of the subscriber's images.
func (s *subscriber) roots(x *Index) map[*node]bool {
	// A node may have many of the images, and it takes a comparison of templates to find its root.
	nodes, roots := map[*node]bool{}, map[*node]bool{}
	for i := range s.images {
		for n := range i.nodes {
			if !nodes[n] {
				nodes[n] = true
				roots[x.root(n)] = true
			}
		}
	}
	return roots
}

// withNotify applies a change of a node. Every subscriber that selects its workload before or after the change is notified, and
// what it knows of the roots which that concerns is out of date: the root of the node, and those of its children that the change
// folds into it or does not fold any more.
func (x *Index) withNotify(n *node, change func()) {
	names := map[string]bool{}
	before, children := x.root(n), x.rootsOfChildren(n)
	object, images := n.object, n.images
	addSubscribers(names, x.folded(before))
	change()
	after := x.root(n)
	addSubscribers(names, x.folded(after))
	touched := []*node{before, after}
	for child, root := range children {
		if now := x.root(child); now != root {
			touched = append(touched, root, now)
			addSubscribers(names, []*node{child})
		}
	}
	for name := range names {
		x.pending[name] = true
		x.subscribers[name].touch(x, touched)
	}
	maps.Copy(x.pending, x.observers[n.namespace])
	x.changedIn(n.namespace)
	x.gather(n, images, n.object != object || n.object == nil)
}

// rootsOfChildren returns the roots of the nodes whose objects name a node as their owner.
func (x *Index) rootsOfChildren(n *node) map[*node]*node {
	siblings := x.children[n.uid]
	if len(siblings) == 0 {
		return nil
	}
	roots := make(map[*node]*node, len(siblings))
	for child := range siblings {
		roots[child] = x.root(child)
	}
	return roots
}

// addSubscribers adds the names of the subscribers with images of nodes.
func addSubscribers(names map[string]bool, nodes []*node) {
	for _, n := range nodes {
		for _, i := range n.images {
			maps.Copy(names, i.subscribers)
		}
	}
}
