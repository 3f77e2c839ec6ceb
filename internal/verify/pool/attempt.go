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
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	"go.opentelemetry.io/otel/trace"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// DefaultTagFreshness is how long a resolved tag serves other questions. The questions of one reconciliation arrive together.
const DefaultTagFreshness = time.Minute

// attempt to answer one question.
type attempt struct {
	*Pool

	key     Key
	request Request
	since   time.Time
	// causes of the attempt, and its number since the last success.
	causes causes
	number int
	span   trace.Span
	// held is what the attempt uses of what is stored, until it ends.
	held      []verdictName
	heldMemos []memoName
	// asked reports whether a registry was asked.
	asked bool
	// panicked describes a panic in what the attempt called; empty for none.
	panicked string
}

// answer asks the registry what is not known. A panic in what it calls becomes an Unknown answer.
func (a *attempt) answer(ctx context.Context) (answer Answer) {
	defer func() {
		if recovered := recover(); recovered != nil {
			answer = Answer{Result: verify.Result{
				Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.InternalErrorReason,
				Message: "the verification failed unexpectedly, which is a bug: see the log",
			}}
			a.panicked = fmt.Sprintf("%v\n%s", recovered, debug.Stack())
		}
	}()
	logged := logr.NewContext(ctx, a.logger(&a.request))
	bounded, cancel := context.WithTimeout(registry.WithCredentials(logged, a.request.Credentials), verifyTimeout)
	defer cancel()

	began := a.clock.Now()
	digest, failure := a.resolve(bounded, a.request.Ref)
	if failure != nil {
		a.observe(*failure, a.clock.Since(began))
		return Answer{Result: *failure}
	}
	answer = Answer{Digest: digest.DigestStr()}
	if !a.request.ResolveOnly {
		answer.Result = a.verify(bounded, digest)
		if a.request.Running && answer.Result.Absent {
			answer.Result = verify.NotInRepository(digest)
		}
		a.resolvePlatform(bounded, digest, &answer)
	}
	return answer
}

// end releases what the attempt used.
func (a *attempt) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.releaseNames(a.held)
	for _, n := range a.heldMemos {
		a.memos.release(n)
	}
	for _, tag := range a.key.tags() {
		a.tags.release(tag)
	}
}

// resolve returns the digest that a reference names. Concurrent questions about a tag share one request.
func (a *attempt) resolve(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	if digest, ok := ref.(name.Digest); ok {
		return digest, nil
	}
	tag, access := ref.Name(), a.request.access()
	known := func() (name.Digest, bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		stored, ok := a.tags.get(tag, access)
		return stored.digest, ok && !stored.began.Before(a.since) && a.clock.Since(stored.began) < a.tagFreshness
	}
	if digest, ok := known(); ok {
		return digest, nil
	}
	type resolved struct {
		digest  name.Digest
		failure *verify.Result
	}
	a.asked = true
	flight, _, _ := a.flight.Do(flightKey("tag", tag, access), func() (any, error) {
		// Another request may have ended since known was asked.
		if digest, ok := known(); ok {
			return resolved{digest: digest}, nil
		}
		began := a.clock.Now()
		digest, failure := a.resolveTraced(ctx, ref)
		if failure == nil {
			a.mu.Lock()
			a.tags.put(tag, access, lookup{digest, began})
			a.mu.Unlock()
		}
		return resolved{digest, failure}, nil
	})
	got := flight.(resolved) //nolint:forcetypeassert // the function above returns a resolved only
	return got.digest, got.failure
}

// verify returns the verdict on a digest: the stored one if its verification began at or after since, otherwise that of
// a new verification, which concurrent callers share.
func (a *attempt) verify(ctx context.Context, digest name.Digest) verify.Result {
	n := verdictName{digest: digest.Name(), rule: a.request.Rule.ID()}
	b := basis{root: fingerprint(a.request.Root), access: a.request.access()}
	a.mu.Lock()
	a.verdicts.hold(n)
	a.held = append(a.held, n)
	a.mu.Unlock()
	known := func() (verify.Result, bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		stored, ok := a.verdicts.get(n, b)
		return stored.result, ok && !stored.began.Before(a.since)
	}
	if result, ok := known(); ok {
		return result
	}
	a.asked = true
	flight, _, _ := a.flight.Do(flightKey(n.digest, b.root, n.rule, b.access), func() (any, error) {
		// Another verification may have ended since known was asked.
		if result, ok := known(); ok {
			return result, nil
		}
		began := a.clock.Now()
		result := a.verifyTraced(a.remembering(ctx, digest), digest)
		a.observe(result, a.clock.Since(began))
		if result.Verdict != v1alpha1.VerdictUnknown {
			a.mu.Lock()
			a.verdicts.put(n, b, verdict{result: result, began: began})
			a.mu.Unlock()
		}
		return result, nil
	})
	return flight.(verify.Result) //nolint:forcetypeassert // the function above returns a verify.Result only
}
