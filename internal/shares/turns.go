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

package shares

import (
	"slices"

	"github.com/google/btree"
)

const (
	// branches is the degree of the ordered sets.
	branches = 16
	// deferred is added to the rank of what comes after the first entries of each workload.
	deferred = 1 << 20
)

// Turns keeps the entries of one class in the order of a list, while entries and their users come and go. A change costs about
// the same however many entries there are. Each workload gives its entries ranks, by which they take turns in its namespace;
// the ranks that they have there decide in the whole list. An entry has the best rank that any user gives it, so that no
// further user can defer it, and the ranks within a namespace depend on nothing else, so that no other namespace can.
type Turns[E comparable] struct {
	compare    func(a, b E) int
	length     int
	namespaces map[string]*turn[E]
	all        *turn[E]
	changed    map[string]bool // namespaces whose order may have changed
}

// NewTurns returns an empty list of which at most length entries are asked for. Entries of one rank are in the order of
// compare, which must not change while an entry is in the list, and tell all entries apart.
func NewTurns[E comparable](length int, compare func(a, b E) int) *Turns[E] {
	t := &Turns[E]{compare: compare, length: length, namespaces: map[string]*turn[E]{}, changed: map[string]bool{}}
	t.all = newTurn(compare)
	return t
}

// Add adds an entry as a workload of a namespace has it: rank counts the entries of the same workload before it. An entry that
// concerns no workload has an empty namespace.
func (t *Turns[E]) Add(namespace string, entry E, rank int) {
	n := t.namespaces[namespace]
	if n == nil {
		n = newTurn(t.compare)
		t.namespaces[namespace] = n
	}
	n.add(entry, rank)
	t.changed[namespace] = true
}

// Remove undoes an Add of the same entry and rank.
func (t *Turns[E]) Remove(namespace string, entry E, rank int) {
	if n := t.namespaces[namespace]; n != nil {
		n.remove(entry, rank)
		t.changed[namespace] = true
	}
}

// First returns the first entries: those that are among the first of their workloads, and the others after them.
func (t *Turns[E]) First() (first, others []E) {
	for namespace := range t.changed {
		t.update(namespace)
	}
	clear(t.changed)
	n := 0
	t.all.order.Ascend(func(p place[E]) bool {
		if n == t.length {
			return false
		}
		n++
		if p.rank < deferred {
			first = append(first, p.entry)
		} else {
			others = append(others, p.entry)
		}
		return true
	})
	return first, others
}

// update gives the first entries of a namespace their places in the list. An entry that is not among the first of any of its
// namespaces is not among the first of the list.
func (t *Turns[E]) update(namespace string) {
	n := t.namespaces[namespace]
	if n == nil {
		return
	}
	now := make([]place[E], 0, min(t.length, n.order.Len()))
	n.order.Ascend(func(p place[E]) bool {
		rank := len(now)
		if p.rank >= maxOfWorkload && namespace != "" {
			rank += deferred
		}
		now = append(now, place[E]{entry: p.entry, rank: rank})
		return len(now) < t.length
	})
	if slices.Equal(now, n.shown) && len(now) > 0 {
		return
	}
	for _, p := range n.shown {
		t.all.remove(p.entry, p.rank)
	}
	for _, p := range now {
		t.all.add(p.entry, p.rank)
	}
	if n.shown = now; len(now) == 0 {
		delete(t.namespaces, namespace)
	}
}

// place is an entry and its rank; a lower one comes first.
type place[E comparable] struct {
	entry E
	rank  int
}

// turn is an order of entries, each by the best of the ranks that it was added with.
type turn[E comparable] struct {
	ranks map[E][]rankCount // sorted by rank
	order *btree.BTreeG[place[E]]
	shown []place[E] // what Turns.update has made known of a namespace
}

// rankCount is how often an entry was added with a rank.
type rankCount struct{ rank, n int }

func newTurn[E comparable](compare func(a, b E) int) *turn[E] {
	return &turn[E]{ranks: map[E][]rankCount{}, order: btree.NewG(branches, func(a, b place[E]) bool {
		if a.rank != b.rank {
			return a.rank < b.rank
		}
		return compare(a.entry, b.entry) < 0
	})}
}

func (t *turn[E]) add(entry E, rank int) {
	ranks := t.ranks[entry]
	at, found := slices.BinarySearchFunc(ranks, rank, func(r rankCount, rank int) int { return r.rank - rank })
	if found {
		ranks[at].n++
		return
	}
	if at == 0 {
		if len(ranks) > 0 {
			t.order.Delete(place[E]{entry, ranks[0].rank})
		}
		t.order.ReplaceOrInsert(place[E]{entry, rank})
	}
	t.ranks[entry] = slices.Insert(ranks, at, rankCount{rank, 1})
}

func (t *turn[E]) remove(entry E, rank int) {
	ranks := t.ranks[entry]
	at, found := slices.BinarySearchFunc(ranks, rank, func(r rankCount, rank int) int { return r.rank - rank })
	if !found {
		return
	}
	if ranks[at].n--; ranks[at].n > 0 {
		return
	}
	ranks = slices.Delete(ranks, at, at+1)
	if at == 0 {
		t.order.Delete(place[E]{entry, rank})
		if len(ranks) > 0 {
			t.order.ReplaceOrInsert(place[E]{entry, ranks[0].rank})
		}
	}
	if len(ranks) == 0 {
		delete(t.ranks, entry)
		return
	}
	t.ranks[entry] = ranks
}
