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
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// fickle answers at random.
type fickle struct{ *rand.Rand }

func (f fickle) Resolve(_ context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	if f.IntN(8) == 0 {
		return name.Digest{}, &limited
	}
	return ref.Context().Digest([]string{digestA, digestB}[f.IntN(2)]), nil
}

func (f fickle) Verify(context.Context, name.Digest, *policy.Rule, *trustroot.Root) verify.Result {
	return []verify.Result{
		verified, limited, {Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason}, timeout,
	}[f.IntN(4)]
}

func (f fickle) Holds(context.Context, name.Digest, v1.Hash) (bool, *verify.Result) {
	return f.IntN(2) == 0, nil
}

// believed is what a subscriber has got of the pool, and what it asks.
type believed struct {
	requests map[Key]Request
	since    map[Key]time.Time
	answers  map[Key]Answer
}

// history is a pool that one goroutine works for, and what its subscribers believe.
type history struct {
	*Pool
	*rand.Rand
	t        *testing.T
	clock    *testingclock.FakeClock
	believed map[string]*believed
	notified map[string]bool
	requests []Request
	// taken are the attempts that have not been made yet.
	taken []Key
}

func newHistory(t *testing.T, seed uint64) *history {
	t.Helper()
	h := &history{
		Rand: rand.New(rand.NewPCG(seed, seed)),
		t:    t, clock: testingclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		believed: map[string]*believed{}, notified: map[string]bool{},
	}
	h.Pool = New(fickle{h.Rand}, Options{Clock: h.clock, OnChange: func(name string) { h.notified[name] = true }})
	for i := range 8 {
		h.requests = append(h.requests, newRequests(t, fmt.Sprintf("host%d.example.com/app/x%d:v1", i%3, i))...)
		h.requests[i].Running = i%2 == 0
	}
	return h
}

// step does something at random.
func (h *history) step() {
	subscriber := fmt.Sprint("trust", h.IntN(4))
	b := h.believed[subscriber]
	if b == nil {
		b = &believed{requests: map[Key]Request{}, since: map[Key]time.Time{}, answers: map[Key]Answer{}}
		h.believed[subscriber] = b
	}
	switch h.IntN(12) {
	case 0: // a time and a root of trust for all that is asked
		root := &trustroot.Root{Fingerprint: fmt.Sprint(h.IntN(2))}
		requests := make([]Request, 0, len(b.requests))
		for i := range h.requests {
			if request, asked := b.requests[h.requests[i].Key()]; asked {
				request.Root = root
				requests = append(requests, request)
			}
		}
		h.ask(subscriber, b, requests, h.clock.Now())
	case 1, 2: // a new request
		request := h.requests[h.IntN(len(h.requests))]
		h.ask(subscriber, b, []Request{request}, b.since[request.Key()])
	case 3:
		k := h.requests[h.IntN(len(h.requests))].Key()
		h.Release(subscriber, []Key{k})
		b.release(k)
	case 4:
		if h.IntN(8) == 0 {
			h.Forget(subscriber)
			delete(h.believed, subscriber)
		}
	case 5, 6:
		if k, ok := h.schedule.take(h.clock.Now()); ok {
			h.taken = append(h.taken, k)
		}
	case 7, 8:
		if len(h.taken) > 0 {
			k := h.taken[0]
			h.taken = h.taken[1:]
			h.attempt(h.t.Context(), k)
		}
	case 9:
		h.clock.Step(time.Duration(h.IntN(60)) * time.Second)
		if timer := h.wake(h.clock.Now()); timer != nil {
			timer.Stop()
		}
	default:
		for _, change := range h.Changes(subscriber) {
			b.answers[change.Key] = change.Answer
		}
		delete(h.notified, subscriber)
		h.compare(subscriber, b)
	}
}

func (h *history) ask(subscriber string, b *believed, requests []Request, since time.Time) {
	answers := h.Answers(subscriber, requests, since)
	for i := range requests {
		k := requests[i].Key()
		b.requests[k], b.since[k], b.answers[k] = requests[i], since, answers[i]
	}
}

func (b *believed) release(k Key) {
	delete(b.requests, k)
	delete(b.since, k)
	delete(b.answers, k)
}

// compare what a subscriber believes with what the pool knows.
func (h *history) compare(subscriber string, b *believed) {
	h.t.Helper()
	known := map[Key]Answer{}
	if s := h.Pool.subscribers[subscriber]; s != nil {
		for k, in := range s.interests {
			known[k] = in.entry.answer
			answer := known[k]
			answer.Fresh = in.entry.fresh(b.since[k])
			known[k] = answer
		}
	}
	if !maps.EqualFunc(known, b.answers, func(a, b Answer) bool { return cmp.Equal(a, b) }) {
		h.t.Fatalf("%s believes %v, want %v", subscriber, b.answers, known)
	}
}

// TestChangesAddUp has subscribers ask, release and forget at random while answers, roots of trust and times change: what Answers
// and Changes have returned is what is known, and nothing is left untold.
func TestChangesAddUp(t *testing.T) {
	steps, changed := 0, 0
	for seed := range uint64(40) {
		h := newHistory(t, seed)
		for range 500 {
			h.step()
			steps++
		}
		h.clock.Step(gatherLongest)
		if timer := h.wake(h.clock.Now()); timer != nil {
			timer.Stop()
		}
		for name, b := range h.believed {
			s := h.Pool.subscribers[name]
			if s == nil {
				continue
			}
			became := slices.ContainsFunc(slices.Collect(maps.Values(s.interests)), func(in *interest) bool {
				return in.changed != nil && (in.fresh && !b.answers[in.entry.key].Fresh)
			})
			if became && !h.notified[name] {
				t.Fatalf("%s was not notified of what became fresh", name)
			}
			for _, change := range h.Changes(name) {
				changed++
				b.answers[change.Key] = change.Answer
			}
			h.compare(name, b)
			// Answers returns the same.
			for k, request := range b.requests {
				if e := h.entries[k]; fingerprint(e.request.Root) != fingerprint(request.Root) {
					continue // it would have the question asked by another root
				}
				if got := h.Answers(name, []Request{request}, b.since[k])[0]; !cmp.Equal(got, b.answers[k]) {
					t.Fatalf("Answers returns %+v, and the changes %+v", got, b.answers[k])
				}
			}
		}
	}
	if steps != 20_000 || changed == 0 {
		t.Errorf("%d steps, %d changes at the end", steps, changed)
	}
}

// TestChangesCostNoMoreThanTheyAre lands one answer of many: it is all that the subscriber gets and that the pool visits.
func TestChangesCostNoMoreThanTheyAre(t *testing.T) {
	r := run(t, Options{})
	requests := imagesOf(t, "ghcr.io", "production", 500)
	r.answered("trust", requests)
	if changes := r.Changes("trust"); len(changes) != 0 {
		t.Fatalf("%d changes after all answers, want none", len(changes))
	}
	r.clock.Step(time.Hour)
	one := requests[7:8]
	r.registries.set(func() {
		r.registries.result["ghcr.io"] = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.ImageNotFoundReason}
	})
	r.until("the other's answer", func() bool { return r.Answers("another", one, r.clock.Now())[0].Fresh })
	if changes := r.Changes("trust"); len(changes) != 1 || changes[0].Key != one[0].Key() {
		t.Errorf("changes %+v, want that of one image", changes)
	}
	if changes := r.Changes("nobody"); changes != nil {
		t.Errorf("changes %+v of nobody", changes)
	}
}
