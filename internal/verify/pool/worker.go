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

	"github.com/karmada-io/image-trust/api/v1alpha1"
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

// attempt finds one answer out, unless it became known or unwanted while it was queued.
func (p *Pool) attempt(ctx context.Context, k key) {
	request, since, wanted := p.begin(k)
	if !wanted {
		return
	}
	began := p.clock.Now()
	bounded, cancel := context.WithTimeout(registry.WithCredentials(ctx, request.Credentials), verifyTimeout)
	defer cancel()

	digest, failure := p.resolve(bounded, request.Ref, request, since)
	if failure != nil {
		p.observe(*failure, p.clock.Since(began))
		p.land(ctx, k, request, began, Answer{Result: *failure})
		return
	}
	answer := Answer{Digest: digest.DigestStr()}
	if request.Rule != nil {
		answer.Result = p.judge(bounded, digest, request, since)
		p.platform(bounded, digest, request, since, &answer)
	}
	p.land(ctx, k, request, began, answer)
}

// begin returns the request to work on, and since when its verdict must be.
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

// land records an answer, tells whom it concerns and plans the next attempt after a failure.
func (p *Pool) land(ctx context.Context, k key, request Request, began time.Time, answer Answer) {
	if ctx.Err() != nil {
		return // stopping: what was cut short says nothing about the image
	}
	p.mu.Lock()
	e := p.entries[k]
	if e == nil {
		p.mu.Unlock()
		return
	}
	stale := map[string]bool{}
	for asker, since := range e.askers {
		stale[asker] = !e.fresh(since)
	}
	before := e.answer
	e.record(answer, p.clock.Now())
	e.began, e.root = began, fingerprint(request.Root)
	if before.Digest != e.answer.Digest || before.Index != e.answer.Index {
		p.sweep()
	}
	changed := !reflect.DeepEqual(before, e.answer)
	p.plan(k, e)

	var tell []string
	for asker := range e.askers {
		if changed || stale[asker] {
			tell = append(tell, asker)
		}
	}
	p.mu.Unlock()

	for _, asker := range tell {
		p.landed(asker)
	}
}

// record takes the result of an attempt in. A failure keeps the digest and the last verdict on it.
func (e *entry) record(answer Answer, now time.Time) {
	if answer.Digest == "" {
		answer.Digest = e.answer.Digest
	}
	answer.Attempted = true
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

// plan has an image that could not be judged looked at again. Where the root of trust is
// missing there is nothing to try until somebody asks with one.
func (p *Pool) plan(k key, e *entry) {
	switch {
	case e.answer.Result.Verdict == v1alpha1.VerdictUnknown && (e.request.Root != nil || e.request.Rule == nil):
		pause := max(backoff(e.failures), e.answer.Result.RetryAfter)
		e.notBefore = p.clock.Now().Add(pause)
		p.queue.AddAfter(k, pause)
	case !e.fresh(e.since()):
		// Asked anew while it was under way.
		p.queue.Add(k)
	}
}

// backoff doubles from minBackoff to maxBackoff.
func backoff(failures int) time.Duration {
	pause := minBackoff
	for range failures - 1 {
		if pause *= 2; pause >= maxBackoff {
			return maxBackoff
		}
	}
	return pause
}
