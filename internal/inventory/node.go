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
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
)

// node is a controller or a standalone pod. Its object is nil if only pods that name it as their owner are known.
type node struct {
	uid       types.UID
	namespace string
	object    *Object
	// owner is the owner reference of its pods.
	owner *Owner
	// groups of its pods by their keys; nil if there are none, as of most nodes in a cluster of bare pods.
	groups map[string]*podGroup
	// images, each once. The list is replaced, and never changed.
	images []*image
}

// podGroup counts the pods of one owner that run the same. If the owner is not watched, they have the same labels too.
type podGroup struct {
	node    *node
	key     string
	running []Running
	labels  map[string]string
	pods    int
}

// node returns the node with a UID in a namespace, and adds it if it is missing. Pods name the UID of their owner, and nothing
// proves that this is of their namespace: what names that of another namespace has a node of its own.
func (x *Index) node(uid types.UID, namespace string) *node {
	n := x.nodes[uid]
	if n != nil && n.namespace != namespace {
		uid = foreignUID(uid, namespace)
		n = x.nodes[uid]
	}
	if n == nil {
		n = &node{uid: uid, namespace: namespace}
		x.nodes[uid] = n
	}
	return n
}

// foreignUID is the UID of the node of pods that name an owner which is known in another namespace.
func foreignUID(uid types.UID, namespace string) types.UID { return types.UID(namespace) + "/" + uid }

// makeRoom gives the UID of an object to it, if pods of another namespace have named it as that of their owner.
func (x *Index) makeRoom(o *Object) {
	n := x.nodes[o.UID]
	if n == nil || n.object != nil || n.namespace == o.Namespace {
		return
	}
	x.withNotify(n, func() { delete(x.nodes, n.uid) })
	n.uid = foreignUID(n.uid, n.namespace)
	x.withNotify(n, func() { x.nodes[n.uid] = n })
}

func (x *Index) apply(o *Object) {
	switch {
	case o.Finished:
		x.remove(o.UID)
	case o.isPod() && !o.standalone():
		x.removeNode(o.UID)
		x.applyPod(o)
	default:
		x.removePod(o.UID)
		x.applyNode(o)
	}
}

func (x *Index) remove(uid types.UID) {
	x.removePod(uid)
	x.removeNode(uid)
}

func (x *Index) applyNode(o *Object) {
	x.makeRoom(o)
	n := x.node(o.UID, o.Namespace)
	if n.object != nil && equality.Semantic.DeepEqual(n.object, o) {
		return
	}
	x.withNotify(n, func() {
		x.unlink(n)
		n.object = o
		if o.Owner != nil && o.Owner.watched() {
			siblings := x.children[o.Owner.UID]
			if siblings == nil {
				siblings = map[*node]bool{}
				x.children[o.Owner.UID] = siblings
			}
			siblings[n] = true
		}
		x.refresh(n)
	})
}

func (x *Index) removeNode(uid types.UID) {
	n := x.nodes[uid]
	if n == nil || n.object == nil {
		return
	}
	x.withNotify(n, func() {
		x.unlink(n)
		n.object = nil
		x.refresh(n)
	})
}

// unlink removes a node from the children of its owner.
func (x *Index) unlink(n *node) {
	if n.object == nil || n.object.Owner == nil {
		return
	}
	siblings := x.children[n.object.Owner.UID]
	delete(siblings, n)
	if len(siblings) == 0 {
		delete(x.children, n.object.Owner.UID)
	}
}

// applyPod only increments a count if another pod of the owner runs the same.
func (x *Index) applyPod(o *Object) {
	g := &podGroup{running: o.Running}
	if o.Owner.watched() {
		// The owner's template already has the containers that do not run yet.
		g.running = slices.DeleteFunc(slices.Clone(o.Running), Running.asked)
	} else {
		g.labels = o.Labels
	}
	if len(g.running) == 0 {
		x.removePod(o.UID)
		return
	}
	g.key = g.identity()
	before := x.pods[o.UID]
	n := x.node(o.Owner.UID, o.Namespace)
	if before != nil && before.key == g.key && before.node == n {
		return
	}
	n.owner = o.Owner
	if existing := n.groups[g.key]; existing != nil {
		existing.pods++
		x.pods[o.UID] = existing
	} else {
		g.node, g.pods = n, 1
		x.pods[o.UID] = g
		x.withNotify(n, func() {
			if n.groups == nil {
				n.groups = map[string]*podGroup{}
			}
			n.groups[g.key] = g
			x.refresh(n)
		})
	}
	if before != nil {
		x.leaveGroup(before)
	}
}

func (x *Index) removePod(uid types.UID) {
	if g := x.pods[uid]; g != nil {
		delete(x.pods, uid)
		x.leaveGroup(g)
	}
}

// leaveGroup takes one pod out of a group, and removes the group after its last one.
func (x *Index) leaveGroup(g *podGroup) {
	if g.pods--; g.pods > 0 {
		return
	}
	x.withNotify(g.node, func() {
		delete(g.node.groups, g.key)
		x.refresh(g.node)
	})
}

// identity returns the key of a group. It is unique among the groups of a node.
func (g *podGroup) identity() string {
	const separators = 8
	size := 0
	for _, r := range g.running {
		size += len(r.Field) + len(r.Name) + len(r.Image) + len(r.Digest) + separators
	}
	var b strings.Builder
	b.Grow(size)
	for _, r := range g.running {
		for _, part := range []string{r.Field, r.Name, r.Image, r.Digest} {
			b.WriteString(part)
			b.WriteByte(0)
		}
		if r.Started {
			b.WriteByte('s')
		}
		b.WriteByte(1)
	}
	for _, label := range slices.Sorted(maps.Keys(g.labels)) {
		fmt.Fprintf(&b, "\x02%s\x00%s", label, g.labels[label])
	}
	return b.String()
}

// refresh updates the images of a node, and removes the node if it has neither an object nor pods.
func (x *Index) refresh(n *node) {
	size := 0
	if n.object != nil {
		size = len(n.object.Template)
	}
	images := make(map[string]bool, size)
	if n.object != nil {
		for _, c := range n.object.Template {
			images[c.Image] = true
		}
		for _, r := range n.object.Running {
			images[r.Image] = true
		}
	}
	for _, g := range n.groups {
		for _, r := range g.running {
			images[r.Image] = true
		}
	}
	delete(images, "") // a template without an image, which something else adds
	x.setImages(n, images)
	if n.object == nil && len(n.groups) == 0 {
		delete(x.nodes, n.uid)
	}
}

// folded returns a root and the nodes that are folded into it.
func (x *Index) folded(root *node) []*node {
	members := []*node{root}
	for child := range x.children[root.uid] {
		if x.root(child) == root {
			members = append(members, child)
		}
	}
	return members
}

// root returns the node that a node is folded into: the owner that creates its pods through it and asks for the same
// containers. A node that is not folded is its own root. An owner is in the namespace of its objects.
func (x *Index) root(n *node) *node {
	if n.object == nil || n.object.Owner == nil {
		return n
	}
	parent := x.nodes[n.object.Owner.UID]
	if parent == nil || parent.object == nil || parent.namespace != n.namespace || !ownsThrough(parent.object, n.object) ||
		!sameContainers(parent.object.Template, n.object.Template) {
		return n
	}
	return parent
}

// sameContainers reports whether two templates have the same containers, in any order.
func sameContainers(a, b []Container) bool {
	if len(a) != len(b) {
		return false
	}
	if slices.Equal(a, b) {
		return true
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, compareContainers)
	slices.SortFunc(b, compareContainers)
	return slices.Equal(a, b)
}

func compareContainers(a, b Container) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Image, b.Image))
}
