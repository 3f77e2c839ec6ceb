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

// Package pool verifies images in the background. It caches what is known about each image under each rule, verifies
// the rest with a bounded number of workers, and notifies its subscribers when an answer changes. A caller never waits
// for a registry, and neither does a question to another registry.
package pool

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/singleflight"
	"k8s.io/utils/clock"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

const (
	// DefaultWorkers is the default number of images that are verified concurrently.
	DefaultWorkers = 10
	// verifyTimeout bounds one verification, including all its requests.
	verifyTimeout = 2 * time.Minute
	// minBackoff and maxBackoff bound the time between a failed attempt and the next one.
	minBackoff = 5 * time.Second
	maxBackoff = 5 * time.Minute
)

// Verifier verifies images. *verify.Cosign implements it.
type Verifier interface {
	// Resolve returns the digest that a reference names, or a Result that says why it is unknown.
	Resolve(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result)
	// Verify returns the verdict on one digest.
	Verify(ctx context.Context, image name.Digest, rule *policy.Rule, root *trustroot.Root) verify.Result
	// Holds reports whether an index lists the digest of an image, or a Result that says why this is unknown.
	Holds(ctx context.Context, index name.Digest, image v1.Hash) (bool, *verify.Result)
}

// Pool verifies images in the background. It is safe for concurrent use.
type Pool struct {
	verifier Verifier
	workers  int
	patience patience
	// tagFreshness is how long a resolved tag serves other questions.
	tagFreshness time.Duration
	clock        clock.WithTicker
	log          logr.Logger
	onChange     func(subscriber string)
	observe      func(verify.Result, time.Duration)

	flight  singleflight.Group
	earlier chan struct{} // is sent to when something is due earlier than at wakeAt
	landed  func(key)     // is called once with each key whose answer is final, while the pool is locked; nil for none

	mu       sync.Mutex
	changed  *sync.Cond // the schedule may have something for a worker, or the pool has stopped
	stopped  bool
	schedule *schedule
	wakeAt   time.Time // when something is due next; zero for never
	entries  map[key]*entry
	requests map[string]map[key]bool // by subscriber, so that a call costs its own requests only
	verdicts shared[verdictName, basis, verdict]
	tags     shared[string, string, lookup] // by tag and access
}

// Options of a Pool.
type Options struct {
	// Workers is the number of images that are verified concurrently; DefaultWorkers if zero.
	Workers int
	// TagFreshness is how long a resolved tag serves other questions; DefaultTagFreshness if zero.
	TagFreshness time.Duration
	// Clock is the real one if nil.
	Clock clock.WithTicker
	// Log is the logger: level 0 for a verdict that changed, 2 for retries and first verdicts. Requests inherit it. The zero
	// value discards.
	Log logr.Logger
	// OnChange is called with each subscriber of an answer that changed or became fresh. It must not block.
	OnChange func(subscriber string)
	// Observe is called with the result and the duration of each verification. It may be nil.
	Observe func(verify.Result, time.Duration)

	// alone says that there is one subscriber only, which waits for all answers.
	alone bool
	// landed is called once with each key whose answer is final, while the pool is locked; nil for none.
	landed func(key)
	// patience bounds the attempts until an answer is final.
	patience patience
}

// New returns a Pool that works once Start is called.
func New(verifier Verifier, opts Options) *Pool {
	if opts.Workers <= 0 {
		opts.Workers = DefaultWorkers
	}
	if opts.TagFreshness <= 0 {
		opts.TagFreshness = DefaultTagFreshness
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	if opts.Observe == nil {
		opts.Observe = func(verify.Result, time.Duration) {}
	}
	p := &Pool{
		verifier:     verifier,
		workers:      opts.Workers,
		tagFreshness: opts.TagFreshness,
		clock:        opts.Clock,
		log:          opts.Log,
		onChange:     opts.OnChange,
		observe:      opts.Observe,
		earlier:      make(chan struct{}, 1),
		landed:       opts.landed,
		patience:     opts.patience,
		schedule:     newSchedule(limitsOf(opts.Workers, opts.alone), opts.patience),
		entries:      map[key]*entry{},
		requests:     map[string]map[key]bool{},
		verdicts:     shared[verdictName, basis, verdict]{},
		tags:         shared[string, string, lookup]{},
	}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// Start runs the workers until the context ends.
func (p *Pool) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.workers {
		workers.Go(func() { p.work(ctx) })
	}
	p.keepTime(ctx)
	p.mu.Lock()
	p.stopped = true
	p.changed.Broadcast()
	p.mu.Unlock()
	workers.Wait()
	return nil
}

// keepTime has workers do what is due, until the context ends.
func (p *Pool) keepTime(ctx context.Context) {
	for {
		now := p.clock.Now()
		var due <-chan time.Time
		timer := p.wake(now)
		if timer != nil {
			due = timer.C()
		}
		select {
		case <-ctx.Done():
		case <-p.earlier:
		case <-due:
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// wake queues what is due, and returns a timer for the rest; nil if there is nothing else.
func (p *Pool) wake(now time.Time) clock.Timer {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for _, k := range p.schedule.wake(now) {
			if e := p.entries[k]; e != nil {
				p.enqueue(k, e)
			}
		}
		p.changed.Broadcast()
		at, some := p.schedule.next()
		if p.wakeAt = at; !some {
			p.wakeAt = time.Time{}
			return nil
		}
		timer := p.clock.NewTimer(at.Sub(now))
		if now = p.clock.Now(); now.Before(at) {
			return timer
		}
		timer.Stop()
	}
}

// retime has the timer set anew if something is due before it.
func (p *Pool) retime() {
	if at, some := p.schedule.next(); some && (p.wakeAt.IsZero() || at.Before(p.wakeAt)) {
		select {
		case p.earlier <- struct{}{}:
		default:
		}
	}
}

// enqueue has a worker attempt an answer.
func (p *Pool) enqueue(k key, e *entry) {
	p.schedule.add(k, e.host, e.askers())
	p.changed.Signal()
}

// Answers returns what is known of each request, in their order, and has workers find out the rest: what has not been
// attempted at or after since. The requests are kept, and retried after failures, until Retain or Forget drops them.
func (p *Pool) Answers(subscriber string, requests []Request, since time.Time) []Answer {
	notify := map[string]bool{}
	defer func() {
		delete(notify, subscriber) // it has the answers
		p.notify(notify)
	}()
	p.mu.Lock()
	defer p.mu.Unlock()

	requested := p.requests[subscriber]
	if requested == nil {
		requested = make(map[key]bool, len(requests))
		p.requests[subscriber] = requested
	}
	answers := make([]Answer, 0, len(requests))
	for i := range requests {
		k := keyOf(requests[i])
		requested[k] = true
		e := p.entries[k]
		if e == nil {
			e = p.newEntry(k, &requests[i])
		}
		e.request = requests[i]
		e.subscribers[subscriber] = since
		if !e.fresh(since) {
			p.enqueue(k, e)
			if h := p.schedule.hosts[e.host]; p.patience.exhausted(h) && h.refuses(p.clock.Now()) {
				p.refuse(k, h, notify)
			}
		}
		answer := e.answer
		answer.Fresh = e.fresh(since)
		answers = append(answers, answer)
	}
	return answers
}

// unknown counts the requests that have no final answer, by key.
func (p *Pool) unknown(requests []Request) map[key]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	unknown := map[key]int{}
	for i := range requests {
		k := keyOf(requests[i])
		if e := p.entries[k]; e == nil || !e.landed {
			unknown[k]++
		}
	}
	return unknown
}

// newEntry returns an entry that nothing is known of.
func (p *Pool) newEntry(k key, request *Request) *entry {
	e := &entry{subscribers: map[string]time.Time{}, answer: Pending(), host: hostOf(request)}
	p.entries[k] = e
	p.schedule.keep(e.host)
	for _, tag := range tagsOf(k) {
		p.tags.hold(tag)
	}
	return e
}

// dropEntry forgets all about a question.
func (p *Pool) dropEntry(k key, e *entry) {
	delete(p.entries, k)
	p.schedule.drop(k, e.host)
	p.releaseNames(e.names)
	for _, tag := range tagsOf(k) {
		p.tags.release(tag)
	}
}

// Retain drops all requests of a subscriber but the given ones. What is known of a request that no subscriber has any more is
// dropped too.
func (p *Pool) Retain(subscriber string, requests []Request) {
	retained := make(map[key]bool, len(requests))
	for _, request := range requests {
		retained[keyOf(request)] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retain(subscriber, retained)
}

// Forget drops all requests of a subscriber.
func (p *Pool) Forget(subscriber string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retain(subscriber, nil)
	delete(p.requests, subscriber)
}

// retain drops the requests of a subscriber that are not among the given ones.
func (p *Pool) retain(subscriber string, retained map[key]bool) {
	for k := range p.requests[subscriber] {
		if retained[k] {
			continue
		}
		delete(p.requests[subscriber], k)
		e := p.entries[k]
		delete(e.subscribers, subscriber)
		if len(e.subscribers) == 0 {
			p.dropEntry(k, e)
		}
	}
}
