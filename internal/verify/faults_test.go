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

package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// faultCell is one fault at one stage of one verification.
type faultCell struct {
	format, state, stage, fault string
	warm                        bool
}

func (c faultCell) String() string {
	return fmt.Sprintf("%s/%s/%s/%s/warm=%t", c.format, c.state, c.stage, c.fault, c.warm)
}

// faultCount is the result of a run of cells.
type faultCount struct {
	mu                   sync.Mutex
	started, hits, wrong int
}

func (f *faultCount) add(started, hits, wrong int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started, f.hits, f.wrong = f.started+started, f.hits+hits, f.wrong+wrong
}

// TestFaults makes the registry fail in every way at every stage of a verification. The verdict may become Unknown, with
// the reason of the failure, and must never become wrong; and it is right again when the failure ends. With -short only
// a part of the cells runs.
func TestFaults(t *testing.T) {
	var count faultCount
	cells := 0
	t.Run("cells", func(t *testing.T) {
		for _, format := range []string{"tag", "referrers", "fallback"} {
			for _, state := range []string{"signed", "unsigned", "wrong"} {
				subject := arrangeFault(t, format, state)
				for _, warm := range []bool{false, true} {
					for _, stage := range subject.stages(t, warm) {
						for name := range faults {
							cell := faultCell{format, state, stage, name, warm}
							if cell.skip() {
								continue
							}
							cells++
							t.Run(cell.String(), func(t *testing.T) {
								t.Parallel()
								count.add(1, 0, 0)
								cell.run(t, subject, &count)
							})
						}
					}
				}
			}
		}
	})
	if count.wrong != 0 {
		t.Errorf("%d wrong verdicts", count.wrong)
	}
	if testing.Short() || count.started < cells {
		return // the figures are those of all cells
	}
	fmt.Printf("figure: fault_injections %d\nfigure: fault_wrong_verdicts %d\n", count.hits, count.wrong)
	if count.hits < 500 {
		t.Errorf("only %d faults were injected", count.hits)
	}
}

// skip reports whether a cell is not run.
func (c faultCell) skip() bool {
	if testing.Short() && (c.warm || c.state == "wrong" || c.format == "fallback") {
		return true
	}
	if c.fault == "hang" && c.warm {
		return true // the same as cold, and the test has to wait for it
	}
	// A registry that denies having a signature is indistinguishable from one that has none: cosign and admission believe
	// it too.
	return c.fault == "404" && c.state == "signed" && c.lists()
}

// lists reports whether the stage is where the signature of this format would be found.
func (c faultCell) lists() bool {
	switch c.format {
	case "tag":
		return c.stage == "signatures"
	case "referrers":
		return c.stage == "referrers"
	default:
		return c.stage == "fallback"
	}
}

// faultSubject is an image that cells verify, and the right result.
type faultSubject struct {
	*bench
	image   name.Digest
	verdict v1alpha1.Verdict
	reason  string
}

// arrangeFault stores an image and its signature, in a registry that all cells of the format and state share.
func arrangeFault(t *testing.T, format, state string) faultSubject {
	t.Helper()
	b := newBenchWith(t, format == "referrers")
	s := faultSubject{bench: b, image: b.push("karmada/app", "app"), verdict: verified, reason: v1alpha1.SignedReason}
	signer := release
	switch state {
	case "unsigned":
		s.verdict, s.reason = untrusted, v1alpha1.UnsignedReason
		return s
	case "wrong":
		signer = sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", commit)
		s.verdict, s.reason = untrusted, v1alpha1.IdentityMismatchReason
	}
	if format == "tag" {
		b.attach(s.image, b.good(s.image, signer))
	} else {
		b.bundle(s.image, b.envelope(s.image, signer, sigstore.SignPredicate))
	}
	return s
}

// front returns the subject at a server of its own.
func (s faultSubject) front(t *testing.T) faultSubject {
	t.Helper()
	s.bench = s.bench.front(t)
	repository, err := name.NewRepository(s.host + "/" + s.image.Context().RepositoryStr())
	if err != nil {
		t.Fatal(err)
	}
	s.image = repository.Digest(s.image.DigestStr())
	return s
}

// stages are the stages of a verification without a failure.
func (s faultSubject) stages(t *testing.T, warm bool) []string {
	t.Helper()
	s = s.front(t)
	verifier, tokens := newCosign(time.Minute), &tokenServer{}
	var mu sync.Mutex
	var seen []string
	s.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		if stage := stageOf(r, s.image); !slices.Contains(seen, stage) {
			seen = append(seen, stage)
		}
		mu.Unlock()
		return tokens.answer(w, r)
	})
	mustBe(t.Context(), t, verifier, s.image, exactly(t, release), s.root, s.verdict, s.reason)
	mu.Lock()
	defer mu.Unlock()
	if warm {
		seen = nil
		tokens.revoke()
		mu.Unlock()
		mustBe(t.Context(), t, verifier, s.image, exactly(t, release), s.root, s.verdict, s.reason)
		mu.Lock()
	}
	return slices.Clone(seen)
}

// impatient ends requests like a timeout does, but as soon as they hang, so that a busy machine can take its time for all
// others.
type impatient struct{ hanging <-chan struct{} }

func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		select {
		case <-i.hanging:
			cancel()
		case <-ctx.Done():
		}
	}()
	resp, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if errors.Is(err, context.Canceled) {
		err = context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = canceller{resp.Body, cancel}
	return resp, nil
}

// canceller is a body that releases the context of its request.
type canceller struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c canceller) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

func (c faultCell) run(t *testing.T, subject faultSubject, count *faultCount) {
	t.Helper()
	b := subject.front(t)
	digest, right, reason := b.image, subject.verdict, subject.reason
	hanging := make(chan struct{}, 1)
	verifier := newCosign(time.Minute)
	if c.fault == "hang" {
		verifier = newCosign(time.Minute, registry.WithTransport(impatient{hanging}))
	}
	want, tokens := exactly(t, release), &tokenServer{}
	withToken := c.stage == "token" || c.warm
	if withToken {
		b.intercept(tokens.answer)
	}
	if c.warm {
		mustBe(t.Context(), t, verifier, digest, want, b.root, right, reason)
		tokens.revoke()
	}
	var mu sync.Mutex
	hit := false
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if stageOf(r, digest) != c.stage {
			return withToken && tokens.answer(w, r)
		}
		mu.Lock()
		hit = true
		mu.Unlock()
		if c.fault == "hang" {
			hanging <- struct{}{}
		}
		faults[c.fault].answer(w, r)
		return true
	})
	got := verifier.Verify(t.Context(), digest, want, b.root)
	checkResult(t, got)
	mu.Lock()
	met := hit
	mu.Unlock()
	if !met {
		t.Fatal("the fault was not injected")
	}
	isWrong := got.Verdict != right && got.Verdict != unknown
	count.add(0, 1, 0)
	if isWrong {
		count.add(0, 0, 1)
	}
	c.check(t, got, right)

	b.intercept(nil)
	if withToken {
		b.intercept(tokens.answer)
	}
	if c.fault == "429" {
		// No request is sent to the registry for the time that it requested.
		if got := verifier.Verify(t.Context(), digest, want, b.root); c.stage != "ping" && got.Reason != v1alpha1.RateLimitedReason {
			t.Errorf("got %s %s (%s) during the time that the registry requested to wait", got.Verdict, got.Reason, got.Message)
		}
		verifier = newCosign(time.Minute)
	}
	mustBe(t.Context(), t, verifier, digest, want, b.root, right, reason)
}

// check checks that a Result has the reason of the fault.
func (c faultCell) check(t *testing.T, got verify.Result, right v1alpha1.Verdict) {
	t.Helper()
	if c.harmless() && got.Verdict == right {
		return
	}
	if got.Verdict != unknown || !slices.Contains(faults[c.fault].reasons, got.Reason) {
		t.Errorf("got %s %s (%s), want it unknown for %v", got.Verdict, got.Reason, got.Message, faults[c.fault].reasons)
	}
	// What is asked after the request that was limited is told what remains of the time.
	if c.fault == "429" && (got.RetryAfter <= 0 || got.RetryAfter > 17*time.Second) {
		t.Errorf("got retry after %s, want 17s at most", got.RetryAfter)
	}
	if c.fault == "404" && c.stage != "image" && got.Reason == v1alpha1.ImageNotFoundReason {
		t.Errorf("got %s (%s) for a fault at the %s", got.Reason, got.Message, c.stage)
	}
}

// harmless reports whether the right verdict may be found in spite of the fault: a ping only says how to authenticate, a
// 404 may be true, a signature may be found in another format, an invalid response to HEAD is followed by GET, and a list of referrers
// that is refused by the fallback tag.
func (c faultCell) harmless() bool {
	switch {
	case c.stage == "ping":
		return slices.Contains([]string{"401", "html", "empty", "huge", "cut"}, c.fault)
	case c.fault == "404":
		return c.stage == "signatures" || c.stage == "referrers" || c.stage == "fallback"
	case c.stage == "referrers" && c.format == "fallback" && c.state == "signed":
		return slices.Contains([]string{"401", "403", "html", "empty"}, c.fault)
	default:
		return c.stage == "signatures" && c.format != "tag" && c.state == "signed" &&
			slices.Contains([]string{"html", "empty", "huge", "cut"}, c.fault)
	}
}

// TestFaultsOfResolve checks that a tag that cannot be resolved is Unknown, with the reason of the failure: by the GET for a tag
// that is new, and by the HEAD for one that is known. A response to HEAD that says nothing about GET is followed by one.
func TestFaultsOfResolve(t *testing.T) {
	for fault, test := range faults {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(method+" "+fault, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				digest := b.push("karmada/app", "app")
				timeout := time.Minute
				if fault == "hang" {
					timeout = time.Second
				}
				c, tag := newCosign(timeout), digest.Context().Tag("v1")
				resolved := func(when string) {
					t.Helper()
					if got, failure := c.Resolve(t.Context(), tag); failure != nil || got.DigestStr() != digest.DigestStr() {
						t.Errorf("%s the fault: got %s and %+v", when, got, failure)
					}
				}
				if method == http.MethodHead {
					resolved("before")
				}
				b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != method || stageOf(r, digest) == "ping" {
						return false
					}
					test.answer(w, r)
					return true
				})
				if method == http.MethodHead && slices.Contains([]string{"html", "empty", "huge", "403", "404"}, fault) {
					resolved("in spite of")
					return
				}
				got, failure := c.Resolve(t.Context(), tag)
				if method == http.MethodHead && fault == "cut" && failure == nil {
					return // a HEAD request has no body to cut off, so that the response may be read as invalid
				}
				if failure == nil {
					t.Fatalf("got %s", got)
				}
				checkResult(t, *failure)
				if failure.Verdict != unknown || !slices.Contains(test.reasons, failure.Reason) {
					t.Errorf("got %s (%s), want %v", failure.Reason, failure.Message, test.reasons)
				}
				b.intercept(nil)
				if fault == "429" {
					c = newCosign(timeout) // the other one sends no request for the time that the registry requested
				}
				resolved("after")
			})
		}
	}
}

// TestFaultOfOnePayload checks that a fault of one signature's payload does not affect the next signature.
func TestFaultOfOnePayload(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	odd := sign(t, b.sigstore, release, append(payloadOf(t, digest), ' '))
	odd.Bundle = logged(t, b.sigstore, odd, time.Now())
	b.attach(digest, odd)
	blobs := map[string]bool{}
	record := func(_ http.ResponseWriter, r *http.Request) bool {
		if stageOf(r, digest) == "payload" {
			blobs[r.URL.Path] = true
		}
		return false
	}
	b.intercept(record)
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, verified, "Signed")

	b.intercept(nil)
	b.attach(digest, b.good(digest, release))
	for _, code := range []int{http.StatusNotFound, http.StatusOK} {
		b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if blobs[r.URL.Path] {
				w.WriteHeader(code)
				return true
			}
			return false
		})
		mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, verified, "Signed")
		other := like(t, "https://github.com/other/.*")
		mustBe(t.Context(), t, newCosign(time.Minute), digest, other, b.root, unknown, "RegistryResponseInvalid")
	}
}

// TestConcurrent shares one verifier among goroutines, while some requests to the registry fail.
func TestConcurrent(t *testing.T) {
	b := newBench(t)
	digests := make([]name.Digest, 8)
	for i := range digests {
		digests[i] = b.push("karmada/app", fmt.Sprint(i))
		if i%2 == 0 {
			b.attach(digests[i], b.good(digests[i], release))
		}
	}
	var mu sync.Mutex
	calls := 0
	b.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls%5 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	c := newCosign(time.Minute)
	var wait sync.WaitGroup
	verifyOne := func(i int, want *policy.Rule) {
		defer wait.Done()
		right := untrusted
		if i%2 == 0 {
			right = verified
		}
		if got := c.Verify(t.Context(), digests[i], want, b.root); got.Verdict != right && got.Reason != v1alpha1.RegistryUnreachableReason {
			t.Errorf("image %d: got %s %s (%s)", i, got.Verdict, got.Reason, got.Message)
		}
	}
	for range 8 {
		for i := range digests {
			wait.Add(1)
			go verifyOne(i, exactly(t, release))
		}
	}
	wait.Wait()
}
