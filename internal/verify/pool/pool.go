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
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/singleflight"
	"k8s.io/utils/clock"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
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

// Request asks for the verdict on one image.
type Request struct {
	// Ref is the image, by tag or by digest.
	Ref name.Reference
	// Tag is the tag that a reference names in addition to the digest in Ref; nil if it names none. The tag is resolved
	// too: it may have moved, or it may name the index that holds Ref.
	Tag *name.Tag
	// Index is the index that the workload requested where a node runs Ref; nil if it requested none.
	Index *name.Digest
	// KnownIndex is an index that is known to hold Ref and to be signed; nil if there is none. It is not part of the
	// question, only a hint where to search once the tag has moved.
	KnownIndex *name.Digest
	// Running reports whether a node runs Ref. If so, a signature of the index that holds Ref counts: the index was
	// requested, and the node chose from it.
	Running bool
	// ResolveOnly requests only the digest that Ref names. Rule and Root are not used, and the Answer's Result is zero
	// once the digest is known.
	ResolveOnly bool
	// Rule to verify by. Without one, and without ResolveOnly, the verdict is Unknown.
	Rule *policy.Rule
	// RootName is the name of the root of trust; empty for the default one.
	RootName string
	// Root of trust, nil if it is unavailable.
	Root *trustroot.Root
	// Credentials to present to the registry, nil for the verifier's own.
	Credentials *registry.Credentials
	// Namespaces of the workloads that use the image, none twice; empty where it is not for any workload. They are not part
	// of the question: namespaces are served in turn.
	Namespaces []string
}

// Answer is what is known about one image.
type Answer struct {
	// Digest that the Result is about, empty if a tag could not be resolved.
	Digest string
	// IndexDigest is the signed index through which a running platform digest is trusted; empty otherwise.
	IndexDigest string
	// TagDigest is what the Request's Tag names; Digest itself, if the tag names an index that holds it. Empty if unknown.
	TagDigest string
	// Result of the latest attempt; Unknown with reason Pending until the first one ends.
	Result verify.Result
	// Last is the latest verdict other than Unknown, from an earlier attempt on the same digest, and LastTime is when it
	// was reached. They are set only if Result is Unknown.
	Last     *verify.Result
	LastTime time.Time
	// Known reports whether any attempt has ended.
	Known bool
	// Fresh reports whether an attempt has ended that began at or after the requested time.
	Fresh bool
}

// key identifies a question. Requests with equal keys have the same answer.
type key struct {
	ref         string
	rule        string
	rootName    string
	tag         string
	index       string
	running     bool
	resolveOnly bool
	access      string
}

func (r *Request) access() string {
	if r.Credentials == nil {
		return ""
	}
	return r.Credentials.ID
}

func keyOf(request Request) key {
	k := key{
		ref: request.Ref.Name(), rule: request.Rule.ID(), rootName: request.RootName,
		running: request.Running, resolveOnly: request.ResolveOnly, access: request.access(),
	}
	if request.Tag != nil {
		k.tag = request.Tag.Name()
	}
	if request.Index != nil {
		k.index = request.Index.DigestStr()
	}
	return k
}

// entry is what is known about one key.
type entry struct {
	request     Request
	subscribers map[string]time.Time // the time since which each subscriber requires the attempt to have begun

	answer Answer
	began  time.Time // when the attempt behind the answer began
	root   string    // fingerprint of the root of trust that the attempt used

	failures  int       // consecutive attempts that ended Unknown
	retried   bool      // whether there is to be another attempt after the last one failed
	notBefore time.Time // earliest time of the next attempt after a failure
	refused   bool      // whether the answer was given while the registry was not asked

	last       *verify.Result // latest verdict other than Unknown
	lastTime   time.Time      // when last was reached
	lastDigest string         // the digest that last is about

	host  string        // of the registry
	names []verdictName // what the verdicts behind the answer are stored under
}

// Pool verifies images in the background. It is safe for concurrent use.
type Pool struct {
	verifier Verifier
	workers  int
	// tagFreshness is how long a resolved tag serves other questions.
	tagFreshness time.Duration
	clock        clock.WithTicker
	log          logr.Logger
	onChange     func(subscriber string)
	observe      func(verify.Result, time.Duration)

	flight  singleflight.Group
	earlier chan struct{} // is sent to when something is due earlier than at wakeAt
	landed  func(key)     // is called with each key that becomes known, while the pool is locked; nil for none

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
	// landed is called with each key that becomes known, while the pool is locked; nil for none.
	landed func(key)
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
		schedule:     newSchedule(limitsOf(opts.Workers, opts.alone)),
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

// askers are who an entry's question is asked for.
func (e *entry) askers() []asker {
	var askers []asker
	for _, namespace := range e.request.Namespaces {
		askers = append(askers, asker{namespace: namespace})
	}
	if len(askers) == 0 {
		for _, subscriber := range slices.Sorted(maps.Keys(e.subscribers)) {
			askers = append(askers, asker{subscriber: subscriber})
		}
	}
	return askers
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
			if h := p.schedule.hosts[e.host]; h.refuses(p.clock.Now()) {
				p.refuse(k, h, notify)
			}
		}
		answer := e.answer
		answer.Fresh = e.fresh(since)
		answers = append(answers, answer)
	}
	return answers
}

// unknown counts the requests that no attempt has ended for, by key.
func (p *Pool) unknown(requests []Request) map[key]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	unknown := map[key]int{}
	for i := range requests {
		k := keyOf(requests[i])
		if e := p.entries[k]; e == nil || !e.answer.Known {
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

// fresh reports whether an attempt with the current root of trust began at or after since.
func (e *entry) fresh(since time.Time) bool {
	return e.answer.Known && !e.began.Before(since) && e.root == fingerprint(e.request.Root)
}

// since is the latest time that any subscriber requires.
func (e *entry) since() time.Time {
	var latest time.Time
	for _, since := range e.subscribers {
		if since.After(latest) {
			latest = since
		}
	}
	return latest
}

// Pending is the answer until the first attempt has ended.
func Pending() Answer {
	return Answer{Result: verify.Result{
		Verdict: v1alpha1.VerdictUnknown,
		Reason:  v1alpha1.PendingReason,
		Message: "not verified yet",
	}}
}

func fingerprint(root *trustroot.Root) string {
	if root == nil {
		return ""
	}
	return root.Fingerprint
}
