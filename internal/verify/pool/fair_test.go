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
	"strings"
	"sync"
	"testing"
	"time"
	"unique"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

var timeout = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TimeoutReason, Message: "it does not answer in time"}

// registries answer by their hosts, until the context ends: with a name of "hangs" in it not before release is closed.
type registries struct {
	release chan struct{}

	mu sync.Mutex
	// began counts the attempts by host, and hung those that hang now; most is the largest number at a time.
	began      map[string]int
	hung, most int
	result     map[string]verify.Result // by host
	panics     map[string]bool          // by host
	delay      time.Duration            // of each answer
}

func newRegistries() *registries {
	return &registries{
		release: make(chan struct{}), began: map[string]int{}, result: map[string]verify.Result{}, panics: map[string]bool{},
	}
}

func (r *registries) Resolve(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	host := ref.Context().RegistryStr()
	r.mu.Lock()
	r.began[host]++
	panics, delay := r.panics[host], r.delay
	r.mu.Unlock()
	time.Sleep(delay)
	if panics {
		panic("a HEAD request panicked")
	}
	if strings.Contains(host, "hangs") {
		r.count(1)
		defer r.count(-1)
		select {
		case <-r.release:
		case <-ctx.Done():
		}
		return name.Digest{}, &timeout
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if result, ok := r.result[host]; ok {
		return name.Digest{}, &result
	}
	return ref.Context().Digest(digestA), nil
}

func (r *registries) count(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hung += n
	r.most = max(r.most, r.hung)
}

func (r *registries) Verify(context.Context, name.Digest, *policy.Rule, *trustroot.Root) verify.Result {
	return verified
}

func (r *registries) Holds(context.Context, name.Digest, v1.Hash) (bool, *verify.Result) {
	return false, nil
}

func (r *registries) attempts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.began)
}

func (r *registries) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// running is a pool with registries.
type running struct {
	*Pool
	t          *testing.T
	registries *registries
	clock      *testingclock.FakeClock
}

func run(t *testing.T, opts Options) *running {
	t.Helper()
	r := &running{t: t, registries: newRegistries(), clock: testingclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	if opts.OnChange == nil {
		opts.OnChange = func(string) {}
	}
	opts.Clock = r.clock
	r.Pool = New(r.registries, opts)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Start(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r
}

// until waits for a condition.
func (r *running) until(what string, condition func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("not after 30 s: %s; attempts: %v", what, r.registries.attempts())
		}
	}
}

// answered waits until requests have fresh answers, and returns them.
func (r *running) answered(subscriber string, requests []Request) []Answer {
	r.t.Helper()
	var answers []Answer
	r.until("the answers of "+subscriber, func() bool {
		answers = r.Answers(subscriber, requests, time.Time{})
		for i := range answers {
			if !answers[i].Fresh {
				return false
			}
		}
		return true
	})
	return answers
}

func imagesOf(t *testing.T, host, namespace string, n int) []Request {
	t.Helper()
	requests := make([]Request, 0, n)
	rule := policy.NewRule(policy.Signer{Issuer: "i", Subject: "s"}, policy.NewFormats(policy.SimpleSigning))
	for i := range n {
		ref, err := name.ParseReference(fmt.Sprintf("%s/app/x%d:v1", host, i))
		if err != nil {
			t.Fatal(err)
		}
		request := Request{Ref: ref, Rule: rule, Root: someRoot}
		if namespace != "" {
			request.Namespaces = []string{namespace}
		}
		requests = append(requests, request)
	}
	return requests
}

// TestHangingRegistryDelaysNobody asks for 500 images of a registry that never answers, and then for one of another: its
// verdict comes while the registry hangs, of which few workers wait.
func TestHangingRegistryDelaysNobody(t *testing.T) {
	const images = 500
	r := run(t, Options{})
	r.Answers("attacker", imagesOf(t, "hangs.example.com", "tenant", images), time.Time{})
	r.until("all workers for one host hang", func() bool { return r.registries.attempts()["hangs.example.com"] == 3 })
	for i, answer := range r.answered("victim", imagesOf(t, "ghcr.io", "production", 20)) {
		if answer.Result.Verdict != v1alpha1.VerdictVerified {
			t.Errorf("image %d: %+v, want Verified", i, answer.Result)
		}
	}
	if got := r.registries.attempts()["hangs.example.com"]; got != 3 || r.registries.most != 3 {
		t.Errorf("%d requests to the registry that hangs began before the other image had its verdict, %d at a time; want 3 of %d workers",
			got, r.registries.most, DefaultWorkers)
	}
}

// TestManyHangingRegistriesDelayNobody has one tenant use 500 registries that never answer.
func TestManyHangingRegistriesDelayNobody(t *testing.T) {
	r := run(t, Options{})
	var requests []Request
	for i := range 500 {
		requests = append(requests, imagesOf(t, fmt.Sprintf("hangs%d.example.com", i), "tenant", 1)...)
	}
	r.Answers("attacker", requests, time.Time{})
	r.until("the tenant's workers hang", func() bool { return len(r.registries.attempts()) == 3 })
	r.answered("victim", imagesOf(t, "ghcr.io", "production", 20))
	if r.registries.most != 3 {
		t.Errorf("%d workers waited for one tenant's registries at a time, want 3 of %d", r.registries.most, DefaultWorkers)
	}
	// Two tenants more leave workers to registries that are known to answer.
	for _, tenant := range []string{"second", "third", "fourth"} {
		r.Answers(tenant, imagesOf(t, tenant+".hangs.example.com", tenant, 10), time.Time{})
	}
	r.until("seven workers hang", func() bool { r.registries.mu.Lock(); defer r.registries.mu.Unlock(); return r.registries.hung == 7 })
	r.answered("another", imagesOf(t, "ghcr.io", "staging", 40))
	if r.registries.most != 7 {
		t.Errorf("%d workers waited for registries that hang, want 7 of %d", r.registries.most, DefaultWorkers)
	}
}

// TestBreaker follows a registry that does not answer, and then does.
func TestBreaker(t *testing.T) {
	const images = 50
	r := run(t, Options{})
	requests := imagesOf(t, "down.example.com", "", images)
	unreachable := verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RegistryUnreachableReason, Message: "connection refused"}
	r.registries.set(func() { r.registries.result["down.example.com"] = unreachable })
	r.answered("trust", requests)
	r.until("the end of all attempts", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.schedule.hosts["down.example.com"].workers == 0
	})
	refused := 0
	for i, answer := range r.answered("trust", requests) {
		if answer.Result.Verdict != v1alpha1.VerdictUnknown || answer.Result.Reason != unreachable.Reason {
			t.Errorf("image %d: %+v, want unreachable", i, answer.Result)
		}
		if strings.HasPrefix(answer.Result.Message, "not asked yet") {
			refused++
		}
	}
	settled := r.registries.attempts()["down.example.com"]
	if settled < unansweredUntilOpen || settled > unansweredUntilOpen+2 || refused != images-settled {
		t.Errorf("%d attempts, and %d images were not asked about; want 3 to 5 attempts, and the rest", settled, refused)
	}
	state := r.State()
	if diff := cmp.Diff([]HostState{{Name: "down.example.com", Open: true}}, state.Hosts); diff != "" || state.Waiting == 0 || state.Busy != 0 ||
		state.Workers != DefaultWorkers+7 {
		t.Errorf("state %+v; hosts differ (-want +got):\n%s", state, diff)
	}
	// One attempt at a time, at intervals that double.
	for i := range 3 {
		before := r.registries.attempts()["down.example.com"]
		r.clock.Step(maxBackoff)
		r.until("the next attempt", func() bool { return r.registries.attempts()["down.example.com"] > before })
		if got := r.registries.attempts()["down.example.com"]; got != before+1 {
			t.Errorf("step %d: %d attempts, want one", i, got-before)
		}
		r.until("the attempt's end", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.schedule.hosts["down.example.com"].workers == 0
		})
	}
	r.registries.set(func() { delete(r.registries.result, "down.example.com") })
	r.clock.Step(maxBackoff)
	r.until("all verdicts once it answers", func() bool {
		for _, answer := range r.Answers("trust", requests, time.Time{}) {
			if answer.Result.Verdict != v1alpha1.VerdictVerified {
				r.clock.Step(time.Minute) // those that were asked wait for their retries
				return false
			}
		}
		return true
	})
	if len(r.schedule.hosts) != 1 {
		t.Errorf("%d hosts are remembered, want one", len(r.schedule.hosts))
	}
	r.Forget("trust")
	r.until("nothing to be left", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.entries)+len(r.verdicts)+len(r.tags)+len(r.memos)+len(r.schedule.hosts)+len(r.schedule.items) == 0
	})
}

// TestThrottlingRegistryDelaysNobody has a registry answer 429 with a long Retry-After.
func TestThrottlingRegistryDelaysNobody(t *testing.T) {
	r := run(t, Options{})
	r.registries.set(func() {
		r.registries.result["busy.example.com"] = verify.Result{
			Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason, RetryAfter: time.Hour,
		}
	})
	r.answered("attacker", imagesOf(t, "busy.example.com", "tenant", 100))
	r.answered("victim", imagesOf(t, "ghcr.io", "production", 20))
	r.clock.Step(time.Minute)
	r.answered("victim", imagesOf(t, "ghcr.io", "production", 21))
	if got := r.registries.attempts()["busy.example.com"]; got != 100 {
		t.Errorf("%d attempts within the time to retry after, want 100", got)
	}
}

func keyOf(q question) Key { return Key{unique.Make(q)} }

func namespaces(names ...string) func() []asker {
	return func() []asker {
		var askers []asker
		for _, name := range names {
			askers = append(askers, asker{namespace: name})
		}
		return askers
	}
}

// TestAskersOfOneRegistryTakeTurns asks for a tenant's 200 images before another's of the same registry.
func TestAskersOfOneRegistryTakeTurns(t *testing.T) {
	s := newSchedule(limitsOf(DefaultWorkers, false), patience{})
	now := time.Unix(0, 0)
	s.keep("ghcr.io")
	keys := map[string]int{}
	for i := range 200 {
		s.add(keyOf(question{ref: fmt.Sprint("tenant", i)}), "ghcr.io", namespaces("tenant"))
	}
	for i := range 5 {
		s.add(keyOf(question{ref: fmt.Sprint("production", i)}), "ghcr.io", namespaces("production"))
	}
	for i := range 10 {
		k, ok := s.take(now)
		if !ok {
			t.Fatalf("nothing to do after %d", i)
		}
		keys[strings.TrimRight(k.question.Value().ref, "0123456789")]++
		s.done(k, outcome{asked: true}, now)
	}
	if diff := cmp.Diff(map[string]int{"tenant": 5, "production": 5}, keys); diff != "" {
		t.Errorf("the first ten questions (-want +got):\n%s", diff)
	}
}

// TestAbsentImagesWaitForTheRound has tags that do not exist: they are looked for once in a round.
func TestAbsentImagesWaitForTheRound(t *testing.T) {
	const images = 100
	r := run(t, Options{})
	r.registries.set(func() {
		r.registries.result["ghcr.io"] = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.ImageNotFoundReason}
	})
	requests := imagesOf(t, "ghcr.io", "tenant", images)
	r.answered("trust", requests)
	for range 20 {
		r.clock.Step(maxBackoff)
	}
	r.answered("other", imagesOf(t, "quay.io", "production", 1)) // the pool works
	if got := r.registries.attempts()["ghcr.io"]; got != images {
		t.Errorf("%d attempts for %d absent images before the next round, want one for each", got, images)
	}
	due := r.clock.Now()
	r.until("the round", func() bool {
		fresh := 0
		for _, answer := range r.Answers("trust", requests, due) {
			if answer.Fresh {
				fresh++
			}
		}
		return fresh == images
	})
	if got := r.registries.attempts()["ghcr.io"]; got != 2*images {
		t.Errorf("%d attempts after the round, want %d", got, 2*images)
	}
}

// TestPanicsAreAnswers has each request of a registry panic: its images are Unknown, which is logged once, and the pool
// goes on.
func TestPanicsAreAnswers(t *testing.T) {
	var mu sync.Mutex
	logged := 0
	log := funcr.New(func(_, line string) {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(line, "Verification panicked") && strings.Contains(line, "a HEAD request panicked") {
			logged++
		}
	}, funcr.Options{})
	r := run(t, Options{Log: log, Workers: 4})
	r.registries.set(func() { r.registries.panics["panics.example.com"] = true })
	requests := imagesOf(t, "panics.example.com", "tenant", 20)
	for i, answer := range r.answered("trust", requests) {
		if answer.Result.Verdict != v1alpha1.VerdictUnknown || answer.Result.Reason != v1alpha1.InternalErrorReason {
			t.Errorf("image %d: %+v, want an internal error", i, answer.Result)
		}
	}
	before := r.registries.attempts()["panics.example.com"]
	r.clock.Step(minBackoff)
	r.until("another attempt", func() bool { return r.registries.attempts()["panics.example.com"] > before })
	r.answered("victim", imagesOf(t, "ghcr.io", "production", 20))
	mu.Lock()
	defer mu.Unlock()
	if logged != len(requests) {
		t.Errorf("%d panics are logged, want one for each of %d images", logged, len(requests))
	}
}

// TestChurnLeavesNothing has a tenant ask for ever new images of a registry that does not answer: what is not asked for any
// more is not kept.
func TestChurnLeavesNothing(t *testing.T) {
	r := run(t, Options{})
	for i := range 200 {
		requests := imagesOf(t, fmt.Sprintf("hangs%d.example.com", i%7), "tenant", 1+i%5)
		r.Answers("trust", requests, time.Time{})
		r.Retain("trust", requests)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if items, entries := len(r.schedule.items), len(r.entries); items > entries+DefaultWorkers {
		t.Errorf("%d questions are queued for %d entries", items, entries)
	}
	if hosts := len(r.schedule.hosts); hosts > 7 {
		t.Errorf("%d hosts are remembered", hosts)
	}
}
