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

package pool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/memory"
)

// cost is what it takes to verify a number of images.
type cost struct {
	// steps counts the hosts and queues that the schedule looked at.
	steps int
	// bytes were allocated.
	bytes uint64
}

// costOf verifies n images of some registries and namespaces, one after the other.
func costOf(t *testing.T, n int) cost {
	t.Helper()
	p := New(newRegistries(), Options{OnChange: func(string) {}})
	var requests []Request
	for i, host := range []string{"a.example.com", "b.example.com", "c.example.com", "d.example.com"} {
		requests = append(requests, imagesOf(t, host, fmt.Sprint("namespace", i%2), n/4)...)
	}
	bytes := memory.Allocated(func() {
		p.Answers("trust", requests, time.Time{})
		for len(p.schedule.items) > 0 {
			k, ok := p.schedule.take(p.clock.Now())
			if !ok {
				t.Fatal("nothing to do")
			}
			p.attempt(t.Context(), k)
		}
		for i, answer := range p.Answers("trust", requests, time.Time{}) {
			if answer.Result.Verdict != v1alpha1.VerdictVerified {
				t.Fatalf("image %d: %+v, want Verified", i, answer.Result)
			}
		}
		p.Forget("trust")
	})
	if left := len(p.entries) + len(p.verdicts) + len(p.tags) + len(p.memos) + len(p.schedule.hosts); left != 0 {
		t.Fatalf("%d things are left", left)
	}
	return cost{steps: p.schedule.steps, bytes: bytes}
}

// TestCostGrowsInProportion compares what the pool does for a number of images and for eight times as many.
func TestCostGrowsInProportion(t *testing.T) {
	const images = 1000
	few, many := costOf(t, images), costOf(t, 8*images)
	steps, bytes := float64(many.steps)/float64(few.steps), float64(many.bytes)/float64(few.bytes)
	fmt.Printf("figure: pool_growth_8x %.1f\n", max(steps, bytes))
	if few.steps < images || steps > 10 || bytes > 10 {
		t.Errorf("8 times as many images take %.1f times the steps and %.1f times the memory, want at most 10 times: %+v and %+v",
			steps, bytes, few, many)
	}
}

// TestSlowRegistryDelayRatio measures how long another trust's images take beside 500 images of a registry that hangs, in
// proportion to their usual time. Its verdict depends on counts: see TestHangingRegistryDelaysNobody.
func TestSlowRegistryDelayRatio(t *testing.T) {
	const images, runs = 200, 5
	measure := func(hanging int) time.Duration {
		r := run(t, Options{})
		if hanging > 0 {
			r.Answers("attacker", imagesOf(t, "hangs.example.com", "tenant", hanging), time.Time{})
			r.until("all workers for one host hang", func() bool { return r.registries.attempts()["hangs.example.com"] == 3 })
		}
		r.registries.set(func() { r.registries.delay = 5 * time.Millisecond })
		began := time.Now()
		r.answered("victim", imagesOf(t, "ghcr.io", "production", images))
		return time.Since(began)
	}
	var usual, beside []time.Duration
	for range runs {
		usual, beside = append(usual, measure(0)), append(beside, measure(500))
	}
	fmt.Printf("figure: slow_registry_delay_ratio %.2f\n", float64(slices.Min(beside))/float64(slices.Min(usual)))
}
