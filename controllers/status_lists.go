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

package controllers

import (
	"encoding/json"
)

// maxCandidates is how many entries of a list are looked at: few are too large even when shortened, so the search for smaller
// ones may end.
const maxCandidates = 100

// listBounds bound a list in the status.
type listBounds[T any] struct {
	// length is the maximum number of entries, and size that of their bytes in JSON.
	length, size int
	// shorten returns an entry with shorter texts. Where not all entries fit, it is applied to those with more than large
	// bytes, so that long texts of some do not displace others.
	shorten func(T) T
	large   int
}

// cut returns what a list of n entries has room for, of which the first are given. An entry for which there is no room does not
// keep a smaller one out.
func (b listBounds[T]) cut(n int, first []T) []T {
	if n <= b.length && jsonSize(first) <= b.size {
		return first
	}
	kept := make([]T, 0, b.length)
	used := 0
	for _, item := range first[:min(len(first), maxCandidates)] {
		if len(kept) == b.length {
			break
		}
		size := jsonSize(item)
		if size > b.large {
			item = b.shorten(item)
			size = jsonSize(item)
		}
		if used+size > b.size {
			continue
		}
		used += size
		kept = append(kept, item)
	}
	return kept
}

// jsonSize returns the size of a value in JSON, which is endless for one that cannot be encoded.
func jsonSize(value any) int {
	encoded, err := json.Marshal(value)
	if err != nil {
		return 1 << 30
	}
	return len(encoded)
}
