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
	"time"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify"
)

// maxRefusal is the length of the longest message about an image that was not asked about, in bytes. It quotes a registry.
const maxRefusal = 512

// work takes questions and answers them until the pool stops.
func (p *Pool) work(ctx context.Context) {
	for {
		k, stopped := p.take()
		if stopped {
			return
		}
		ended := p.workBegan()
		p.attempt(ctx, k)
		ended()
	}
}

// take waits for the next question.
func (p *Pool) take() (k Key, stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.stopped {
		if k, ok := p.schedule.take(p.clock.Now()); ok {
			return k, false
		}
		p.changed.Wait()
	}
	return Key{}, true
}

// attempt answers one question, unless it was answered or dropped while it was queued.
func (p *Pool) attempt(ctx context.Context, k Key) {
	a := p.begin(k)
	if a == nil {
		p.done(k, outcome{})
		return
	}
	began := p.clock.Now()
	traced, span := a.startSpan(ctx, began)
	answer := a.answer(traced)
	o := outcomeOf(&answer.Result, a.asked, p.clock.Since(began))
	var notify []string
	if ctx.Err() != nil {
		o = outcome{} // the pool stops: an attempt that was cut short says nothing about the image
	} else {
		notify = p.record(a, began, answer)
	}
	span.end(&answer)
	a.end() // nothing is kept for an attempt that subscribers know to be over
	p.notify(notify)
	p.done(k, o)
}

// begin returns the attempt to make; nil if there is nothing to do.
func (p *Pool) begin(k Key) *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[k]
	if e == nil {
		return nil
	}
	since := e.since()
	retry := e.refused || e.retried && !p.clock.Now().Before(e.notBefore)
	if e.fresh(since) && !retry {
		e.causes = nil
		return nil
	}
	for _, tag := range k.tags() {
		p.tags.hold(tag)
	}
	a := &attempt{Pool: p, key: k, request: e.request, since: since, causes: *e.asked(), number: e.failures + 1}
	e.causes = nil
	return a
}

// done takes a question back from a worker. What waits for a host that does not answer any more is answered so.
func (p *Pool) done(k Key, o outcome) {
	defer p.unlockAndNotify()
	p.mu.Lock()
	h := p.schedule.items[k].host
	was := p.patience.exhausted(h)
	p.schedule.done(k, o, p.clock.Now())
	p.releaseMemo(k)
	exhausted := p.patience.exhausted(h)
	if exhausted && !was {
		p.log.Info("Registry does not answer, so it is asked about one image at a time until it does", "registry", h.name,
			"reason", h.last.Reason, "message", h.last.Message, "waiting", h.waiting)
		for _, waiting := range p.schedule.waitingAt(h) {
			if e := p.entries[waiting]; e != nil {
				p.refuse(e, h)
			}
		}
	}
	if exhausted && !p.patience.endless() {
		p.refuseAll(h)
	}
	p.changed.Broadcast()
	p.retime()
}

// refuse answers a question that waits for a host that does not answer, without asking the host. The question goes on
// waiting.
func (p *Pool) refuse(e *entry, h *host) {
	defer p.land(e)
	if e.fresh(e.since()) {
		return
	}
	failures := e.failures
	result := verify.Result{
		Verdict: v1alpha1.VerdictUnknown, Reason: h.last.Reason,
		Message: text.Truncate(fmt.Sprintf("not asked yet, because the registry did not answer the last %s: %s",
			text.Count(h.unanswered, "time"), h.last.Message), maxRefusal),
	}
	p.apply(e, fingerprint(e.request.Root), p.clock.Now(), Answer{Result: result})
	e.failures, e.refused, e.retried = failures, true, false
}

// refuseAll answers all questions about a host that are not in a worker's hands, also those that are to be attempted later.
func (p *Pool) refuseAll(h *host) {
	for e := range h.unlanded {
		if i := p.schedule.items[e.key]; i == nil || !i.taken {
			p.refuse(e, h)
		}
	}
}

// land notes that an answer is final.
func (p *Pool) land(e *entry) {
	if p.landed != nil && !e.landed {
		p.landed(e.key)
	}
	e.landed = true
	if h := p.schedule.hosts[e.host]; h != nil {
		delete(h.unlanded, e)
	}
}

// record stores an answer, and schedules the next attempt after a failure. It returns the subscribers to notify.
func (p *Pool) record(a *attempt, began time.Time, answer Answer) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[a.key]; e != nil {
		if a.panicked != "" && e.answer.Result.Reason != v1alpha1.InternalErrorReason {
			p.logger(&a.request).Error(nil, "Verification panicked", "panic", a.panicked)
		}
		e.refused = false
		if e.first.IsZero() {
			e.first = began
		}
		p.apply(e, fingerprint(a.request.Root), began, answer)
		a.served(e)
		p.scheduleRetry(e)
	}
	return p.takeReady()
}

// apply stores the answer of an attempt with a root of trust.
func (p *Pool) apply(e *entry, root string, began time.Time, answer Answer) {
	before := e.answer
	e.update(answer, p.clock.Now())
	e.began, e.root = began, root
	if before.Digest != e.answer.Digest || before.IndexDigest != e.answer.IndexDigest {
		p.updateNames(e)
	}
	p.logAnswer(&e.request, &before, &e.answer)
	p.share(e, newsOf(&before, &e.answer))
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
	before := e.answer
	e.answer = answer
	if answer.Result.Verdict != v1alpha1.VerdictUnknown {
		e.failures, e.decided, e.last = 0, now, nil
		return
	}
	e.failures++
	if before.Known && before.Result.Verdict != v1alpha1.VerdictUnknown {
		e.last = &decided{before.Result, before.Digest, e.decided}
	}
	if e.last != nil && e.last.digest == answer.Digest {
		e.answer.Last, e.answer.LastTime = &e.last.result, e.last.at
	}
}

// scheduleRetry schedules the next attempt after a failure. While the root of trust is missing there is nothing to retry until
// a request brings one, and an image that does not exist is looked for again in the next round only.
func (p *Pool) scheduleRetry(e *entry) {
	result := &e.answer.Result
	e.retried = result.Verdict == v1alpha1.VerdictUnknown && result.Reason != v1alpha1.ImageNotFoundReason &&
		(e.request.Root != nil || e.request.ResolveOnly)
	now := p.clock.Now()
	if e.retried {
		e.notBefore, e.retried = p.patience.again(e, now)
	}
	if !e.retried {
		p.land(e)
	}
	switch {
	case e.retried:
		delay := e.notBefore.Sub(now)
		p.logger(&e.request).V(2).Info("Retrying verification", "retryAfter", delay.String(), "failures", e.failures,
			"reason", result.Reason)
		p.schedule.later.set(e.key, e.notBefore)
		p.retime()
	case !e.fresh(e.since()):
		// A newer time was requested during the attempt.
		p.enqueue(e)
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
