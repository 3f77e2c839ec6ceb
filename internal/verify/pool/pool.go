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
	alone    bool
	verifier Verifier
	patience patience
	// tagFreshness is how long a resolved tag serves other questions.
	tagFreshness time.Duration
	clock        clock.WithTicker
	log          logr.Logger
	onChange     func(subscriber string)
	observe      func(verify.Result, time.Duration)
	workBegan    func() (ended func())

	flight  singleflight.Group
	earlier chan struct{} // is sent to when something is due earlier than at wakeAt
	landed  func(Key)     // is called once with each key whose answer is final, while the pool is locked; nil for none

	mu       sync.Mutex
	changed  *sync.Cond // the schedule may have something for a worker, or the pool has stopped
	stopped  bool
	schedule *schedule
	wakeAt   time.Time // when something is due next; zero for never
	entries  map[Key]*entry
	// subscribers by name, so that a call costs its own requests only; ready are those to be notified once the pool is unlocked.
	subscribers map[string]*subscriber
	ready       []*subscriber
	gathering   delays[*subscriber] // those to be notified later
	verdicts    shared[verdictName, basis, verdict]
	tags        shared[string, string, lookup] // by tag and access
	memos       shared[memoName, struct{}, memo]
}

// Options of a Pool.
type Options struct {
	// Workers is the number of images that are verified concurrently; DefaultWorkers if zero. In addition, seven for each ten wait
	// for registries that are not known to answer promptly.
	Workers int
	// TagFreshness is how long a resolved tag serves other questions; DefaultTagFreshness if zero.
	TagFreshness time.Duration
	// Clock is the real one if nil.
	Clock clock.WithTicker
	// Log is the logger: level 0 for a verdict that changed, 2 for retries and first verdicts. Requests inherit it. The zero
	// value discards.
	Log logr.Logger
	// OnChange is called with each subscriber that has something to get from Changes. Answers that come one by one are gathered for
	// at most ten seconds: see gather. It must not block.
	OnChange func(subscriber string)
	// Observe is called with the result and the duration of each verification. It may be nil.
	Observe func(verify.Result, time.Duration)

	// Began is called as a worker begins with a question, and what it returns as it ends; nil if nobody watches.
	Began func() (ended func())

	// alone says that there is one subscriber only, which waits for all answers.
	alone bool
	// landed is called once with each key whose answer is final, while the pool is locked; nil for none.
	landed func(Key)
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
	if opts.Began == nil {
		opts.Began = func() func() { return func() {} }
	}
	p := &Pool{
		alone:        opts.alone,
		verifier:     verifier,
		tagFreshness: opts.TagFreshness,
		clock:        opts.Clock,
		log:          opts.Log,
		onChange:     opts.OnChange,
		observe:      opts.Observe,
		workBegan:    opts.Began,
		earlier:      make(chan struct{}, 1),
		landed:       opts.landed,
		patience:     opts.patience,
		schedule:     newSchedule(limitsOf(opts.Workers, opts.alone), opts.patience),
		entries:      map[Key]*entry{},
		subscribers:  map[string]*subscriber{},
		gathering:    newDelays[*subscriber](),
		verdicts:     shared[verdictName, basis, verdict]{},
		tags:         shared[string, string, lookup]{},
		memos:        shared[memoName, struct{}, memo]{},
	}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// Start runs the workers until the context ends.
func (p *Pool) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.schedule.limits.all() {
		workers.Go(func() { p.work(ctx) })
	}
	p.keepTime(ctx)
	p.mu.Lock()
	p.stopped = true
	p.changed.Broadcast()
	p.mu.Unlock()
	workers.Wait()
	p.tellAll()
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

// wake queues what is due and notifies whom it is time to notify, and returns a timer for the rest; nil if there is nothing else.
func (p *Pool) wake(now time.Time) clock.Timer {
	defer p.unlockAndNotify()
	p.mu.Lock()
	for {
		for _, s := range p.gathering.due(now) {
			p.tell(s)
		}
		for _, k := range p.schedule.wake(now) {
			if e := p.entries[k]; e != nil {
				p.enqueue(e)
			}
		}
		p.changed.Broadcast()
		at, some := p.next()
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

// next returns when something is due next; false if nothing is.
func (p *Pool) next() (time.Time, bool) {
	return earlier(&p.schedule.later, &p.schedule.paused, &p.gathering)
}

// retime has the timer set anew if something is due before it.
func (p *Pool) retime() {
	if at, some := p.next(); some && (p.wakeAt.IsZero() || at.Before(p.wakeAt)) {
		select {
		case p.earlier <- struct{}{}:
		default:
		}
	}
}

// enqueue has a worker attempt an answer.
func (p *Pool) enqueue(e *entry) {
	e.asked().queued(p.clock.Now())
	if p.schedule.add(e.key, e.host, e.askers) {
		p.holdMemo(e.key)
	}
	p.changed.Signal()
}

// unknown counts the requests that have no final answer, by key.
func (p *Pool) unknown(requests []Request) map[Key]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	unknown := map[Key]int{}
	for i := range requests {
		k := requests[i].Key()
		if e := p.entries[k]; e == nil || !e.landed {
			unknown[k]++
		}
	}
	return unknown
}
