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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

var (
	digestA  = "sha256:" + strings.Repeat("a", 64)
	digestB  = "sha256:" + strings.Repeat("b", 64)
	verified = verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason}
	limited  = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason}
	someRoot = &trustroot.Root{Fingerprint: "one"}
)

// scripted answers as a test says, and counts.
type scripted struct {
	mu       sync.Mutex
	tags     map[string]string // tag to digest
	result   verify.Result
	verified []string
	running  int
	most     int
	hold     chan struct{} // when set, Verify waits for it to close
}

func (s *scripted) Resolve(_ context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	if digest, ok := ref.(name.Digest); ok {
		return digest, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return ref.Context().Digest(s.tags[ref.Identifier()]), nil
}

func (s *scripted) Verify(_ context.Context, image name.Digest, _ *policy.Rule, _ *trustroot.Root) verify.Result {
	s.mu.Lock()
	s.verified = append(s.verified, image.Name())
	s.running++
	s.most = max(s.most, s.running)
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	return s.result
}

func (s *scripted) Holds(context.Context, name.Digest, v1.Hash) (bool, *verify.Result) {
	return false, nil
}

func (s *scripted) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.verified)
}

func (s *scripted) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

type fixture struct {
	*Pool
	t       *testing.T
	script  *scripted
	clock   *testingclock.FakeClock
	changed chan string
}

func start(t *testing.T) *fixture {
	t.Helper()
	return startWith(t, Options{Workers: 1})
}

func startWith(t *testing.T, opts Options) *fixture {
	t.Helper()
	return startIn(t.Context(), t, opts)
}

func startIn(ctx context.Context, t *testing.T, opts Options) *fixture {
	t.Helper()
	f := &fixture{
		t:       t,
		script:  &scripted{tags: map[string]string{"v1": digestA}, result: verified},
		clock:   testingclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		changed: make(chan string, 1000),
	}
	opts.Clock, opts.OnChange = f.clock, func(subscriber string) { f.changed <- subscriber }
	f.Pool = New(f.script, opts)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- f.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f
}

// await waits until one subscriber is notified.
func (f *fixture) await(subscriber string) {
	f.t.Helper()
	if got := <-f.changed; got != subscriber {
		f.t.Fatalf("%s was notified, want %s", got, subscriber)
	}
}

// subscribers of an image, sorted.
func (f *fixture) subscribers(image string) []string {
	f.t.Helper()
	var names []string
	for _, in := range f.entries[newRequests(f.t, image)[0].Key()].interests {
		names = append(names, in.subscriber.name)
	}
	slices.Sort(names)
	return names
}

func newRequests(t *testing.T, images ...string) []Request {
	t.Helper()
	var out []Request
	for _, image := range images {
		ref, err := name.ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Request{Ref: ref, Rule: policy.NewRule(policy.Signer{Issuer: "i", Subject: "s"}, policy.NewFormats(policy.SimpleSigning)), Root: someRoot})
	}
	return out
}

func TestAnswerLandsAndStays(t *testing.T) {
	f := start(t)
	requests := newRequests(t, "docker.io/karmada/x:v1")
	first := f.Answers("trust", requests, time.Time{})
	if want := (Answer{Result: Pending().Result}); !cmp.Equal(first[0], want) {
		t.Errorf("first answer (-want +got):\n%s", cmp.Diff(want, first[0]))
	}
	f.await("trust")
	want := Answer{Digest: digestA, Result: verified, Known: true, Fresh: true}
	for range 3 {
		if got := f.Answers("trust", requests, time.Time{}); !cmp.Equal(got[0], want) {
			t.Errorf("answer (-want +got):\n%s", cmp.Diff(want, got[0]))
		}
	}
	if got := f.script.count(); got != 1 {
		t.Errorf("verified %d times, want once", got)
	}
}

func TestOneVerificationPerDigest(t *testing.T) {
	f := start(t)
	// Two spellings and a tag of one image, subscribed for by two trusts.
	f.Answers("a", newRequests(t, "docker.io/karmada/x@"+digestA, "karmada/x:v1"), time.Time{})
	f.Answers("b", newRequests(t, "index.docker.io/karmada/x@"+digestA), time.Time{})
	for settled := false; !settled; {
		<-f.changed
		settled = true
		for subscriber, images := range map[string][]string{"a": {"karmada/x@" + digestA, "karmada/x:v1"}, "b": {"karmada/x@" + digestA}} {
			for _, answer := range f.Answers(subscriber, newRequests(t, images...), time.Time{}) {
				settled = settled && answer.Fresh
			}
		}
	}
	if diff := cmp.Diff([]string{"index.docker.io/karmada/x@" + digestA}, f.script.verified); diff != "" {
		t.Errorf("verifications (-want +got):\n%s", diff)
	}
}

func TestSinceAsksAnew(t *testing.T) {
	f := start(t)
	requests := newRequests(t, "karmada/x:v1")
	f.Answers("trust", requests, time.Time{})
	f.await("trust")

	due := f.clock.Now().Add(time.Hour)
	f.clock.SetTime(due)
	f.script.set(func() { f.script.tags["v1"] = digestB })
	if got := f.Answers("trust", requests, due)[0]; got.Fresh || got.Digest != digestA {
		t.Errorf("got %+v, want the old answer, not settled", got)
	}
	f.await("trust")
	if got := f.Answers("trust", requests, due)[0]; !got.Fresh || got.Digest != digestB {
		t.Errorf("got %+v, want the tag's new digest, settled", got)
	}
}

func TestFailureKeepsTheLastVerdictAndIsTriedAgain(t *testing.T) {
	f := start(t)
	requests := newRequests(t, "karmada/x:v1")
	f.Answers("trust", requests, time.Time{})
	f.await("trust")
	reached := f.clock.Now()

	due := f.clock.Now().Add(time.Hour)
	f.clock.SetTime(due)
	f.script.set(func() { f.script.result = limited })
	f.Answers("trust", requests, due)
	f.await("trust")
	want := Answer{Digest: digestA, Result: limited, Last: &verified, LastTime: reached, Known: true, Fresh: true}
	if got := f.Answers("trust", requests, due)[0]; !cmp.Equal(got, want) {
		t.Errorf("answer (-want +got):\n%s", cmp.Diff(want, got))
	}

	// The next attempt comes without a request.
	f.script.set(func() { f.script.result = verified })
	for !f.clock.HasWaiters() {
		time.Sleep(time.Millisecond)
	}
	f.clock.Step(minBackoff)
	f.await("trust")
	if got := f.Answers("trust", requests, due)[0]; got.Result.Verdict != v1alpha1.VerdictVerified || got.Last != nil {
		t.Errorf("got %+v, want verified again", got)
	}
}

func TestRotatedRootAsksAnew(t *testing.T) {
	f := start(t)
	requests := newRequests(t, "karmada/x:v1")
	requests[0].Root = nil
	f.script.set(func() {
		f.script.result = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TrustRootUnavailableReason}
	})
	f.Answers("trust", requests, time.Time{})
	f.await("trust")
	f.script.set(func() { f.script.result = verified })
	for i, root := range []*trustroot.Root{{Fingerprint: "one"}, {Fingerprint: "two"}} {
		requests[0].Root = root
		if got := f.Answers("trust", requests, time.Time{})[0]; got.Fresh {
			t.Fatalf("settled before root %d was used", i)
		}
		f.await("trust")
		if got := f.Answers("trust", requests, time.Time{})[0]; !got.Fresh || got.Result.Verdict != v1alpha1.VerdictVerified {
			t.Errorf("root %d: got %+v, want verified", i, got)
		}
	}
}

func TestForgetLeavesNothing(t *testing.T) {
	f := start(t)
	f.Answers("a", newRequests(t, "karmada/x:v1", "karmada/y:v1"), time.Time{})
	f.await("a")
	f.await("a")
	f.Answers("b", newRequests(t, "karmada/x:v1"), time.Time{})
	f.Answers("a", newRequests(t, "karmada/y:v1"), time.Time{})
	if len(f.entries) != 2 || len(f.subscribers("karmada/x:v1")) != 2 {
		t.Errorf("%d entries, and %v ask about x; want 2 and both: Answers drops nothing", len(f.entries), f.subscribers("karmada/x:v1"))
	}
	f.Retain("a", newRequests(t, "karmada/y:v1"))
	if got := f.subscribers("karmada/x:v1"); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("%v ask about x, want b", got)
	}
	if len(f.entries) != 2 || len(f.verdicts) != 2 {
		t.Errorf("%d entries and %d verdicts, want 2 and 2", len(f.entries), len(f.verdicts))
	}
	f.Forget("a")
	if len(f.entries) != 1 || len(f.verdicts) != 1 {
		t.Errorf("%d entries and %d verdicts, want 1 and 1", len(f.entries), len(f.verdicts))
	}
	f.Forget("b")
	if len(f.entries)+len(f.verdicts)+len(f.Pool.subscribers) != 0 {
		t.Errorf("%d entries, %d verdicts and %d subscribers are left", len(f.entries), len(f.verdicts), len(f.Pool.subscribers))
	}
}

func TestWorkersAreBounded(t *testing.T) {
	const workers, images = 3, 20
	f := startWith(t, Options{Workers: workers, alone: true})
	for _, image := range []string{"karmada/a:v1", "karmada/b:v1"} { // the registry answers, so it may have all workers
		f.Answers("trust", newRequests(t, image), time.Time{})
		f.await("trust")
	}
	hold := make(chan struct{})
	f.script.set(func() { f.script.hold = hold })
	var refs []string
	for i := range images {
		refs = append(refs, "karmada/y"+strings.Repeat("y", i)+":v1")
	}
	f.Answers("trust", newRequests(t, refs...), time.Time{})
	for f.script.count() < 2+workers {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	for range images {
		f.await("trust")
	}
	if f.script.most != workers {
		t.Errorf("%d verifications ran at a time, want %d", f.script.most, workers)
	}
}

// TestResolveOnly compares the two kinds of requests without a rule: one that requests only the digest, and one whose rule is
// missing, which must never look verified.
func TestResolveOnly(t *testing.T) {
	f := start(t)
	f.script.set(func() {
		f.script.result = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.InternalErrorReason}
	})
	requests := newRequests(t, "karmada/x:v1", "karmada/x:v1")
	for i := range requests {
		requests[i].Rule, requests[i].Root = nil, nil
	}
	requests[1].ResolveOnly = true
	f.Answers("trust", requests, time.Time{})
	f.await("trust")
	f.await("trust")
	want := []Answer{
		{Digest: digestA, Result: f.script.result, Known: true, Fresh: true},
		{Digest: digestA, Known: true, Fresh: true},
	}
	if diff := cmp.Diff(want, f.Answers("trust", requests, time.Time{})); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := f.script.count(); got != 1 {
		t.Errorf("verified %d times, want once", got)
	}
}

// TestLogOfVerdicts checks that a changed verdict is logged at level 0, and first verdicts and retries at level 2 only.
func TestLogOfVerdicts(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	log := funcr.New(func(_, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	}, funcr.Options{Verbosity: 2})
	f := startWith(t, Options{Workers: 1, Log: log})
	requests := newRequests(t, "karmada/x:v1")
	f.Answers("trust", requests, time.Time{})
	f.await("trust")
	for range 2 { // the second attempt has the same result
		due := f.clock.Now().Add(time.Hour)
		f.clock.SetTime(due)
		f.script.set(func() { f.script.result = limited })
		f.Answers("trust", requests, due)
		f.await("trust")
	}
	image := `"image"="index.docker.io/karmada/x:v1" `
	result := `"digest"="` + digestA + `" `
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		`"level"=2 "msg"="Verdict reached" ` + image + result + `"verdict"="Verified" "reason"="Signed" "message"=""`,
		`"level"=0 "msg"="Verdict changed" ` + image + result + `"verdict"="Unknown" "reason"="RateLimited" "message"="" ` +
			`"previousDigest"="` + digestA + `" "previousVerdict"="Verified" "previousReason"="Signed"`,
		`"level"=2 "msg"="Retrying verification" ` + image + `"retryAfter"="5s" "failures"=1 "reason"="RateLimited"`,
		`"level"=2 "msg"="Retrying verification" ` + image + `"retryAfter"="10s" "failures"=2 "reason"="RateLimited"`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestBackoff(t *testing.T) {
	want := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, maxBackoff, maxBackoff}
	var got []time.Duration
	for failures := 1; failures <= len(want); failures++ {
		got = append(got, backoff(failures))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("backoff (-want +got):\n%s", diff)
	}
}
