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

// maxMerges is how deep merged mappings may be nested.
const maxMerges = 100

// node is a part of a document, at the place where it was written.
type node struct {
	kind  kind
	style style
	// merge tells of a key that takes in what other mappings have.
	merge bool
	// start is the offset of its first byte, which may be that of an anchor or a tag.
	start int
	// value of a scalar.
	value string
	// children are the items of a sequence, or the keys of a mapping and the value after each.
	children []*node
	// target of an alias.
	target *node
}

// resolved is the node that an alias stands for.
func (n *node) resolved() *node {
	if n != nil && n.kind == alias {
		return n.target
	}
	return n
}

// fields are what a mapping has in the end: of a key given twice the last one counts, also where it is merged in,
// because that is how the parser that kubectl uses reads it.
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

// mergedBy are the mappings that a merge takes in, the more important ones first.
func mergedBy(value *node) []*node {
	if value.kind == sequence {
		return value.children
	}
	return []*node{value}
}

// field of a mapping, with its key; nil where it has none of that name.
func (n *node) field(name string) (key, value *node) {
	for key, value := range n.fields() {
		if k := key.resolved(); k != nil && k.kind == scalar && k.value == name {
			return key, value
		}
	}
	return nil, nil
}

// item of a sequence; nil where it has none.
func (n *node) item(i int) *node {
	n = n.resolved()
	if n == nil || n.kind != sequence || i < 0 || i >= len(n.children) {
		return nil
	}
	return n.children[i]
}

// maxUses bounds how much aliases may multiply a document. The parser is more strict.
const maxUses = 4_000_000

// countUses tells in how many places of the value each scalar is.
func (n *node) countUses() (uses map[*node]int, whole bool) {
	uses = map[*node]int{}
	left := maxUses
	return uses, n.use(uses, map[*node]bool{}, &left)
}

func (n *node) use(uses map[*node]int, within map[*node]bool, left *int) bool {
	target := n.resolved()
	if *left--; *left < 0 || target == nil || within[target] {
		return false
	}
	switch target.kind {
	case scalar:
		uses[target]++
	case sequence:
		within[target] = true
		defer delete(within, target)
		return !slices.ContainsFunc(target.children, func(item *node) bool { return !item.use(uses, within, left) })
	case mapping:
		within[target] = true
		defer delete(within, target)
		for key, value := range target.fields() {
			if !key.use(uses, within, left) || !value.use(uses, within, left) {
				return false
			}
		}
	case alias:
	}
	return true
}
