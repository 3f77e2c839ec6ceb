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

package manifests

import (
	"iter"
	"slices"
)

type kind int

const (
	scalar kind = iota
	mapping
	sequence
	alias
)

type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	block
)

// maxMerges is how deeply merged mappings may be nested.
const maxMerges = 100

// node is a value in the text of a document.
type node struct {
	kind  kind
	style style
	// merge reports whether it is the merge key (<<) of a mapping.
	merge bool
	// start is the offset of its first byte, including an anchor or a tag.
	start int
	// value is the value of a scalar.
	value string
	// children are the items of a sequence, or the keys of a mapping, each followed by its value.
	children []*node
	// target is the node that an alias refers to.
	target *node
}

// resolved returns the node that an alias refers to, or the node itself.
func (n *node) resolved() *node {
	if n != nil && n.kind == alias {
		return n.target
	}
	return n
}

// fields iterates over the keys and values of a mapping, including merged ones. The last one of a repeated key counts,
// as in the parser that kubectl uses.
func (n *node) fields() iter.Seq2[*node, *node] {
	return func(yield func(key, value *node) bool) { n.eachField(map[string]bool{}, 0, yield) }
}

func (n *node) eachField(seen map[string]bool, depth int, yield func(key, value *node) bool) bool {
	n = n.resolved()
	if n == nil || n.kind != mapping || depth > maxMerges {
		return true
	}
	for i := len(n.children) - 2; i >= 0; i -= 2 {
		key, value := n.children[i], n.children[i+1]
		if key.merge {
			for _, merged := range mergedBy(value) {
				if !merged.eachField(seen, depth+1, yield) {
					return false
				}
			}
			continue
		}
		if k := key.resolved(); k != nil && k.kind == scalar && seen[k.value] {
			continue
		} else if k != nil {
			seen[k.value] = true
		}
		if !yield(key, value) {
			return false
		}
	}
	return true
}

// mergedBy returns the mappings that a merge key refers to, those with precedence first.
func mergedBy(value *node) []*node {
	if value.kind == sequence {
		return value.children
	}
	return []*node{value}
}

// field returns the key and the value of a field of a mapping; nil if it has no such field.
func (n *node) field(name string) (key, value *node) {
	for key, value := range n.fields() {
		if k := key.resolved(); k != nil && k.kind == scalar && k.value == name {
			return key, value
		}
	}
	return nil, nil
}

// item returns an item of a sequence; nil if it has no such item.
func (n *node) item(i int) *node {
	n = n.resolved()
	if n == nil || n.kind != sequence || i < 0 || i >= len(n.children) {
		return nil
	}
	return n.children[i]
}

// maxReferences limits the elements of a document after its aliases are resolved.
const maxReferences = MaxElements

// countReferences counts the fields of the value that each scalar is used for, and all elements; it stops at more than
// maxReferences. It reports false then, and if an alias refers to a node around it.
func (n *node) countReferences() (counts map[*node]int, total int, ok bool) {
	counts = map[*node]int{}
	left := maxReferences
	ok = n.reference(counts, map[*node]bool{}, &left)
	return counts, maxReferences - left, ok
}

func (n *node) reference(counts map[*node]int, within map[*node]bool, left *int) bool {
	target := n.resolved()
	if *left--; *left < 0 || target == nil || within[target] {
		return false
	}
	switch target.kind {
	case scalar:
		counts[target]++
	case sequence:
		within[target] = true
		defer delete(within, target)
		return !slices.ContainsFunc(target.children, func(item *node) bool { return !item.reference(counts, within, left) })
	case mapping:
		within[target] = true
		defer delete(within, target)
		for key, value := range target.fields() {
			if !key.reference(counts, within, left) || !value.reference(counts, within, left) {
				return false
			}
		}
	case alias:
	}
	return true
}
