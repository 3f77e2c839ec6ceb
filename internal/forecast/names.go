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

package forecast

import (
	"iter"

	"github.com/google/btree"

	"github.com/karmada-io/image-trust/internal/text"
)

// names counts how often each name is in use, and keeps them sorted.
type names struct {
	counts map[string]int
	order  *btree.BTreeG[string]
}

func newNames() names {
	const branches = 16
	return names{counts: map[string]int{}, order: btree.NewOrderedG[string](branches)}
}

// add changes how often a name is in use by n.
func (s *names) add(name string, n int) {
	before := s.counts[name]
	switch after := before + n; after {
	case 0:
		delete(s.counts, name)
		s.order.Delete(name)
	default:
		s.counts[name] = after
		if before == 0 {
			s.order.ReplaceOrInsert(name)
		}
	}
}

// len is how many different names there are.
func (s *names) len() int { return len(s.counts) }

// all returns the different names, sorted.
func (s *names) all() iter.Seq[string] {
	return func(yield func(string) bool) { s.order.Ascend(yield) }
}

// list names the first ones and counts the rest. A name is written as display says, if that is not nil.
func (s *names) list(display func(string) string) string {
	first := make([]string, 0, maxListed)
	for name := range s.all() {
		if len(first) == maxListed {
			break
		}
		if display != nil {
			name = display(name)
		}
		first = append(first, name)
	}
	return text.ListFirst(first, s.len())
}
