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

package inventory

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// follower is a subscriber that keeps what Changes tells it.
type follower struct {
	name, key string
	known     map[types.UID]Workload
}

func (f *follower) follow(x *Index) Changes {
	changes := x.Changes(f.name, f.key, someSubscribers[f.name])
	if changes.All {
		f.known = map[types.UID]Workload{}
	}
	for _, w := range changes.Changed {
		f.known[w.UID] = w
	}
	for _, uid := range changes.Removed {
		delete(f.known, uid)
	}
	return changes
}

// TestChangesAddUp applies random events. What Changes told a subscriber, added up, is what Select returns, and a namespace
// whose version stays the same has the same workloads.
func TestChangesAddUp(t *testing.T) {
	for seed := range uint64(40) {
		g := generator{rand.New(rand.NewPCG(seed, 17))}
		x := New(func(string) {})
		final := map[types.UID]*Object{}
		var followers []*follower
		for _, name := range slices.Sorted(maps.Keys(someSubscribers)) {
			followers = append(followers, &follower{name: name})
		}
		versions, workloads := map[string]uint64{}, map[string][]Workload{}
		for step := range 100 {
			event := g.step(x, final)
			for _, namespace := range []string{"ns-0", "ns-1"} {
				version, now := x.Version(namespace), x.In(namespace)
				if diff := difference(workloads[namespace], now); diff != "" && version == versions[namespace] {
					t.Fatalf("seed %d, step %d: %s: %s keeps its version in spite of\n%s", seed, step, event, namespace, diff)
				}
				versions[namespace], workloads[namespace] = version, now
			}
			for _, f := range followers {
				checkTracked(t, x, f.name)
				if g.IntN(3) == 0 {
					continue
				}
				restarted := f.known == nil
				switch g.IntN(20) {
				case 0:
					x.Forget(f.name)
					restarted = true
				case 1:
					f.key += "+"
					restarted = true
				}
				if changes := f.follow(x); changes.All != restarted {
					t.Fatalf("seed %d, step %d: All is %t, want %t", seed, step, changes.All, restarted)
				}
				want := x.Select(f.name, f.key, someSubscribers[f.name])
				if diff := difference(byUID(want), f.known); diff != "" {
					t.Fatalf("seed %d, step %d: %s: what %q knows differs from what is selected (-want +got):\n%s", seed, step, event, f.name, diff)
				}
				if again := f.follow(x); again.All || len(again.Changed)+len(again.Removed) > 0 {
					t.Fatalf("seed %d, step %d: a second call returns %+v", seed, step, again)
				}
			}
		}
	}
}

func byUID(workloads []Workload) map[types.UID]Workload {
	out := map[types.UID]Workload{}
	for _, w := range workloads {
		out[w.UID] = w
	}
	return out
}

// checkTracked fails if more is kept for a subscriber than what it knows and what it selects.
func checkTracked(t *testing.T, x *Index, name string) {
	t.Helper()
	s := x.subscribers[name]
	if s == nil || s.tracked == nil {
		return
	}
	for uid := range s.tracked.changed {
		_, known := s.tracked.known[uid]
		if n := x.nodes[uid]; !known && (n == nil || x.root(n) == n && !x.selects(s, n)) {
			t.Fatalf("%s is kept as a change for %q, which neither knows nor selects it", uid, name)
		}
	}
}

// TestChangesAreFew has many workloads of a trust, and changes one of them.
func TestChangesAreFew(t *testing.T) {
	x := New(func(string) {})
	for i := range 500 {
		x.Apply(deployment(fmt.Sprint(i), fmt.Sprintf("docker.io/karmada/x:v%d", i%10)))
	}
	if first := x.Changes("trust", "1", all); !first.All || len(first.Changed) != 500 {
		t.Fatalf("the first call returns %d workloads, all: %t", len(first.Changed), first.All)
	}
	x.Apply(deployment("7", "docker.io/karmada/y:v1"))
	x.Apply(deployment("7", "docker.io/karmada/y:v2"))
	x.Apply(deployment("new", "docker.io/karmada/x:v1"))
	x.Delete("8")
	x.Apply(deployment("brief", "docker.io/karmada/x:v1"))
	x.Delete("brief")
	got := x.Changes("trust", "1", all)
	want := []string{"Deployment 7 docker.io/karmada/y:v2", "Deployment new docker.io/karmada/x:v1"}
	if diff := cmp.Diff(want, summarize(got.Changed)); diff != "" || got.All {
		t.Errorf("all: %t, changed (-want +got):\n%s", got.All, diff)
	}
	if diff := cmp.Diff([]types.UID{"8"}, got.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
}

// TestPodsThatNameForeignOwners has a pod that names a Deployment of another namespace as its owner, before or after that comes.
func TestPodsThatNameForeignOwners(t *testing.T) {
	d := deployment("web", karmada)
	pod := podOf("thief", ownedBy(d), karmada, "sha256:1")
	pod.Namespace = "other"
	for name, order := range map[string][]*Object{"owner first": {d, pod}, "pod first": {pod, d}} {
		x := New(func(string) {})
		changes := func() Changes { return x.Changes("trust", "1", MatchFunc(func(string) bool { return true })) }
		changes()
		known := map[types.UID]string{}
		for _, o := range order {
			x.Apply(o)
			delta := changes()
			for _, uid := range delta.Removed {
				delete(known, uid)
			}
			for _, w := range delta.Changed {
				known[w.UID] = w.Namespace
			}
		}
		if diff := cmp.Diff([]string{"ns", "other"}, slices.Sorted(maps.Values(known))); diff != "" {
			t.Errorf("%s: namespaces of the changed workloads (-want +got):\n%s", name, diff)
		}
		for _, o := range order {
			if got := x.In(o.Namespace); len(got) != 1 {
				t.Errorf("%s: %d workloads in namespace %s, want 1", name, len(got), o.Namespace)
			}
		}
		x.Delete(pod.UID)
		if got := x.In("other"); len(got) != 0 {
			t.Errorf("%s: %d workloads after the pod is deleted", name, len(got))
		}
	}
}

// TestOwnersOfOtherNamespaces has a ReplicaSet that names a Deployment of another namespace as its owner.
func TestOwnersOfOtherNamespaces(t *testing.T) {
	x := New(func(string) {})
	d := deployment("web", karmada)
	set := replicaSet("web-1", d, karmada)
	set.Namespace = "other"
	x.Apply(d)
	x.Apply(set)
	if diff := cmp.Diff([]string{"ReplicaSet web-1 " + karmada}, summarize(x.In("other"))); diff != "" {
		t.Errorf("in its own namespace (-want +got):\n%s", diff)
	}
}
