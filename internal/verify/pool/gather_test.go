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
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
)

// told is a pool that one goroutine works for, with the notifications of its subscribers.
type told struct {
	*Pool
	t          *testing.T
	registries *registries
	clock      *testingclock.FakeClock
	notified   []string
}

func newTold(t *testing.T) *told {
	t.Helper()
	d := &told{t: t, registries: newRegistries(), clock: testingclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	d.Pool = New(d.registries, Options{Clock: d.clock, OnChange: func(name string) { d.notified = append(d.notified, name) }})
	return d
}

// land makes one attempt.
func (d *told) land() {
	d.t.Helper()
	k, ok := d.schedule.take(d.clock.Now())
	if !ok {
		d.t.Fatal("nothing to do")
	}
	d.attempt(d.t.Context(), k)
}

// pass has time go by.
func (d *told) pass(by time.Duration) {
	d.clock.Step(by)
	if timer := d.wake(d.clock.Now()); timer != nil {
		timer.Stop()
	}
}

// since returns who was notified since the last call.
func (d *told) since() []string {
	notified := d.notified
	d.notified = nil
	return notified
}

// want checks that one subscriber was notified once since the last call, or none was.
func (d *told) want(what, name string) {
	d.t.Helper()
	if got := d.since(); name == "" && len(got) > 0 || name != "" && (len(got) != 1 || got[0] != name) {
		d.t.Errorf("%s: %v were notified, want %q", what, got, name)
	}
}

// TestLandingsAreGathered lands 5,000 answers one by one over 75 seconds, and again once they are due.
func TestLandingsAreGathered(t *testing.T) {
	const images, most = 5000, 30
	d := newTold(t)
	requests := imagesOf(t, "ghcr.io", "production", images)
	for _, what := range []string{"first", "again"} {
		d.Answers("trust", requests, d.clock.Now())
		got, notifications := 0, 0
		for i := range images {
			d.land()
			d.pass(15 * time.Millisecond)
			if n := len(d.since()); n > 0 {
				notifications += n
				got += len(d.Changes("trust"))
			}
			if got == 0 && i > images*2/15 { // ten seconds
				t.Fatalf("%s: nothing is told after %d answers", what, i)
			}
		}
		fmt.Printf("figure: notifications_cold_5k_images %d\n", notifications)
		if got != images || notifications > most || notifications < 5 {
			t.Errorf("%s: %d notifications about %d answers, want at most %d about %d", what, notifications, got, most, images)
		}
	}
}

// TestOneLandingIsToldAtOnce has one image after another asked about.
func TestOneLandingIsToldAtOnce(t *testing.T) {
	d := newTold(t)
	for i, request := range imagesOf(t, "ghcr.io", "production", 20) {
		d.Answers("trust", []Request{request}, time.Time{})
		d.land()
		d.want(fmt.Sprintf("image %d", i), "trust")
		d.Changes("trust")
	}
}

// TestReplacedAnswersAreToldAtOnce fails all images one after the other that were verified: the first failure is told at once, and
// the others are gathered.
func TestReplacedAnswersAreToldAtOnce(t *testing.T) {
	const images = 1000
	d := newTold(t)
	requests := imagesOf(t, "ghcr.io", "production", images)
	d.Answers("trust", requests, d.clock.Now())
	for range images {
		d.land()
	}
	d.Changes("trust")
	d.since()
	d.registries.set(func() {
		d.registries.result["ghcr.io"] = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.ImageNotFoundReason}
	})
	d.pass(time.Hour)
	d.Answers("trust", requests, d.clock.Now())
	d.land()
	d.want("the first", "trust")
	notifications := 0
	for range images - 1 {
		d.pass(100 * time.Millisecond)
		d.land()
		notifications += len(d.since())
		d.Changes("trust")
	}
	if notifications < 5 || notifications > 30 {
		t.Errorf("%d notifications about %d failures in 100 s, want 5 to 30", notifications, images-1)
	}
	// After a while, the next one is the first again.
	d.pass(time.Hour)
	d.since()
	d.registries.set(func() { delete(d.registries.result, "ghcr.io") })
	d.Answers("another", requests[:1], d.clock.Now())
	d.land()
	if got := d.since(); len(got) != 2 {
		t.Errorf("%v were notified of an answer that replaces another, want both who asked", got)
	}
}

// TestNothingIsLeftUntold ends waiting in each other way than by the last answer.
func TestNothingIsLeftUntold(t *testing.T) {
	for name, end := range map[string]func(*told, []Request){
		"after ten seconds": func(d *told, _ []Request) { d.pass(gatherLongest) },
		"the rest is not asked any more": func(d *told, requests []Request) {
			var rest []Key
			for i := range requests {
				if k := requests[i].Key(); !d.entries[k].answer.Known {
					rest = append(rest, k)
				}
			}
			d.Release("trust", rest)
		},
		"the pool stops": func(d *told, _ []Request) { d.tellAll() },
		"a registry does not answer": func(d *told, _ []Request) {
			d.registries.set(func() {
				d.registries.result["ghcr.io"] = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RegistryUnreachableReason}
			})
			for range unansweredUntilOpen {
				d.land()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newTold(t)
			requests := imagesOf(t, "ghcr.io", "production", 100)
			d.Answers("trust", requests, time.Time{})
			d.land()
			d.want("one of a hundred", "")
			if got := d.Pool.subscribers["trust"].changed.Len(); got != 1 {
				t.Fatalf("%d answers are gathered, want one", got)
			}
			end(d, requests)
			d.want("the end", "trust")
			d.Changes("trust")
			d.pass(gatherLongest)
			d.want("there is nothing else", "")
		})
	}
}

// TestGotIsNotTold has a subscriber ask again before it is notified.
func TestGotIsNotTold(t *testing.T) {
	d := newTold(t)
	requests := imagesOf(t, "ghcr.io", "production", 100)
	d.Answers("trust", requests, time.Time{})
	d.land()
	d.Answers("trust", requests, time.Time{})
	d.pass(gatherLongest)
	d.want("it has got all", "")
	if d.Forget("trust"); len(*d.gathering.heap) != 0 {
		t.Error("a subscriber that is forgotten is to be notified")
	}
}
