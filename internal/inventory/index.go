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

	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Index holds the workloads of a cluster, and notifies its subscribers of changes. It is safe for concurrent use.
type Index struct {
	notify func(subscriber string)
	// notifyNamespace is nil unless namespaces are watched.
	notifyNamespace func(namespace string, subscribers int)

	mu     sync.Mutex
	listed map[schema.GroupKind]bool
	nodes  map[types.UID]*node
	// children are the nodes by the UID of their owner, whether or not the owner is known.
	children    map[types.UID]map[*node]bool
	pods        map[types.UID]*podGroup
	images      map[string]*image
	namespaces  map[string]*namespace
	subscribers map[string]*subscriber
	// selections are those of the subscribers that select by globs; byFunction are the others.
	selections imageglob.Selections
	byFunction map[string]*subscriber
	// observers are the names to notify of each change in a namespace.
	observers map[string]map[string]bool
	// version is the highest one of a namespace.
	version uint64
	// pending are the subscribers to notify once the lock is released.
	pending map[string]bool
	// pendingNamespaces are those to notify of then, and whether that is urgent.
	pendingNamespaces map[string]bool
}

// subscriber selects the workloads with images that match.
type subscriber struct {
	key     string
	matches Images
	images  map[*image]bool
	// tracked is nil before the first call of Changes.
	tracked *tracked
}

// New returns an empty index. It calls notify with the name of a subscriber if what Select returns for it may have
// changed. It holds no lock then; notify must not block.
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
		byFunction:  map[string]*subscriber{},
		observers:   map[string]map[string]bool{},
		pending:     map[string]bool{},

		pendingNamespaces: map[string]bool{},
	}
}

// locked applies a change, and notifies the subscribers afterwards.
func (x *Index) locked(change func()) {
	x.mu.Lock()
	change()
	pending := slices.Sorted(maps.Keys(x.pending))
	notifyNamespaces := x.namespaceNotifier()
	clear(x.pending)
	x.mu.Unlock()
	for _, name := range pending {
		x.notify(name)
	}
	notifyNamespaces()
}

// Apply adds or updates an object.
func (x *Index) Apply(o *Object) { x.locked(func() { x.apply(o) }) }

// Delete removes an object.
func (x *Index) Delete(uid types.UID) { x.locked(func() { x.remove(uid) }) }

// Listed notes that all objects of a kind have been applied, and removes those whose UIDs are not in the list.
func (x *Index) Listed(kind schema.GroupKind, uids []types.UID) {
	x.locked(func() {
		present := make(map[types.UID]bool, len(uids))
		for _, uid := range uids {
			present[uid] = true
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

// Synced reports whether Listed was called for every watched kind.
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
// key stays the same, only new images are matched. The caller must not change what the workloads refer to.
func (x *Index) Select(name, key string, images Images) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.assembleAll(x.subscribe(name, key, images).roots(x))
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

func (x *Index) subscribersIn(namespace string) map[string]bool {
	names := map[string]bool{}
	if space := x.namespaces[namespace]; space != nil {
		for i := range space.images {
			maps.Copy(names, i.subscribers)
		}
	}
	return names
}
