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
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/workload"
)

// Index holds the workloads of a cluster, and notifies its subscribers of changes. It is safe for concurrent use.
type Index struct {
	notify func(subscriber string)

	mu     sync.Mutex
	listed map[schema.GroupKind]bool
	nodes  map[types.UID]*node
	// children are the nodes by the UID of their owner, whether or not the owner is known.
	children    map[types.UID]map[*node]bool
	pods        map[types.UID]*podGroup
	images      map[string]*image
	namespaces  map[string]*namespace
	subscribers map[string]*subscriber
	// observers are the names to notify of each change in a namespace.
	observers map[string]map[string]bool
	// pending are the subscribers to notify once the lock is released.
	pending map[string]bool
}

// subscriber selects the workloads with images that match.
type subscriber struct {
	key     string
	matches func(image string) bool
	images  map[*image]bool
}

// New returns an empty index. It calls notify with the name of a subscriber if what Select returns for it may have
// changed, or which images are used in a namespace with workloads of its own. It holds no lock then; notify must not
// block.
func New(notify func(subscriber string)) *Index {
	return &Index{
		notify:      notify,
		listed:      map[schema.GroupKind]bool{},
		nodes:       map[types.UID]*node{},
		children:    map[types.UID]map[*node]bool{},
		pods:        map[types.UID]*podGroup{},
		images:      map[string]*image{},
		namespaces:  map[string]*namespace{},
		subscribers: map[string]*subscriber{},
		observers:   map[string]map[string]bool{},
		pending:     map[string]bool{},
	}
}

// locked applies a change, and notifies the subscribers afterwards.
func (x *Index) locked(change func()) {
	x.mu.Lock()
	change()
	pending := slices.Sorted(maps.Keys(x.pending))
	clear(x.pending)
	x.mu.Unlock()
	for _, name := range pending {
		x.notify(name)
	}
}

// Apply adds or updates an object.
func (x *Index) Apply(o *Object) { x.locked(func() { x.apply(o) }) }

// Delete removes an object.
func (x *Index) Delete(uid types.UID) { x.locked(func() { x.remove(uid) }) }

// Replace sets all objects of a kind, and removes those that are not in the list.
func (x *Index) Replace(kind schema.GroupKind, objects []*Object) {
	x.locked(func() {
		present := make(map[types.UID]bool, len(objects))
		for _, o := range objects {
			present[o.UID] = true
			x.apply(o)
		}
		for _, uid := range x.ofKind(kind) {
			if !present[uid] {
				x.remove(uid)
			}
		}
		if !x.listed[kind] {
			x.listed[kind] = true
			if x.synced() {
				for name := range x.subscribers {
					x.pending[name] = true
				}
				for _, observers := range x.observers {
					maps.Copy(x.pending, observers)
				}
			}
		}
	})
}

// ofKind returns the UIDs of all objects of a kind.
func (x *Index) ofKind(kind schema.GroupKind) []types.UID {
	var uids []types.UID
	if kind == (schema.GroupKind{Kind: "Pod"}) {
		uids = slices.Collect(maps.Keys(x.pods))
	}
	for uid, n := range x.nodes {
		if n.object != nil && n.object.groupKind() == kind {
			uids = append(uids, uid)
		}
	}
	return uids
}

// Synced reports whether Replace was called for every watched kind.
func (x *Index) Synced() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.synced()
}

func (x *Index) synced() bool {
	for _, kind := range workload.Watched() {
		if !x.listed[kind.GroupKind()] {
			return false
		}
	}
	return true
}

// Select returns the workloads with at least one image that matches, by namespace, kind and name, and subscribes to
// their changes under a name. The images are passed as they are written, whether or not they can be read. As long as the
// key stays the same, matches is called for new images only. The caller must not change what the workloads refer to.
func (x *Index) Select(name, key string, matches func(image string) bool) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.subscribers[name]
	if s == nil || s.key != key {
		x.unsubscribe(name)
		s = &subscriber{key: key, matches: matches, images: map[*image]bool{}}
		x.subscribers[name] = s
		for _, i := range x.images {
			i.subscribe(name, s)
		}
	}
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
	return x.assembleAll(roots)
}

// Forget removes a subscriber or an observer.
func (x *Index) Forget(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.unsubscribe(name)
	x.disregard(name)
}

// Observe returns all workloads of a namespace as In does, and notifies an observer of their changes by its name. An observer
// has one namespace: the one of its last call.
func (x *Index) Observe(name, namespace string) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.observers[namespace][name] {
		x.disregard(name)
		if x.observers[namespace] == nil {
			x.observers[namespace] = map[string]bool{}
		}
		x.observers[namespace][name] = true
	}
	return x.in(namespace)
}

func (x *Index) disregard(name string) {
	for namespace, observers := range x.observers {
		delete(observers, name)
		if len(observers) == 0 {
			delete(x.observers, namespace)
		}
	}
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
}

// In returns all workloads of a namespace, by kind and name.
func (x *Index) In(namespace string) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.in(namespace)
}

func (x *Index) in(namespace string) []Workload {
	space := x.namespaces[namespace]
	if space == nil {
		return nil
	}
	roots := map[*node]bool{}
	for n := range space.nodes {
		roots[x.root(n)] = true
	}
	return x.assembleAll(roots)
}

// SubscribersIn returns the names of the subscribers with workloads in a namespace, sorted.
func (x *Index) SubscribersIn(namespace string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(maps.Keys(x.subscribersIn(namespace)))
}

func (x *Index) subscribersIn(namespace string) map[string]bool {
	names := map[string]bool{}
	if space := x.namespaces[namespace]; space != nil {
		for i := range space.images {
			maps.Copy(names, i.subscribers)
		}
	}
	return names
}

// SubscribersFor returns the names of the subscribers with workloads in any namespace that uses an image that
// matches, sorted.
func (x *Index) SubscribersFor(matches func(image string) bool) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	names := map[string]bool{}
	seen := map[string]bool{}
	for _, i := range x.images {
		if !matches(i.written) {
			continue
		}
		for n := range i.nodes {
			if !seen[n.namespace] {
				seen[n.namespace] = true
				maps.Copy(names, x.subscribersIn(n.namespace))
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
