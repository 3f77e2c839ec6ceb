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
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Address is the place of a field in a file.
type Address struct {
	// Document is counted from 0.
	Document int
	// Path is the path from the root of the document, as field.Path formats it.
	Path string
}

// Difference is a field that differs between two versions of a file.
type Difference struct {
	Address Address
	// Before and After are the values; nil if there is none.
	Before, After any
}

// Diff compares the values in two versions of a file, field by field, and returns the differences by document and
// path. Comments and formatting are ignored. It is an error if the versions have different numbers of documents.
func Diff(before, after *File) ([]Difference, error) {
	if len(before.documents) != len(after.documents) {
		return nil, fmt.Errorf("it has %d documents, want %d", len(after.documents), len(before.documents))
	}
	var all []Difference
	for i, d := range before.documents {
		all = diff(all, Address{Document: i}, d.value, after.documents[i].value)
	}
	slices.SortFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Address.Document, b.Address.Document), cmp.Compare(a.Address.Path, b.Address.Path))
	})
	return all, nil
}

func diff(all []Difference, at Address, before, after any) []Difference {
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))) {
			break
		}
		for key := range b {
			all = diff(all, Address{at.Document, child(at.Path, key)}, b[key], a[key])
		}
		return all
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for i := range b {
			all = diff(all, Address{at.Document, index(at.Path, i)}, b[i], a[i])
		}
		return all
	}
	if reflect.DeepEqual(before, after) {
		return all
	}
	return append(all, Difference{Address: at, Before: before, After: after})
}
