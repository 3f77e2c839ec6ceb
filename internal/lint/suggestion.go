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

// closeEnough is how many letters of a misspelt field may be wrong.
const closeEnough = 2

// suggestion says which field may be meant by one that does not exist: one beside it with nearly the same name, or one of
// the same name in another place.
func (c *crd) suggestion(path string) string {
	parent, name := "", path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	if siblings := c.at(parent); siblings != nil {
		best, fewest := "", closeEnough+1
		for _, sibling := range slices.Sorted(maps.Keys(siblings.Properties)) {
			if d := distance(strings.ToLower(name), strings.ToLower(sibling)); d < fewest {
				best, fewest = sibling, d
			}
		}
		if best != "" {
			return fmt.Sprintf("; did you mean %q?", best)
		}
	}
	if place := find(c.structural, "", name); place != "" {
		return fmt.Sprintf("; it belongs to %q", place)
	}
	return ""
}

// at is the schema of a field.
func (c *crd) at(path string) *structuralschema.Structural {
	here := c.structural
	if path == "" {
		return here
	}
	for part := range strings.SplitSeq(path, ".") {
		name, _, inList := strings.Cut(part, "[")
		property, ok := here.Properties[name]
		if !ok {
			return nil
		}
		here = &property
		if inList && here.Items != nil {
			here = here.Items
		}
	}
	return here
}

// find returns the path of the object that has a field of a name, in what users write.
func find(here *structuralschema.Structural, path, name string) string {
	for _, key := range slices.Sorted(maps.Keys(here.Properties)) {
		child := here.Properties[key]
		if path == "" && key != specField || len(child.Properties) == 0 {
			continue
		}
		inner := strings.TrimPrefix(path+"."+key, ".")
		if _, ok := child.Properties[name]; ok {
			return inner
		}
		if place := find(&child, inner, name); place != "" {
			return place
		}
	}
	return ""
}

// distance is how many letters must be added, dropped or replaced to make one word of another (Levenshtein).
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
