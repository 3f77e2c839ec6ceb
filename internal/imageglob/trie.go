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

package imageglob

import (
	"cmp"
	"slices"
	"strings"
)

// trie holds globs by literals. The zero value is empty.
type trie[T comparable] struct{ root node[T] }

// node is a literal: the labels on the way to it. No two children begin with the same byte.
type node[T comparable] struct {
	label    string
	children []*node[T] // by label
	globs    []filed[T]
}

func (t *trie[T]) empty() bool { return len(t.root.children) == 0 }

func (n *node[T]) child(first byte) (int, bool) {
	return slices.BinarySearchFunc(n.children, first, func(child *node[T], first byte) int {
		return cmp.Compare(child.label[0], first)
	})
}

// walk visits the globs of each literal that a text begins with.
func (t *trie[T]) walk(text string, visit func(globs []filed[T])) {
	for n := &t.root; text != ""; {
		at, ok := n.child(text[0])
		if !ok {
			return
		}
		n = n.children[at]
		if !strings.HasPrefix(text, n.label) {
			return
		}
		text = text[len(n.label):]
		if len(n.globs) > 0 {
			visit(n.globs)
		}
	}
}

// count returns how many globs there are at the beginnings of a literal and at the literal itself: a name with the literal is tried
// with all of them.
func (t *trie[T]) count(literal string) int {
	count := 0
	t.walk(literal, func(globs []filed[T]) { count += len(globs) })
	return count
}

// insert returns the node of a literal that is not empty.
func (t *trie[T]) insert(literal string) *node[T] {
	n := &t.root
	for literal != "" {
		at, ok := n.child(literal[0])
		if !ok {
			leaf := &node[T]{label: literal}
			n.children = slices.Insert(n.children, at, leaf)
			return leaf
		}
		child := n.children[at]
		if common := commonPrefix(child.label, literal); common < len(child.label) {
			middle := &node[T]{label: child.label[:common], children: []*node[T]{child}}
			child.label = child.label[common:]
			n.children[at] = middle
			child = middle
		}
		literal = literal[len(child.label):]
		n = child
	}
	return n
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// remove removes the globs of an owner from the node of a literal, and the nodes that are not needed any more.
func (t *trie[T]) remove(literal string, owner T) {
	path := []*node[T]{&t.root}
	for literal != "" {
		n := path[len(path)-1]
		at, ok := n.child(literal[0])
		if !ok || !strings.HasPrefix(literal, n.children[at].label) {
			return
		}
		literal = literal[len(n.children[at].label):]
		path = append(path, n.children[at])
	}
	last := path[len(path)-1]
	last.globs = without(last.globs, owner)
	for i := len(path) - 1; i > 0; i-- {
		path[i-1].tidy(path[i])
	}
}

// tidy removes a child without globs that has no children, or puts its only child in its place.
func (n *node[T]) tidy(child *node[T]) {
	if len(child.globs) > 0 || len(child.children) > 1 {
		return
	}
	at, ok := n.child(child.label[0])
	if !ok {
		return
	}
	if len(child.children) == 0 {
		n.children = slices.Delete(n.children, at, at+1)
		return
	}
	only := child.children[0]
	only.label = child.label + only.label
	n.children[at] = only
}

// without returns the globs of other owners.
func without[T comparable](globs []filed[T], owner T) []filed[T] {
	return slices.DeleteFunc(globs, func(f filed[T]) bool { return f.owner == owner })
}
