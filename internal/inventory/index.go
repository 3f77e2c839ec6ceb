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

	"k8s.io/apimachinery/pkg/types"
)

// Index is safe for concurrent use.
type Index struct {
	changed func(asker string)

	mu         sync.Mutex
	listed     map[string]bool
	nodes      map[types.UID]*node
	children   map[types.UID]map[*node]bool // by the owner's UID, whether or not it is there
	pods       map[types.UID]*shape
	images     map[string]*image
	namespaces map[string]*namespace
	askers     map[string]*asker
	// told are the askers whose answer may have changed since the lock was taken.
	told map[string]bool
}

// asker selects images.
type asker struct {
	key     string
	matches func(image string) bool
	images  map[*image]bool
}

// New returns an empty index. It calls changed with the askers whose answer may have changed: what Select returns,
// or which images are asked for in a namespace with workloads of theirs. It does so without a lock, and changed must
// not block.
func New(changed func(asker string)) *Index {
	return &Index{
		changed:    changed,
		listed:     map[string]bool{},
		nodes:      map[types.UID]*node{},
		children:   map[types.UID]map[*node]bool{},
		pods:       map[types.UID]*shape{},
		images:     map[string]*image{},
		namespaces: map[string]*namespace{},
		askers:     map[string]*asker{},
		told:       map[string]bool{},
	}
}

// locked runs a change, and tells the askers afterwards.
func (x *Index) locked(change func()) {
	x.mu.Lock()
	change()
	told := slices.Sorted(maps.Keys(x.told))
	clear(x.told)
	x.mu.Unlock()
	for _, name := range told {
		x.changed(name)
	}
}

// Apply takes an object in, new or changed.
func (x *Index) Apply(o *Object) { x.locked(func() { x.apply(o) }) }

// Delete forgets an object.
func (x *Index) Delete(uid types.UID) { x.locked(func() { x.remove(uid) }) }

// Replace takes a whole list of a kind in: what is not in it is forgotten.
func (x *Index) Replace(kind string, objects []*Object) {
	x.locked(func() {
		there := make(map[types.UID]bool, len(objects))
		for _, o := range objects {
			there[o.UID] = true
			x.apply(o)
		}
		for _, uid := range x.ofKind(kind) {
			if !there[uid] {
				x.remove(uid)
			}
		}
		if !x.listed[kind] {
			x.listed[kind] = true
			if x.complete() {
				for name := range x.askers {
					x.told[name] = true
				}
			}
		}
	})
}

// ofKind lists what is kept of a kind.
func (x *Index) ofKind(kind string) []types.UID {
	var uids []types.UID
	if kind == "Pod" {
		uids = slices.Collect(maps.Keys(x.pods))
	}
	for uid, n := range x.nodes {
		if n.object != nil && n.object.Kind == kind {
			uids = append(uids, uid)
		}
	}
	return uids
}

func (x *Index) complete() bool {
	for _, kind := range kinds() {
		if !x.listed[kind] {
			return false
		}
	}
	return true
}

// Synced tells whether every kind has been listed whole.
func (x *Index) Synced() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.complete()
}

// Select returns the workloads with at least one image that matches, by namespace, kind and name, and has changed
// called when that may differ. Images are given by their whole name, as name.Reference spells it: with the digest
// where one is written, else with the tag. While the key stays the same, matches is called for new images only. The
// caller must not change what the workloads refer to.
func (x *Index) Select(name, key string, matches func(image string) bool) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := x.askers[name]
	if a == nil || a.key != key {
		x.forget(name)
		a = &asker{key: key, matches: matches, images: map[*image]bool{}}
		x.askers[name] = a
		for _, i := range x.images {
			i.offer(name, a)
		}
	}
	roots := map[*node]bool{}
	for i := range a.images {
		for n := range i.nodes {
			roots[x.root(n)] = true
		}
	}
	return x.assembleAll(roots)
}

// Forget drops an asker.
func (x *Index) Forget(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(name)
}

func (x *Index) forget(name string) {
	a := x.askers[name]
	if a == nil {
		return
	}
	for i := range a.images {
		delete(i.askers, name)
	}
	delete(x.askers, name)
}

// In returns all workloads of a namespace.
func (x *Index) In(name string) []Workload {
	x.mu.Lock()
	defer x.mu.Unlock()
	space := x.namespaces[name]
	if space == nil {
		return nil
	}
	roots := map[*node]bool{}
	for n := range space.nodes {
		roots[x.root(n)] = true
	}
	return x.assembleAll(roots)
}

// Asking returns the askers with workloads in a namespace.
func (x *Index) Asking(name string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(maps.Keys(x.asking(name)))
}

func (x *Index) asking(name string) map[string]bool {
	names := map[string]bool{}
	if space := x.namespaces[name]; space != nil {
		for i := range space.images {
			maps.Copy(names, i.askers)
		}
	}
	return names
}

// Affected returns the askers with workloads in a namespace where an image that matches is asked for.
func (x *Index) Affected(matches func(image string) bool) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	names := map[string]bool{}
	seen := map[string]bool{}
	for _, i := range x.images {
		if i.name == "" || !matches(i.name) {
			continue
		}
		for n := range i.nodes {
			if !seen[n.namespace] {
				seen[n.namespace] = true
				maps.Copy(names, x.asking(n.namespace))
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
