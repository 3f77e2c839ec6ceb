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
	"time"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/shares"
)

// entry is an entry of a list in the status, with what decides its place in the list.
type entry[T any] struct {
	status T
	// key identifies the entry in a history.
	key string
	// class is the importance; a lower one is more important.
	class int
	// since is when the entry was first observed; zero for before the first pass of the operator.
	since time.Time
	// users are the workloads that the entry concerns.
	users []*inventory.Workload
}

// inTurn returns entries in the order of their lists: see shares.Order. They are sorted by preference already.
func inTurn[T any](entries []entry[T]) []entry[T] {
	inputs := make([]shares.Entry, len(entries))
	for i := range entries {
		inputs[i].Class = entries[i].class
		for _, workload := range entries[i].users {
			inputs[i].Users = append(inputs[i].Users, shares.UserOf(workload.Namespace, workload.Kind, workload.Name, string(workload.UID)))
		}
	}
	ordered := make([]entry[T], 0, len(entries))
	for _, at := range shares.Order(inputs) {
		ordered = append(ordered, entries[at])
	}
	return ordered
}

// statuses returns what the status shows of entries.
func statuses[T any](entries []entry[T]) []T {
	out := make([]T, 0, len(entries))
	for i := range entries {
		out = append(out, entries[i].status)
	}
	return out
}

// listBounds bound a list in the status.
type listBounds[T any] struct {
	// length is the maximum number of entries, and size that of their bytes in JSON.
	length, size int
	// shorten returns an entry with shorter texts. Where not all entries fit, it is applied to those with more than large
	// bytes, so that long texts of some do not displace others.
	shorten func(T) T
	large   int
}

// cut returns what a list has room for. An entry for which there is no room does not keep a smaller one out.
func (b listBounds[T]) cut(list []T) []T {
	if len(list) <= b.length && jsonSize(list) <= b.size {
		return list
	}
	kept := make([]T, 0, b.length)
	used := 0
	// Few entries are too large even when shortened, so the search for smaller ones may end.
	for _, item := range list[:min(len(list), 2*b.length)] {
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
