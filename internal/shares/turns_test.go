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
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestTurns adds and removes entries at random, and compares the list with one that is made of all that are left.
func TestTurns(t *testing.T) {
	const seed, length = 7, 4
	random := rand.New(rand.NewPCG(seed, seed))
	type added struct {
		namespace   string
		entry, rank int
	}
	turns, left := NewTurns(length, cmp.Compare[int]), []added{}
	for range 5000 {
		if len(left) > 0 && random.IntN(2) == 0 {
			at := random.IntN(len(left))
			turns.Remove(left[at].namespace, left[at].entry, left[at].rank)
			left = slices.Delete(left, at, at+1)
		} else {
			one := added{[]string{"", "a", "b", "c"}[random.IntN(4)], random.IntN(20), random.IntN(8)}
			turns.Add(one.namespace, one.entry, one.rank)
			left = append(left, one)
		}
		// The best rank in each namespace decides there, and the best place in any namespace in the list.
		best := map[string]map[int]int{}
		for _, one := range left {
			if best[one.namespace] == nil {
				best[one.namespace] = map[int]int{}
			}
			if rank, ok := best[one.namespace][one.entry]; !ok || one.rank < rank {
				best[one.namespace][one.entry] = one.rank
			}
		}
		places := map[int][2]int{}
		for namespace, ranks := range best {
			var entries []int
			for entry := range ranks {
				entries = append(entries, entry)
			}
			slices.SortFunc(entries, func(a, b int) int { return cmp.Or(cmp.Compare(ranks[a], ranks[b]), cmp.Compare(a, b)) })
			for at, entry := range entries {
				place := [2]int{0, at}
				if namespace != "" && ranks[entry] >= maxOfWorkload {
					place[0] = 1
				}
				if known, ok := places[entry]; !ok || slices.Compare(place[:], known[:]) < 0 {
					places[entry] = place
				}
			}
		}
		var want []int
		for entry := range places {
			want = append(want, entry)
		}
		slices.SortFunc(want, func(a, b int) int {
			p, q := places[a], places[b]
			return cmp.Or(slices.Compare(p[:], q[:]), cmp.Compare(a, b))
		})
		first, others := turns.First()
		if diff := gocmp.Diff(want[:min(len(want), length)], slices.Concat(first, others)); diff != "" {
			t.Fatalf("%v (-want +got):\n%s", left, diff)
		}
	}
}

// TestTurnsServeEverybody has one workload, one namespace and many workloads have more entries than a list has room for: an entry of
// another namespace is among the first.
func TestTurnsServeEverybody(t *testing.T) {
	turns := NewTurns(5, cmp.Compare[int])
	for i := range 1000 {
		turns.Add("tenant", i, i%7)
	}
	turns.Add("victim", 2000, 0)
	if first, _ := turns.First(); !slices.Contains(first, 2000) {
		t.Errorf("the first entries are %v, without that of another namespace", first)
	}
}
