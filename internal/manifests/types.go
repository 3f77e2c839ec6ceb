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
	"fmt"
	"strconv"

	"github.com/karmada-io/image-trust/internal/workload"
)

// checkTypes reports the fields on the way to images and names of containers that have another type than the API server takes:
// it denies the object, so an image in such a field is neither planned nor told otherwise.
func (p *planner) checkTypes() {
	path := ""
	for _, segment := range append(segments(p.kind.PodSpecPath()), "") {
		if !p.isA(aMapping, path) {
			return
		}
		path = child(path, segment)
	}
	spec, _ := p.object.at(p.kind.PodSpecPath()).(map[string]any)
	for _, place := range workload.Places() {
		list := child(p.kind.PodSpecPath(), place.Field)
		if !p.isA(aList, list) {
			continue
		}
		items, _ := spec[place.Field].([]any)
		for i := range items {
			at := index(list, i)
			if p.isA(aMapping, at) && p.isA(aText, child(at, "name")) {
				p.checkImage(at, place.Image)
			}
		}
	}
}

// checkImage checks the fields on the path to an image in a container or a volume.
func (p *planner) checkImage(at string, image []string) {
	for i, segment := range image {
		at = child(at, segment)
		want := aMapping
		if i == len(image)-1 {
			want = aText
		}
		if !p.isA(want, at) {
			return
		}
	}
}

// The types of values, in words for users.
const (
	aMapping = "a mapping"
	aList    = "a list"
	aText    = "a text"
)

// isA reports whether a field has a type or no value. If not, it adds an error.
func (p *planner) isA(want, path string) bool {
	value := p.object.at(path)
	got := typeOf(value)
	if value == nil || got == want {
		return true
	}
	advice := "must be " + want
	if want == aText && got != aMapping && got != aList {
		advice += "; put it in quotes"
	}
	p.Errors = append(p.Errors, &SyntaxError{Name: p.object.File.Name, Line: p.object.line(path), Err: fmt.Errorf(
		"%s: %s is %s and %s", p.object.Title(p.namespace), path, got, advice)})
	return false
}

func typeOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return aMapping
	case []any:
		return aList
	case string:
		return aText
	case bool:
		return "true or false"
	default:
		return "a number"
	}
}

// itemOf returns an item of a list; nil if there is none of that number.
func itemOf(list []any, number string) any {
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}
