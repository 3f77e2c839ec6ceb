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

// node is a controller or a pod that stands for itself. One of which only pods are known has no object.
type node struct {
	uid       types.UID
	namespace string
	object    *Object
	// owner is the reference that its pods name it by.
	owner  *Owner
	shapes map[string]*shape
	images map[*image]bool
}

// shape is what pods of one owner have in common: what they run and, where nothing else is known of the owner, labels.
type shape struct {
	node    *node
	key     string
	running []Running
	labels  map[string]string
	pods    int
}

func (x *Index) node(uid types.UID, namespace string) *node {
	n := x.nodes[uid]
	if n == nil {
		n = &node{uid: uid, namespace: namespace, shapes: map[string]*shape{}, images: map[*image]bool{}}
		x.nodes[uid] = n
	}
	return n
}

func (x *Index) apply(o *Object) {
	switch {
	case o.Finished:
		x.remove(o.UID)
	case o.Kind == "Pod" && !o.alone():
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
	n := x.node(o.UID, o.Namespace)
	if n.object != nil && equality.Semantic.DeepEqual(n.object, o) {
		return
	}
	x.around(n, func() {
		x.unlink(n)
		n.object = o
		if o.Owner != nil && o.Owner.known() {
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
	x.around(n, func() {
		x.unlink(n)
		n.object = nil
		x.refresh(n)
	})
}

// unlink forgets whose child a node is.
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

// applyPod costs nothing but a count where another pod of its owner runs the same.
func (x *Index) applyPod(o *Object) {
	s := &shape{running: o.Running}
	if o.Owner.known() {
		// Of what does not run yet the owner's template tells.
		s.running = slices.DeleteFunc(slices.Clone(o.Running), func(r Running) bool { return r.Digest == "" })
	} else {
		s.labels = o.Labels
	}
	if len(s.running) == 0 {
		x.removePod(o.UID)
		return
	}
	s.key = s.identity()
	before := x.pods[o.UID]
	if before != nil && before.key == s.key && before.node.uid == o.Owner.UID {
		return
	}
	n := x.node(o.Owner.UID, o.Namespace)
	n.owner = o.Owner
	if known := n.shapes[s.key]; known != nil {
		known.pods++
		x.pods[o.UID] = known
	} else {
		s.node, s.pods = n, 1
		x.pods[o.UID] = s
		x.around(n, func() {
			n.shapes[s.key] = s
			x.refresh(n)
		})
	}
	if before != nil {
		x.leave(before)
	}
}

func (x *Index) removePod(uid types.UID) {
	if s := x.pods[uid]; s != nil {
		delete(x.pods, uid)
		x.leave(s)
	}
}

// leave is what happens when a pod is no longer of a shape.
func (x *Index) leave(s *shape) {
	if s.pods--; s.pods > 0 {
		return
	}
	x.around(s.node, func() {
		delete(s.node.shapes, s.key)
		x.refresh(s.node)
	})
}

// identity of a shape within its owner.
func (s *shape) identity() string {
	var b strings.Builder
	for _, r := range s.running {
		fmt.Fprintf(&b, "%s\x00%s\x00%s\x00%s\x01", r.Field, r.Name, r.Image, r.Digest)
	}
	for _, label := range slices.Sorted(maps.Keys(s.labels)) {
		fmt.Fprintf(&b, "\x02%s\x00%s", label, s.labels[label])
	}
	return b.String()
}

// refresh brings the images of a node up to date, and drops the node when nothing is known of it any more.
func (x *Index) refresh(n *node) {
	wanted := map[string]bool{}
	if n.object != nil {
		for _, c := range n.object.Template {
			wanted[c.Image] = true
		}
		for _, r := range n.object.Running {
			wanted[r.Image] = true
		}
	}
	for _, s := range n.shapes {
		for _, r := range s.running {
			wanted[r.Image] = true
		}
	}
	x.setImages(n, wanted)
	if n.object == nil && len(n.shapes) == 0 {
		delete(x.nodes, n.uid)
	}
}

// around runs a change of a node, and tells the askers that select its workload, or one that is folded into it,
// before the change or after it.
func (x *Index) around(n *node, change func()) {
	x.tell(n)
	change()
	x.tell(n)
}

func (x *Index) tell(n *node) {
	for _, member := range append(x.family(x.root(n)), x.related(n)...) {
		for i := range member.images {
			for name := range i.askers {
				x.told[name] = true
			}
		}
	}
}

// related are the nodes that say they belong to a node.
func (x *Index) related(n *node) []*node {
	return slices.Collect(maps.Keys(x.children[n.uid]))
}

// family of a root: itself, and what is folded into it.
func (x *Index) family(root *node) []*node {
	members := []*node{root}
	for child := range x.children[root.uid] {
		if x.root(child) == root {
			members = append(members, child)
		}
	}
	return members
}

// root is the node that a node is folded into, or itself.
func (x *Index) root(n *node) *node {
	if n.object == nil || n.object.Owner == nil {
		return n
	}
	parent := x.nodes[n.object.Owner.UID]
	if parent == nil || parent.object == nil || !makes(parent.object.Kind, n.object.Kind) ||
		!sameContainers(parent.object.Template, n.object.Template) {
		return n
	}
	return parent
}

// makes tells whether a controller makes its pods by another.
func makes(kind, child string) bool {
	return kind == "Deployment" && child == "ReplicaSet" || kind == "CronJob" && child == "Job"
}

// sameContainers tells whether two templates ask for the same, in whatever order.
func sameContainers(a, b []Container) bool {
	if len(a) != len(b) {
		return false
	}
	a, b = slices.SortedFunc(slices.Values(a), compareContainers), slices.SortedFunc(slices.Values(b), compareContainers)
	return slices.Equal(a, b)
}

func compareContainers(a, b Container) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Image, b.Image))
}
