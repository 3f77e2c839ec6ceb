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

// Set holds the globs of many owners, and finds the owners with a glob that matches a name without trying them all. The zero
// value is empty. It is not safe for concurrent use while it is changed.
//
// Each glob is filed under one of its literal parts, which a name that it matches contains: under the one that the fewest others
// are filed under. A name is looked up by what it begins with, and by what begins at each of its positions. What is found is then
// matched, so that how globs are filed decides on the work and never on the result.
type Set[T comparable] struct {
	// beginnings has the globs that are filed under what a name begins with, and insides those under what it contains.
	beginnings, insides trie[T]
	// rest are the globs without a literal part, such as **.
	rest []filed[T]
	// places are where the globs of an owner are filed.
	places map[T][]place
}

// filed is a glob of an owner.
type filed[T comparable] struct {
	glob  Glob
	owner T
}

// place is where a glob is filed.
type place struct {
	literal string
	inside  bool
}

// Add adds globs of an owner.
func (s *Set[T]) Add(owner T, globs ...Glob) {
	if s.places == nil {
		s.places = map[T][]place{}
	}
	for _, g := range globs {
		p := s.place(g)
		s.places[owner] = append(s.places[owner], p)
		entry := filed[T]{glob: g, owner: owner}
		if p.literal == "" {
			s.rest = append(s.rest, entry)
		} else {
			node := s.trie(p).insert(p.literal)
			node.globs = append(node.globs, entry)
		}
	}
}

// place returns the literal part of a glob that the fewest are filed under, the longest of those.
func (s *Set[T]) place(g Glob) place {
	first, others := g.parts()
	best, crowd := place{literal: first}, s.beginnings.count(first)
	for _, part := range others {
		n := s.insides.count(part)
		if best.literal == "" || n < crowd || n == crowd && len(part) > len(best.literal) {
			best, crowd = place{literal: part, inside: true}, n
		}
	}
	return best
}

func (s *Set[T]) trie(p place) *trie[T] {
	if p.inside {
		return &s.insides
	}
	return &s.beginnings
}

// Remove removes all globs of an owner.
func (s *Set[T]) Remove(owner T) {
	for _, p := range s.places[owner] {
		if p.literal == "" {
			s.rest = without(s.rest, owner)
		} else {
			s.trie(p).remove(p.literal, owner)
		}
	}
	delete(s.places, owner)
}

// Len returns how many owners have globs in the set.
func (s *Set[T]) Len() int { return len(s.places) }

// Match calls found with the owner of each glob that matches a whole name: once for each of its globs.
func (s *Set[T]) Match(name string, found func(owner T)) {
	try := func(globs []filed[T]) {
		for i := range globs {
			if globs[i].glob.Match(name) {
				found(globs[i].owner)
			}
		}
	}
	try(s.rest)
	s.beginnings.walk(name, try)
	if s.insides.empty() {
		return
	}
	for at := range len(name) {
		s.insides.walk(name[at:], try)
	}
}
