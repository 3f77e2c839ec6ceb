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
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/karmada-io/image-trust/internal/workload"
)

const (
	// maxPlaceDepth is how deeply fields may be nested in which pods and images are searched. Schemas of kinds end long before.
	maxPlaceDepth = 100
	// maxPlacePath is the maximum length of the path of such a field, in bytes.
	maxPlacePath = 1024
)

// place is a value in an object, together with its text in the file. Walking over places takes time in proportion to the
// object; following a path from the root of the object for each of many fields would not.
type place struct {
	value any
	// node is the value's text, and key that of its key, or of the list item itself. They are nil if the text cannot be told.
	node, key *node

	parent *place
	// segment is the last part of the path, and length that of the whole path in bytes.
	segment string
	isItem  bool
	depth   int
	length  int
}

func (o *Object) place() *place { return &place{value: o.Object, node: o.node, key: o.node} }

func (p *place) below(value any, key, n *node, segment string, isItem bool) *place {
	return &place{
		value: value, node: n, key: key, parent: p, segment: segment, isItem: isItem,
		depth: p.depth + 1, length: p.length + len(segment) + 2,
	}
}

// tooDeep reports whether what is below is not searched.
func (p *place) tooDeep() bool { return p.depth > maxPlaceDepth || p.length > maxPlacePath }

// path returns the path in the object, as field.Path formats it.
func (p *place) path() string {
	switch {
	case p.parent == nil:
		return ""
	case p.isItem:
		return p.parent.path() + "[" + p.segment + "]"
	default:
		return child(p.parent.path(), p.segment)
	}
}

// field returns a field of a mapping; nil if it has no such field.
func (p *place) field(name string) *place {
	if p == nil {
		return nil
	}
	fields, _ := p.value.(map[string]any)
	value, ok := fields[name]
	if !ok {
		return nil
	}
	key, n := p.node.field(name)
	return p.below(value, key, n, name, false)
}

// text returns the text of a field of a mapping; empty if it has none.
func (p *place) text(name string) string {
	if p == nil {
		return ""
	}
	fields, _ := p.value.(map[string]any)
	text, _ := fields[name].(string)
	return text
}

// fields iterates over the fields of a mapping, by their names.
func (p *place) fields() iter.Seq[*place] {
	return func(yield func(*place) bool) {
		fields, _ := p.value.(map[string]any)
		if len(fields) == 0 {
			return
		}
		type pair struct{ key, value *node }
		nodes := make(map[string]pair, len(fields))
		for key, value := range p.node.fields() {
			if k := key.resolved(); k != nil && k.kind == scalar {
				nodes[k.value] = pair{key, value}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if !yield(p.below(fields[name], nodes[name].key, nodes[name].value, name, false)) {
				return
			}
		}
	}
}

// items iterates over the items of a list.
func (p *place) items() iter.Seq[*place] {
	return func(yield func(*place) bool) {
		if p == nil {
			return
		}
		items, _ := p.value.([]any)
		for i, item := range items {
			n := p.node.item(i)
			if !yield(p.below(item, n, n, strconv.Itoa(i), true)) {
				return
			}
		}
	}
}

// follow iterates over the places to which a path leads.
func (p *place) follow(steps []workload.Step) iter.Seq[*place] {
	return func(yield func(*place) bool) { p.each(steps, yield) }
}

func (p *place) each(steps []workload.Step, yield func(*place) bool) bool {
	switch {
	case p == nil || p.tooDeep():
		return true
	case len(steps) == 0:
		return yield(p)
	case !steps[0].Each:
		return p.field(steps[0].Name).list(steps, yield)
	}
	for field := range p.fields() {
		if !field.list(steps, yield) {
			return false
		}
	}
	return true
}

// list continues with each item of a list, or of the lists in it, if the first step says so.
func (p *place) list(steps []workload.Step, yield func(*place) bool) bool {
	return p.nested(steps[0].Items, steps[1:], yield)
}

// nested continues with the items of a list of lists of some depth.
func (p *place) nested(depth int, steps []workload.Step, yield func(*place) bool) bool {
	if p == nil || p.tooDeep() {
		return true
	}
	if depth == 0 {
		return p.each(steps, yield)
	}
	for item := range p.items() {
		if !item.nested(depth-1, steps, yield) {
			return false
		}
	}
	return true
}

// line returns the line of the key of a place, or of the nearest place around it.
func (o *Object) lineOf(p *place) int {
	for ; p != nil; p = p.parent {
		if p.key != nil {
			return o.File.lines.line(p.key.start)
		}
	}
	return 1
}

// name returns the name of the container at a place in which an image is named: that beside the image or around it, or else the
// path.
func (p *place) name() string {
	for around := p.parent; around != nil && around.parent != nil; around = around.parent {
		if name := around.text("name"); name != "" && around.segment != "metadata" {
			return name
		}
		if around.isItem { // the list around it has names of something else
			break
		}
	}
	return p.path()
}

// containerField returns the field of a container in a pod's specification that stands for that of an image at a place.
func (p *place) containerField() string {
	for around := p.parent; around != nil; around = around.parent {
		if around.isItem && around.parent.segment == workload.InitContainers {
			return workload.InitContainers
		}
	}
	return workload.Containers
}

// isParts reports whether a place is a mapping that names an image in parts.
func (p *place) isParts() bool {
	fields, _ := p.value.(map[string]any)
	if p.text("repository") == "" {
		return p.text("name") != "" && (p.text("newTag") != "" || p.text("newName") != "")
	}
	_, tag := fields["tag"]
	_, digest := fields["digest"]
	return tag || digest || isImageKey(p.segment)
}

// isImageKey reports whether a field of this name usually names an image.
func isImageKey(name string) bool {
	return name == "image" || strings.HasSuffix(name, "Image") || name == "imageName"
}
