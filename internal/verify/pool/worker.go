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
	"reflect"
	"time"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

func (p *Pool) work(ctx context.Context) {
	for {
		k, stopped := p.queue.Get()
		if stopped {
			return
		}
		p.attempt(ctx, k)
		p.queue.Done(k)
	}
}

// attempt answers one question, unless it was answered or dropped while it was queued.
func (p *Pool) attempt(ctx context.Context, k key) {
	request, since, needed := p.begin(k)
	if !needed {
		return
	}
	began := p.clock.Now()
	logged := logr.NewContext(ctx, p.logger(&request))
	bounded, cancel := context.WithTimeout(registry.WithCredentials(logged, request.Credentials), verifyTimeout)
	defer cancel()

	digest, failure := p.resolve(bounded, request.Ref, request, since)
	if failure != nil {
		p.observe(*failure, p.clock.Since(began))
		p.record(ctx, k, request, began, Answer{Result: *failure})
		return
	}
	answer := Answer{Digest: digest.DigestStr()}
	if !request.ResolveOnly {
		answer.Result = p.verify(bounded, digest, request, since)
		if request.Running && answer.Result.Absent {
			answer.Result = verify.NotInRepository(digest)
		}
		p.resolvePlatform(bounded, digest, request, since, &answer)
	}
	p.record(ctx, k, request, began, answer)
}

// begin returns the request to work on and the time since which its verdict must be, or false if there is nothing to do.
func (p *Pool) begin(k key) (Request, time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[k]
	if e == nil {
		return Request{}, time.Time{}, false
	}
	since := e.since()
	if e.fresh(since) && (e.failures == 0 || p.clock.Now().Before(e.notBefore)) {
		return Request{}, time.Time{}, false
	}
	return e.request, since, true
}

// record stores an answer, schedules the next attempt after a failure, and notifies the subscribers.
func (p *Pool) record(ctx context.Context, k key, request Request, began time.Time, answer Answer) {
	if ctx.Err() != nil {
		return // the pool stops: an attempt that was cut short says nothing about the image
	}
	p.mu.Lock()
	e := p.entries[k]
	if e == nil {
		p.mu.Unlock()
		return
	}
	stale := map[string]bool{}
	for subscriber, since := range e.subscribers {
		stale[subscriber] = !e.fresh(since)
	}
	before := e.answer
	e.update(answer, p.clock.Now())
	e.began, e.root = began, fingerprint(request.Root)
	if before.Digest != e.answer.Digest || before.IndexDigest != e.answer.IndexDigest {
		p.evict()
	}
	changed := !reflect.DeepEqual(before, e.answer)
	p.logAnswer(&request, &before, &e.answer)
	p.scheduleRetry(k, e)

	var notify []string
	for subscriber := range e.subscribers {
		if changed || stale[subscriber] {
			notify = append(notify, subscriber)
		}
	}
	p.mu.Unlock()

	for _, subscriber := range notify {
		p.onChange(subscriber)
	}
}

// logger returns the logger for a request.
func (p *Pool) logger(request *Request) logr.Logger {
	log := p.log.WithValues("image", request.Ref.Name())
	if request.RootName != "" {
		log = log.WithValues("trustRoot", request.RootName)
	}
	return log
}

// logAnswer logs an answer that differs from the one before.
func (p *Pool) logAnswer(request *Request, before, after *Answer) {
	if request.ResolveOnly || before.Known && before.Digest == after.Digest &&
		before.Result.Verdict == after.Result.Verdict && before.Result.Reason == after.Result.Reason {
		return
	}
	log := p.logger(request).WithValues("digest", after.Digest, "verdict", string(after.Result.Verdict), "reason", after.Result.Reason,
		"message", after.Result.Message)
	if !before.Known {
		log.V(2).Info("Verdict reached")
		return
	}
	log.Info("Verdict changed", "previousDigest", before.Digest, "previousVerdict", string(before.Result.Verdict),
		"previousReason", before.Result.Reason)
}

// update takes over the result of an attempt. After a failure the digest and the last verdict on it are retained.
func (e *entry) update(answer Answer, now time.Time) {
	if answer.Digest == "" {
		answer.Digest = e.answer.Digest
	}
	answer.Known = true
	e.answer = answer
	if answer.Result.Verdict != v1alpha1.VerdictUnknown {
		e.failures = 0
		e.last, e.lastTime, e.lastDigest = &answer.Result, now, answer.Digest
		return
	}
	e.failures++
	if e.last != nil && e.lastDigest == answer.Digest {
		e.answer.Last, e.answer.LastTime = e.last, e.lastTime
	}
}

// scheduleRetry enqueues the next attempt after a failure. While the root of trust is missing there is nothing to retry
// until a request brings one.
func (p *Pool) scheduleRetry(k key, e *entry) {
	switch {
	case e.answer.Result.Verdict == v1alpha1.VerdictUnknown && (e.request.Root != nil || e.request.ResolveOnly):
		delay := max(backoff(e.failures), e.answer.Result.RetryAfter)
		e.notBefore = p.clock.Now().Add(delay)
		p.logger(&e.request).V(2).Info("Retrying verification", "retryAfter", delay.String(), "failures", e.failures,
			"reason", e.answer.Result.Reason)
		p.queue.AddAfter(k, delay)
	case !e.fresh(e.since()):
		// A newer time was requested during the attempt.
		p.queue.Add(k)
	}
}

// backoff is the time to wait after a number of consecutive failures: it doubles from minBackoff to maxBackoff.
func backoff(failures int) time.Duration {
	delay := minBackoff
	for range failures - 1 {
		if delay *= 2; delay >= maxBackoff {
			return maxBackoff
		}
	}
	return delay
}
