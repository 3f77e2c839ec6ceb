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

package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// maxEditDistance is the largest number of wrong letters in a field for which a correction is suggested.
const maxEditDistance = 2

// suggestion returns a suffix for the message about an unknown field: a field of the same object with a similar name, or the
// object that has a field of the same name. It is empty if there is neither.
func (c *crdSchema) suggestion(path string) string {
	parent, name := "", path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	if siblings := c.schemaOf(parent); siblings != nil {
		best, fewest := "", maxEditDistance+1
		for _, sibling := range slices.Sorted(maps.Keys(siblings.Properties)) {
			if d := distance(strings.ToLower(name), strings.ToLower(sibling)); d < fewest {
				best, fewest = sibling, d
			}
		}
		if best != "" {
			return fmt.Sprintf("; did you mean %q?", best)
		}
	}
	if place := parentOf(c.structural, "", name); place != "" {
		return fmt.Sprintf("; it belongs to %q", place)
	}
	return ""
}

// schemaOf returns the schema of a field, or nil if it does not exist.
func (c *crdSchema) schemaOf(path string) *structuralschema.Structural {
	current := c.structural
	if path == "" {
		return current
	}
	for part := range strings.SplitSeq(path, ".") {
		name, _, inList := strings.Cut(part, "[")
		property, ok := current.Properties[name]
		if !ok {
			return nil
		}
		current = &property
		if inList && current.Items != nil {
			current = current.Items
		}
	}
	return current
}

// parentOf returns the path of the first object in the spec that has a field of the name.
func parentOf(current *structuralschema.Structural, path, name string) string {
	for _, key := range slices.Sorted(maps.Keys(current.Properties)) {
		child := current.Properties[key]
		if path == "" && key != specField || len(child.Properties) == 0 {
			continue
		}
		inner := strings.TrimPrefix(path+"."+key, ".")
		if _, ok := child.Properties[name]; ok {
			return inner
		}
		if place := parentOf(&child, inner, name); place != "" {
			return place
		}
	}
	return ""
}

// distance returns the Levenshtein distance of two words: the number of letters to add, remove or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
