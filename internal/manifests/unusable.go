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

// unusable returns the first part of a document that has no meaning in JSON, in the words of the user: the parser that kubectl uses
// reports it without a line. The problem is empty if there is none.
func (n *node) unusable() (at *node, problem string) {
	if n == nil {
		return nil, ""
	}
	for i, below := range n.children {
		if problem := n.unusableChild(i); problem != "" {
			return below, problem
		}
		if at, problem := below.unusable(); problem != "" {
			return at, problem
		}
	}
	return nil, ""
}

// unusableChild says why a key, a value or an item has no meaning in JSON; empty if it has one.
func (n *node) unusableChild(i int) string {
	below := n.children[i]
	resolved := below.resolved()
	if resolved == nil {
		return ""
	}
	isPlain := resolved.kind == scalar && resolved.style == plain
	isKey := n.kind == mapping && i%2 == 0
	switch {
	case isPlain && notFinite[resolved.value]:
		return resolved.value + " is a number that JSON does not have; quote it if it is text"
	case !isKey:
		return ""
	case resolved.kind != scalar:
		return "the key is a mapping or a list instead of text; quote what begins with { or [, such as '{{ … }}'"
	case below.merge && !n.children[i+1].mergeable():
		return "the value of the key << must be a mapping or a list of mappings"
	case isPlain && isNull[resolved.value] && !below.merge:
		return "the key is empty; quote it if it is text"
	default:
		return ""
	}
}

func (n *node) mergeable() bool {
	for _, merged := range mergedBy(n.resolved()) {
		if merged = merged.resolved(); merged == nil || merged.kind != mapping {
			return false
		}
	}
	return true
}

// The plain texts that YAML takes for numbers which JSON does not have, and for null.
var (
	notFinite = map[string]bool{ //nolint:gochecknoglobals // a constant
		".inf": true, ".Inf": true, ".INF": true, "+.inf": true, "+.Inf": true, "+.INF": true, "-.inf": true, "-.Inf": true, "-.INF": true,
		".nan": true, ".NaN": true, ".NAN": true,
	}
	isNull = map[string]bool{"": true, "~": true, "null": true, "Null": true, "NULL": true} //nolint:gochecknoglobals // a constant
)
