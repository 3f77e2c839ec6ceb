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
	s := newScope(tb, p.r)
	s.trust = p.trust
	d := p.r.decide(tb.Context(), s)
	obs := &observation{
		now: p.at, policy: applied(), images: d.images, forecast: d.forecast, workloads: s.workloads, history: p.history, overBudget: d.overBudget,
		cycle: currentCycle(p.trust, time.Hour, p.at), interval: time.Hour,
	}
	c := conclude(p.trust, obs)
	_, told := verdictEvents(&p.trust.Status, &c, obs)
	obs.history.next(&c, told)
	if len(results(s.compiled, obs)) == 0 {
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
// grows with the square of the images would cost 64 times as much.
func TestPassGrowth(t *testing.T) {
	const (
		few, factor = 250, 8
		limit       = 10
		// timeLimit is generous: the time depends on the machine, and only a square is to be noticed.
		timeLimit = 32
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
		if allocations > limit || bytes > limit || took > timeLimit {
			t.Errorf("%s: 8 times the images cost %.1f times the allocations, %.1f times the bytes, %.1f times the time; want at most %d, %d, %d",
				name, allocations, bytes, took, limit, limit, timeLimit)
		}
	}
	fmt.Printf("figure: pass_growth_8x %.1f\n", slices.Max(worst))
}
