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

package controllers

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"
)

// fullPass is a pass of a trust, from the inventory to the status, the events and the policy reports.
func fullPass(tb testing.TB, p *passes) {
	tb.Helper()
	p.r.works = works{}
	f, s := p.decide(tb)
	f.conclude(p.trust)
	_, told := verdictEvents(&p.trust.Status, f)
	f.records.record(told)
	all := 0
	for _, namespace := range f.records.results().Namespaces() {
		all += len(f.records.results().In(namespace))
	}
	if s.compiled == nil || all == 0 {
		tb.Fatal("the pass has no results")
	}
}

// cost is what a pass costs: allocations, bytes and time, of each the least of several runs.
type cost struct {
	allocations, bytes float64
	time               time.Duration
}

func measure(tb testing.TB, p *passes) cost {
	tb.Helper()
	fullPass(tb, p) // what is memorized after the first pass
	var all []cost
	for range 3 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		fullPass(tb, p)
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		all = append(all, cost{float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc), took})
	}
	least := all[0]
	for _, c := range all[1:] {
		least = cost{min(least.allocations, c.allocations), min(least.bytes, c.bytes), min(least.time, c.time)}
	}
	return least
}

// TestPassGrowth measures passes of clusters of which one has 8 times the images of the other, in several shapes. Work that
// grows with the square of the images would cost 64 times as much. The time is only logged, as it depends on the machine.
func TestPassGrowth(t *testing.T) {
	const (
		few, factor = 250, 8
		limit       = 10
	)
	shapes := map[string]func(p *passes, n int){
		"a workload for each image": func(p *passes, n int) {
			for i, image := range tags("bad-agent", n) {
				p.apply(fmt.Sprint("ns-", i%50), fmt.Sprint("w", i), "", image)
			}
		},
		"one workload for all images": func(p *passes, n int) { p.apply("in", "w", "", tags("bad-agent", n)...) },
		"a pod for each image, in one namespace": func(p *passes, n int) {
			for i, image := range tags("bad-agent", n) {
				p.apply("in", fmt.Sprint("w", i), hex("c"), image)
			}
		},
		"one image of all workloads": func(p *passes, n int) {
			for i := range n {
				p.apply("in", fmt.Sprint("w", i), hex("c"), "docker.io/karmada/bad-agent:v1")
			}
		},
		"a namespace for each image": func(p *passes, n int) {
			for i, image := range tags("good-agent", n) {
				p.apply(fmt.Sprint("ns-", i), "w", hex("c"), image, "docker.io/library/uncovered:v1")
			}
		},
	}
	var worst []float64
	for name, apply := range shapes {
		costs := map[int]cost{}
		for _, n := range []int{few, few * factor} {
			p := newPasses(t)
			p.r.Admission.SetPolicy(foreignCIP("other"))
			apply(p, n)
			costs[n] = measure(t, p)
		}
		a, b := costs[few], costs[few*factor]
		allocations, bytes, took := b.allocations/a.allocations, b.bytes/a.bytes, float64(b.time)/float64(a.time)
		t.Logf("%s: %.1f times the allocations, %.1f times the bytes, %.1f times the time", name, allocations, bytes, took)
		worst = append(worst, allocations, bytes)
		if allocations > limit || bytes > limit {
			t.Errorf("%s: 8 times the images cost %.1f times the allocations and %.1f times the bytes, want at most %d",
				name, allocations, bytes, limit)
		}
	}
	fmt.Printf("figure: pass_growth_8x %.1f\n", slices.Max(worst))
}
