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

// Package shares orders entries for lists that are cut, so that nobody can fill a list with entries of one's own: each
// class of entries is served in turn by namespace, and within a namespace by workload.
package shares

import (
	"slices"
)

// maxOfWorkload is how many entries of one workload come before further entries of any workload.
const maxOfWorkload = 5

// User is a workload that an entry concerns.
type User struct{ Namespace, Workload string }

// UserOf returns the User for a workload. Workloads that follow each other under one name are told apart by their UIDs.
func UserOf(namespace, kind, name, uid string) User {
	return User{Namespace: namespace, Workload: kind + "/" + name + "/" + uid}
}

// Entry is an entry of a list.
type Entry struct {
	// Class is the entry's importance; a lower one is more important.
	Class int
	// Users are the workloads that the entry concerns. An entry of several comes as early as that of any of them would,
	// so that no further user can defer it. An entry without users is one that no tenant wrote.
	Users []User
}

// Order returns the positions of entries in the order in which a list should have them: by class and, within one, in turn
// by namespace and by workload. The first entries of each workload, in all classes, come before any others. Where nothing
// else decides, the order is that of the entries, so the result is the same for the same entries.
func Order(entries []Entry) []int {
	o := &ordering{entries: entries, taken: make([]bool, len(entries)), counts: map[User]int{}}
	classes := map[int][]int{}
	for i := range entries {
		classes[entries[i].Class] = append(classes[entries[i].Class], i)
	}
	sorted := make([]int, 0, len(classes))
	for class := range classes {
		sorted = append(sorted, class)
	}
	slices.Sort(sorted)
	for _, limit := range []int{maxOfWorkload, len(entries)} {
		for _, class := range sorted {
			o.serve(classes[class], limit)
		}
	}
	return o.order
}

// ordering is an order that is being made.
type ordering struct {
	entries []Entry
	order   []int
	// taken reports which entries have a place, and counts how many each workload has.
	taken  []bool
	counts map[User]int
}

// namespace holds the workloads of a namespace, the next one to be served first.
type namespace struct{ workloads []*workload }

// workload holds what it has not been served yet, by position.
type workload struct {
	user  User
	queue []int
}

// serve gives places to the entries of a class, in rounds: one for each namespace in each round. A workload takes no more
// than limit places, in all classes together.
func (o *ordering) serve(class []int, limit int) {
	namespaces := o.queues(class)
	for len(namespaces) > 0 {
		round := make([]candidate, 0, len(namespaces))
		waiting := namespaces[:0]
		for _, n := range namespaces {
			if c, ok := o.pick(n, limit); ok {
				round = append(round, c)
				waiting = append(waiting, n)
			}
		}
		slices.SortFunc(round, func(a, b candidate) int { return a.entry - b.entry })
		for _, c := range round {
			if o.taken[c.entry] { // of another namespace, too
				continue
			}
			o.taken[c.entry] = true
			o.counts[c.user]++
			o.order = append(o.order, c.entry)
		}
		namespaces = waiting
	}
}

// candidate is the entry that a namespace would have next.
type candidate struct {
	entry int
	user  User
}

// queues returns the namespaces of the entries without a place, in the order of their first entries.
func (o *ordering) queues(class []int) []*namespace {
	var namespaces []*namespace
	byName, byUser := map[string]*namespace{}, map[User]*workload{}
	for _, i := range class {
		if o.taken[i] {
			continue
		}
		users := o.entries[i].Users
		if len(users) == 0 {
			users = []User{{}}
		}
		for _, user := range users {
			w := byUser[user]
			if w == nil {
				w = &workload{user: user}
				byUser[user] = w
				n := byName[user.Namespace]
				if n == nil {
					n = &namespace{}
					byName[user.Namespace] = n
					namespaces = append(namespaces, n)
				}
				n.workloads = append(n.workloads, w)
			}
			w.queue = append(w.queue, i)
		}
	}
	return namespaces
}

// pick returns the next entry of a namespace; false if it has none.
func (o *ordering) pick(n *namespace, limit int) (candidate, bool) {
	for len(n.workloads) > 0 {
		w := n.workloads[0]
		n.workloads = n.workloads[1:]
		for len(w.queue) > 0 && o.taken[w.queue[0]] {
			w.queue = w.queue[1:]
		}
		limited := w.user != (User{}) && o.counts[w.user] >= limit
		if len(w.queue) == 0 || limited {
			continue
		}
		entry := w.queue[0]
		w.queue = w.queue[1:]
		n.workloads = append(n.workloads, w)
		return candidate{entry: entry, user: w.user}, true
	}
	return candidate{}, false
}
