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

package pool_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// failing answers the first attempts to verify each image with a failure, and accepts it then.
type failing struct {
	verifier
	failure verify.Result
	times   int

	mu       sync.Mutex
	attempts map[string]int
}

func (f *failing) Verify(ctx context.Context, image name.Digest, rule *policy.Rule, root *trustroot.Root) verify.Result {
	f.mu.Lock()
	f.attempts[image.Name()]++
	n := f.attempts[image.Name()]
	f.mu.Unlock()
	if n <= f.times {
		return f.failure
	}
	return f.verifier.Verify(ctx, image, rule, root)
}

// total is the number of attempts for all images.
func (f *failing) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := 0
	for _, n := range f.attempts {
		total += n
	}
	return total
}

// TestBatchRetries has a registry fail for a moment, or for longer.
func TestBatchRetries(t *testing.T) {
	t.Parallel()
	unreachable := verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RegistryUnreachableReason, Message: "it fails", Transient: true}
	limited := verify.Result{
		Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason, Message: "slower", Transient: true, RetryAfter: time.Second,
	}
	untilTomorrow := limited
	untilTomorrow.RetryAfter = time.Hour
	refused := unreachable
	refused.Transient = false
	for what, test := range map[string]struct {
		failure  verify.Result
		times    int
		images   int
		verdict  v1alpha1.Verdict
		attempts int // at most
	}{
		"once":                         {unreachable, 1, 1, v1alpha1.VerdictVerified, 2},
		"twice":                        {unreachable, 2, 1, v1alpha1.VerdictVerified, 3},
		"always":                       {unreachable, 100, 1, v1alpha1.VerdictUnknown, 3},
		"limited":                      {limited, 1, 1, v1alpha1.VerdictVerified, 2},
		"limited, many images":         {limited, 1, 20, v1alpha1.VerdictVerified, 40},
		"limited for long":             {untilTomorrow, 1, 1, v1alpha1.VerdictUnknown, 1},
		"not for a moment":             {refused, 1, 1, v1alpha1.VerdictUnknown, 1},
		"not for a moment, many":       {refused, 100, 20, v1alpha1.VerdictUnknown, 3 + 2},
		"always, many images":          {unreachable, 100, 20, v1alpha1.VerdictUnknown, 5 + 2},
		"once for each of many images": {unreachable, 1, 4, v1alpha1.VerdictVerified, 8},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := &failing{failure: test.failure, times: test.times, attempts: map[string]int{}}
			batch := pool.NewBatch(t.Context(), f, 3, func(int, int) {})
			defer batch.Close()
			var images []string
			for i := range test.images {
				images = append(images, fmt.Sprintf("image@sha256:%064d", i))
			}
			asked := requests(t, images...)
			for i := range asked {
				asked[i].Root = &trustroot.Root{Fingerprint: "root"} // without one there is nothing to try again
			}
			answers, err := batch.Answers(t.Context(), asked)
			if err != nil {
				t.Fatal(err)
			}
			total := f.total()
			for i, answer := range answers {
				if answer.Result.Verdict != test.verdict {
					t.Errorf("%s: got %s (%s), want %s", images[i], answer.Result.Verdict, answer.Result.Message, test.verdict)
				}
			}
			if total > test.attempts {
				t.Errorf("%d attempts, want at most %d", total, test.attempts)
			}
		})
	}
}
