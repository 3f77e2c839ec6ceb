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

package workload

import (
	"errors"
	"strings"
)

// FieldPath is the path of fields in objects, as kustomize writes it in the configuration of its transformers: such as
// spec/template/spec/containers[]/image. A name ends with [] if the field is a list, of which each item is meant. A slash in a name
// is written as \/. Other than in kustomize, a name may end with [][], the items of lists in a list, and a name that is only an
// asterisk stands for each field of a mapping.
type FieldPath string

// Step is a part of a path.
type Step struct {
	// Name of the field.
	Name string
	// Each means each field of a mapping; there is no name.
	Each bool
	// Items means each item of the list in the field. It is the depth of lists: 2 means the items of the lists in a list.
	Items int
}

// Steps splits a path.
func (p FieldPath) Steps() []Step {
	var steps []Step
	for _, name := range split(string(p)) {
		items := 0
		for strings.HasSuffix(name, "[]") {
			name = strings.TrimSuffix(name, "[]")
			items++
		}
		if name == "*" {
			steps = append(steps, Step{Each: true, Items: items})
			continue
		}
		steps = append(steps, Step{Name: name, Items: items})
	}
	return steps
}

// Validate returns what is wrong with a path, a clause.
func (p FieldPath) Validate() error {
	switch {
	case p == "":
		return errors.New("it is empty, want a path such as spec/image")
	case strings.HasPrefix(string(p), "/"):
		return errors.New("it begins with a slash: write it without")
	case strings.HasPrefix(string(p), "."):
		return errors.New("it begins with a dot: write a path such as spec/image")
	case !strings.Contains(string(p), "/") && strings.Contains(string(p), "."):
		return errors.New("its fields are separated by dots: separate them by slashes")
	}
	for _, step := range p.Steps() {
		switch {
		case step.Name == "" && !step.Each:
			return errors.New("it has a field without a name")
		case strings.HasSuffix(step.Name, "]"):
			return errors.New("it selects an item of a list: only [], all items, is possible")
		}
	}
	return nil
}

// split splits at slashes that no backslash precedes.
func split(path string) []string {
	var names []string
	name := ""
	for part := range strings.SplitSeq(path, "/") {
		if before, escaped := strings.CutSuffix(part, `\`); escaped {
			name += before + "/"
			continue
		}
		names, name = append(names, name+part), ""
	}
	if name != "" {
		names = append(names, name)
	}
	return names
}
