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

package imageglob

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/imagename"
)

// Names are what the globs of a trust are compared with for an image as a workload writes it.
type Names struct {
	// Whole are the whole names: as admission compares it and, if that is another one, with the one spelling of its registry.
	Whole []string
	// Repositories are those that the text may name although it cannot be read.
	Repositories []string
}

// NamesOf returns the names of an image as a workload writes it.
func NamesOf(written string) Names {
	var names Names
	if ref, err := name.ParseReference(written); err == nil {
		names.Whole = WholeNames(ref)
		if names.Whole[0] == written {
			names.Whole[0] = written // which needs no memory of its own
		}
	}
	if _, err := imagename.Parse(written); err != nil {
		names.Repositories = imagename.Lenient(written)
	}
	return names
}

// WholeNames returns the whole names of an image.
func WholeNames(ref name.Reference) []string {
	admitted, folded := ref.Name(), imagename.Fold(ref)
	if admitted == folded {
		return []string{admitted}
	}
	return []string{admitted, folded}
}

// Selection is what a trust selects: images by their whole names, and those that cannot be read by the repositories that they may
// name.
type Selection struct {
	Whole, Repositories []Glob
}

// Matches reports whether the selection has a glob for one of the names of an image.
func (s *Selection) Matches(names Names) bool {
	return matchesAny(s.Whole, names.Whole) || matchesAny(s.Repositories, names.Repositories)
}

func matchesAny(globs []Glob, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(globs, func(g Glob) bool { return g.Match(name) })
	})
}

// Selections are those of many owners. The zero value is empty. It is not safe for concurrent use while it is changed.
type Selections struct {
	whole, repositories Set[string]
}

// Add adds the selection of an owner.
func (s *Selections) Add(owner string, selection *Selection) {
	s.whole.Add(owner, selection.Whole...)
	s.repositories.Add(owner, selection.Repositories...)
}

// Remove removes the selection of an owner.
func (s *Selections) Remove(owner string) {
	s.whole.Remove(owner)
	s.repositories.Remove(owner)
}

// Match calls found with each owner whose selection matches the names of an image, once or several times.
func (s *Selections) Match(names Names, found func(owner string)) {
	for _, name := range names.Whole {
		s.whole.Match(name, found)
	}
	for _, name := range names.Repositories {
		s.repositories.Match(name, found)
	}
}
