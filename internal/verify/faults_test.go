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
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/test/lab/filter"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// faultCell is one fault at one stage of one question.
type faultCell struct {
	format, state, stage, fault string
	warm                        bool
}

func (c faultCell) String() string {
	return fmt.Sprintf("%s/%s/%s/%s/warm=%t", c.format, c.state, c.stage, c.fault, c.warm)
}

// faultCount is what a run of cells came to.
type faultCount struct {
	mu          sync.Mutex
	hits, wrong int
}

// TestFaults makes the registry fail in every way at every place that an examination reads from. The verdict may become
// Unknown, with the reason that tells the failure, and must never become wrong; and it is right again when the
// failure ends.
func TestFaults(t *testing.T) {
	var count faultCount
	t.Run("cells", func(t *testing.T) {
		for _, format := range []string{"tag", "referrers", "fallback"} {
			for _, state := range []string{"signed", "unsigned", "wrong"} {
				for _, warm := range []bool{false, true} {
					for _, stage := range (faultCell{format: format, state: state, warm: warm}).stages(t) {
						for name := range faults {
							cell := faultCell{format, state, stage, name, warm}
							if cell.skip() {
								continue
							}
							t.Run(cell.String(), func(t *testing.T) {
								t.Parallel()
								cell.run(t, &count)
							})
						}
					}
				}
			}
		}
	})
	fmt.Printf("figure: fault_injections %d\nfigure: fault_wrong_verdicts %d\n", count.hits, count.wrong)
	const minFaults = 500
	if count.hits < minFaults && filter.AllSubtests() {
		t.Errorf("%d faults were injected, want at least %d", count.hits, minFaults)
	}
	if count.wrong != 0 {
		t.Errorf("%d wrong verdicts", count.wrong)
	}
}

// skip tells whether a cell asks for what nobody can tell.
func (c faultCell) skip() bool {
	if c.fault == "hang" && c.warm {
		return true // the same as cold, and the test has to wait for it
	}
	// A registry that denies a signature it has cannot be told from one that has none: cosign and
	// admission believe it too.
	return c.fault == "404" && c.state == "signed" && c.lists()
}

// lists tells whether the stage is where the signature of this format would be found.
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

// arrange makes the image of a cell, the verifier, and the right answer.
func (c faultCell) arrange(t *testing.T) (b *bench, image name.Digest, verdict v1alpha1.Verdict, reason string) {
	t.Helper()
	b = newBenchWith(t, c.format == "referrers")
	image = b.push("karmada/app", "app")
	signer := release
	switch c.state {
	case "unsigned":
		return b, image, untrusted, v1alpha1.UnsignedReason
	case "signed":
		verdict, reason = verified, v1alpha1.SignedReason
	default:
		signer = sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", commit)
		verdict, reason = untrusted, v1alpha1.IdentityMismatchReason
	}
	if c.format == "tag" {
		b.attach(image, b.good(image, signer))
	} else {
		b.bundle(image, b.envelope(image, signer, sigstore.SignPredicate))
	}
	return b, image, verdict, reason
}

// stages are the places that an examination reads from when nothing fails.
func (c faultCell) stages(t *testing.T) []string {
	t.Helper()
	b, image, verdict, reason := c.arrange(t)
	verifier, tokens := newCosign(time.Minute), &tokenServer{}
	var seen []string
	watch := func(w http.ResponseWriter, r *http.Request) bool {
		if stage := stageOf(r, image); !slices.Contains(seen, stage) {
			seen = append(seen, stage)
		}
		return tokens.answer(w, r)
	}
	b.intercept(watch)
	mustBe(t.Context(), t, verifier, image, exactly(t, release), b.root, verdict, reason)
	if c.warm {
		seen = nil
		tokens.revoke()
		mustBe(t.Context(), t, verifier, image, exactly(t, release), b.root, verdict, reason)
	}
	return seen
}

func (c faultCell) run(t *testing.T, count *faultCount) {
	t.Helper()
	b, digest, right, reason := c.arrange(t)
	timeout := time.Minute
	if c.fault == "hang" {
		// Long enough for any answer on loopback, and waited for in full once.
		timeout = time.Second
	}
	verifier, want, tokens := newCosign(timeout), exactly(t, release), &tokenServer{}
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
		faults[c.fault].answer(w, r)
		return true
	})
	got := verifier.Verify(t.Context(), digest, want, b.root)
	checkResult(t, got)
	mu.Lock()
	met := hit
	mu.Unlock()
	if !met {
		t.Fatal("the fault was not met")
	}
	isWrong := got.Verdict != right && got.Verdict != unknown
	count.mu.Lock()
	count.hits++
	if isWrong {
		count.wrong++
	}
	count.mu.Unlock()
	c.check(t, got, right)

	b.intercept(nil)
	if withToken {
		b.intercept(tokens.answer)
	}
	if c.fault == "429" {
		// The registry is left alone for as long as it asked.
		if got := verifier.Verify(t.Context(), digest, want, b.root); c.stage != "ping" && got.Reason != v1alpha1.RateLimitedReason {
			t.Errorf("got %s %s (%s) while the registry wants to be left alone", got.Verdict, got.Reason, got.Message)
		}
		verifier = newCosign(timeout)
	}
	mustBe(t.Context(), t, verifier, digest, want, b.root, right, reason)
}

// check checks that a Result tells the fault.
func (c faultCell) check(t *testing.T, got verify.Result, right v1alpha1.Verdict) {
	t.Helper()
	if c.harmless() && got.Verdict == right {
		return
	}
	if got.Verdict != unknown || !slices.Contains(faults[c.fault].reasons, got.Reason) {
		t.Errorf("got %s %s (%s), want it unknown for %v", got.Verdict, got.Reason, got.Message, faults[c.fault].reasons)
	}
	if c.fault == "429" && got.RetryAfter != 17*time.Second {
		t.Errorf("got retry after %s, want 17s", got.RetryAfter)
	}
	if c.fault == "404" && c.stage != "image" && got.Reason == v1alpha1.ImageNotFoundReason {
		t.Errorf("got %s (%s) for a fault at the %s", got.Reason, got.Message, c.stage)
	}
}

// harmless tells whether the right verdict may be found all the same: a greeting says only how to go on, a 404 may be
// the truth, what is wrong at one place need not keep the signature at another from being found, and a wrong answer to
// HEAD is followed by GET.
func (c faultCell) harmless() bool {
	switch {
	case c.stage == "ping":
		return slices.Contains([]string{"401", "html", "empty", "huge", "cut"}, c.fault)
	case c.fault == "404":
		return c.stage == "signatures" || c.stage == "referrers" || c.stage == "fallback"
	default:
		return c.stage == "signatures" && c.format != "tag" && c.state == "signed" &&
			slices.Contains([]string{"html", "empty", "huge", "cut"}, c.fault)
	}
}

// TestFaultsOfResolve: a tag that cannot be looked up is Unknown for the reason that tells the failure.
func TestFaultsOfResolve(t *testing.T) {
	for fault, test := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			digest := b.push("karmada/app", "app")
			timeout := time.Minute
			if fault == "hang" {
				timeout = time.Second
			}
			c, tag := newCosign(timeout), digest.Context().Tag("v1")
			b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodHead {
					return false
				}
				test.answer(w, r)
				return true
			})
			got, failure := c.Resolve(t.Context(), tag)
			if failure == nil {
				t.Fatalf("got %s", got)
			}
			checkResult(t, *failure)
			want := test.reasons
			if fault == "cut" {
				// A HEAD request has no body to cut off.
				want = []string{v1alpha1.RegistryResponseInvalidReason, v1alpha1.RegistryUnreachableReason}
			}
			if failure.Verdict != unknown || !slices.Contains(want, failure.Reason) {
				t.Errorf("got %s (%s), want %v", failure.Reason, failure.Message, want)
			}
			b.intercept(nil)
			if fault == "429" {
				c = newCosign(timeout) // the other one leaves the registry alone for as long as it asked
			}
			if got, failure := c.Resolve(t.Context(), tag); failure != nil || got.DigestStr() != digest.DigestStr() {
				t.Errorf("after the fault: got %s and %+v", got, failure)
			}
		})
	}
}

// TestFaultOfOnePayload: what is wrong with one signature's payload says nothing of the next.
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

// TestConcurrent shares one verifier among many, of whom some meet a registry that fails.
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
	judge := func(i int, want *policy.Rule) {
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
			go judge(i, exactly(t, release))
		}
	}
	wait.Wait()
}
