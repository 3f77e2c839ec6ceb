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
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// fetches has as many trusts ask the pool for one image at the same time, each by a rule of its own of which the first accepts the
// image, and returns the requests to the registry.
func (b *bench) fetches(t *testing.T, ref pool.Request, trusts int) map[string]int {
	t.Helper()
	var mu sync.Mutex
	requests := map[string]int{}
	b.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		requests[r.Method+" "+r.URL.Path]++
		return false
	})
	defer b.intercept(nil)
	changed := make(chan string, trusts)
	p := pool.New(newCosign(time.Minute), pool.Options{OnChange: func(subscriber string) { changed <- subscriber }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	var asked sync.WaitGroup
	for i := range trusts {
		asked.Go(func() {
			request := ref
			signer := policy.Signer{Issuer: release.Issuer, Subject: release.Subject}
			if i > 0 {
				signer.Subject = fmt.Sprint("trust", i)
			}
			request.Rule, request.Root = policy.NewRule(signer, policy.NewFormats(policy.SimpleSigning)), b.root
			p.Answers(fmt.Sprint("trust", i), []pool.Request{request}, time.Time{})
		})
	}
	asked.Wait()
	go func() { done <- p.Start(ctx) }()
	verified := 0
	for range trusts {
		for _, change := range p.Changes(<-changed) {
			if change.Answer.Result.Verdict == v1alpha1.VerdictVerified {
				verified++
			}
		}
	}
	cancel()
	if err := <-done; err != nil || verified != 1 {
		t.Errorf("%d of %d rules accept the image, want one; %v", verified, trusts, err)
	}
	mu.Lock()
	defer mu.Unlock()
	return requests
}

// TestOneFetchForManyTrusts has 200 trusts with rules of their own want one digest at the same time. They cost the requests of one.
func TestOneFetchForManyTrusts(t *testing.T) {
	const trusts = 200
	b := newBench(t)
	digest := b.push("karmada/app", "content")
	b.attach(digest, b.good(digest, release))
	ref := pool.Request{Ref: digest, Namespaces: []string{"production"}}
	one, many := b.fetches(t, ref, 1), b.fetches(t, ref, trusts)
	sum := func(counts map[string]int) (sum int) {
		for _, n := range counts {
			sum += n
		}
		return sum
	}
	fmt.Printf("figure: fetches_200_concurrent %.2f\n", float64(sum(many))/float64(sum(one)))
	if diff := cmp.Diff(one, many); diff != "" || sum(one) == 0 {
		t.Errorf("requests of %d trusts differ from those of one (-one +many):\n%s", trusts, diff)
	}
}
