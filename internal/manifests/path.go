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
	"regexp"
	"strconv"
	"strings"
)

// plainKey matches keys that need no brackets in a path.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_$/-]+$`)

// child returns the path of a field, as field.Path formats it.
func child(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + key + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// index returns the path of a list item.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// join appends a path to that of a parent.
func join(parent, path string) string {
	if parent == "" || path == "" || strings.HasPrefix(path, "[") {
		return parent + path
	}
	return parent + "." + path
}

// segments splits a path such as spec.containers[0].image or metadata.labels[example.com/name].
func segments(path string) []string {
	var out []string
	for path != "" {
		path = strings.TrimPrefix(path, ".")
		if rest, ok := strings.CutPrefix(path, "["); ok {
			segment, after, _ := strings.Cut(rest, "]")
			out, path = append(out, segment), after
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		if end > 0 {
			out = append(out, path[:end])
		}
		path = path[end:]
	}
	return out
}

// find follows a path as far as there are fields. It returns the last value on the path and the node of its key, and
// reports whether it is the end of the path. The key of a list item is the item itself.
func (n *node) find(path string) (value, key *node, ok bool) {
	value, key = n, n
	for _, segment := range segments(path) {
		nextKey, next := value.field(segment)
		if next == nil {
			if i, err := strconv.Atoi(segment); err == nil {
				next = value.item(i)
				nextKey = next
			}
		}
		if next == nil {
			return value, key, false
		}
		value, key = next, nextKey
	}
	return value, key, true
}
