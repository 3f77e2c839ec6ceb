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
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOrder has the cases that a reader would try.
func TestOrder(t *testing.T) {
	user := func(namespace, workload string) []User { return []User{{namespace, workload}} }
	tests := map[string]struct {
		entries []Entry
		want    []int
	}{
		"none":                  {nil, nil},
		"as they are":           {[]Entry{{Users: user("a", "1")}, {Users: user("a", "2")}, {Users: user("b", "1")}}, []int{0, 2, 1}},
		"class first":           {[]Entry{{Class: 1, Users: user("a", "1")}, {Users: user("b", "1")}}, []int{1, 0}},
		"workloads in turn":     {[]Entry{{Users: user("a", "1")}, {Users: user("a", "1")}, {Users: user("a", "2")}}, []int{0, 2, 1}},
		"without users":         {[]Entry{{Users: user("a", "1")}, {Users: user("a", "2")}, {}, {}}, []int{0, 2, 1, 3}},
		"as early as any user":  {[]Entry{{Users: user("a", "1")}, {Users: user("a", "1")}, {Users: append(user("a", "1"), User{"b", "1"})}}, []int{0, 2, 1}},
		"a few of one workload": {slices.Concat(slices.Repeat([]Entry{{Users: user("a", "1")}}, 7), []Entry{{Class: 1, Users: user("a", "2")}}), []int{0, 1, 2, 3, 4, 7, 5, 6}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Order(tc.entries)); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrderProperties checks random lists: each entry has one place, and the result is the same for the
// same entries.
func TestOrderProperties(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for range 500 {
		entries := make([]Entry, random.IntN(60))
		for i := range entries {
			entries[i].Class = random.IntN(3)
			for range random.IntN(3) {
				entries[i].Users = append(entries[i].Users, User{fmt.Sprint("n", random.IntN(4)), fmt.Sprint("w", random.IntN(3))})
			}
		}
		order := Order(entries)
		if diff := cmp.Diff(order, Order(entries)); diff != "" {
			t.Fatalf("the order of the same entries differs:\n%s", diff)
		}
		sorted := slices.Sorted(slices.Values(order))
		for i, at := range sorted {
			if i != at {
				t.Fatalf("%v has not each of %d entries once", order, len(entries))
			}
		}
		if len(sorted) != len(entries) {
			t.Fatalf("%d places for %d entries", len(sorted), len(entries))
		}
	}
}

// TestNobodyDefersAnother adds entries of one namespace to a list: the first entry of another namespace of the same class stays
// among the first ones, of which there is one for each namespace.
func TestNobodyDefersAnother(t *testing.T) {
	for others := range 300 {
		entries := make([]Entry, 0, others+1)
		for i := range others {
			entries = append(entries, Entry{Users: []User{{"tenant", fmt.Sprint(i % 7)}}})
		}
		entries = append(entries, Entry{Users: []User{{"victim", "1"}}})
		if at := slices.Index(Order(entries), others); at > 1 {
			t.Fatalf("%d entries of a tenant defer that of another namespace to place %d", others, at)
		}
	}
}
