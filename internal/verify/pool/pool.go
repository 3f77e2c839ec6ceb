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

// Package pool verifies images beside the reconciler: it remembers what is known of each
// image under each rule, has a bounded number of workers find out what is not, and
// tells when an answer lands. A caller never waits for a registry.
package pool

import (
	"context"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/singleflight"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

const (
	// DefaultWorkers is how many images are verified at a time.
	DefaultWorkers = 10
	// verifyTimeout bounds one verification, all its requests included.
	verifyTimeout = 2 * time.Minute
	// The first attempt after a failure, and the longest pause between two.
	minBackoff = 5 * time.Second
	maxBackoff = 5 * time.Minute
)

// Verifier judges images. *verify.Cosign is the real one.
type Verifier interface {
	// Resolve returns the digest that a reference names, or why it is not known.
	Resolve(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result)
	// Verify judges one digest.
	Verify(ctx context.Context, image name.Digest, rule *policy.Rule, root *trustroot.Root) verify.Result
	// Holds tells whether an index lists the digest of an image, or why it is not known.
	Holds(ctx context.Context, index name.Digest, image v1.Hash) (bool, *verify.Result)
}

// Request is a question about one image.
type Request struct {
	// Ref is the image, by tag or by digest.
	Ref name.Reference
	// Tag that stands beside the digest in Ref, nil where none does. It is looked up too: it may name something else by
	// now, and the index that it names may hold Ref.
	Tag *name.Tag
	// Index that was asked for where a node runs Ref, nil where none was.
	Index *name.Digest
	// Vouched is an index that is known to have held Ref and vouched for it, nil where none is. It is no part of the
	// question: only where to look, after the tag has moved on.
	Vouched *name.Digest
	// Runs tells that a node reports Ref. A signature of the index that holds it counts then: the index was asked for,
	// and the node chose from it.
	Runs bool
	// Rule to verify by. Without one only the digest is asked for, and the Answer's Result is zero once it is known.
	Rule *policy.Rule
	// RootName tells roots of trust apart; empty is the default one.
	RootName string
	// Root of trust, nil while there is none.
	Root *trustroot.Root
	// Credentials to present to the registry, nil for the verifier's own.
	Credentials *registry.Credentials
}

// Answer is what is known of one image.
type Answer struct {
	// Digest that the result is about, empty while a tag could not be looked up.
	Digest string
	// Index is the signed one that vouches for a running digest of one platform; empty otherwise.
	Index string
	// TagDigest is what the Request's Tag names: Digest, where the index that it names holds it. Empty while it is not known.
	TagDigest string
	// Result of the last attempt; Unknown and Pending before the first one ends.
	Result verify.Result
	// Last is the last verdict that is not Unknown, from an earlier attempt on the same digest,
	// and LastTime when it was reached. Set only while Result is Unknown.
	Last     *verify.Result
	LastTime time.Time
	// Attempted tells that an attempt has ended at all.
	Attempted bool
	// Settled tells that one has ended that began at or after the time asked for.
	Settled bool
}

// key is what makes two requests the same question.
type key struct {
	ref      string
	rule     string
	rootName string
	tag      string
	index    string
	runs     bool
	access   string
}

func (r *Request) access() string {
	if r.Credentials == nil {
		return ""
	}
	return r.Credentials.ID
}

func keyOf(request Request) key {
	k := key{ref: request.Ref.Name(), rule: request.Rule.ID(), rootName: request.RootName, runs: request.Runs, access: request.access()}
	if request.Tag != nil {
		k.tag = request.Tag.Name()
	}
	if request.Index != nil {
		k.index = request.Index.DigestStr()
	}
	return k
}

// entry is what is known of one key.
type entry struct {
	request Request
	askers  map[string]time.Time // each asker, and since when it wants the answer to be

	answer Answer
	began  time.Time // when the attempt behind the answer began
	root   string    // fingerprint of the root that it used

	failures  int       // attempts in a row that ended Unknown
	notBefore time.Time // of the next attempt after a failure

	last       *verify.Result // last verdict that is not Unknown,
	lastTime   time.Time      // when it was reached,
	lastDigest string         // and what it is about
}

// Pool is safe for concurrent use.
type Pool struct {
	verifier Verifier
	workers  int
	clock    clock.WithTicker
	landed   func(asker string)
	observe  func(verify.Result, time.Duration)

	queue  workqueue.TypedDelayingInterface[key]
	flight singleflight.Group

	mu       sync.Mutex
	entries  map[key]*entry
	asked    map[string]map[key]bool // by asker, so that a pass costs its own requests and no others
	verdicts map[verdictKey]verdict
	tags     map[tagKey]lookup
}

// Options of a Pool.
type Options struct {
	// Workers is how many images are verified at a time; DefaultWorkers when zero.
	Workers int
	// Clock is the real one when nil.
	Clock clock.WithTicker
	// Landed is called whenever an answer changes that the asker waits for or has asked about.
	// It must not block.
	Landed func(asker string)
	// Observe is called after each verification with its duration. May be nil.
	Observe func(verify.Result, time.Duration)
}

// New returns a Pool that works once Start is called.
func New(verifier Verifier, opts Options) *Pool {
	if opts.Workers <= 0 {
		opts.Workers = DefaultWorkers
	}
	if opts.Clock == nil {
		opts.Clock = clock.RealClock{}
	}
	if opts.Observe == nil {
		opts.Observe = func(verify.Result, time.Duration) {}
	}
	return &Pool{
		verifier: verifier,
		workers:  opts.Workers,
		clock:    opts.Clock,
		landed:   opts.Landed,
		observe:  opts.Observe,
		queue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[key]{
			Name: "verify", Clock: opts.Clock,
		}),
		entries:  map[key]*entry{},
		asked:    map[string]map[key]bool{},
		verdicts: map[verdictKey]verdict{},
		tags:     map[tagKey]lookup{},
	}
}

// Start runs the workers until the context ends.
func (p *Pool) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.workers {
		workers.Go(func() { p.work(ctx) })
	}
	<-ctx.Done()
	p.queue.ShutDown()
	workers.Wait()
	return nil
}

// Answers returns what is known of each request, in their order, and has the rest found out:
// what has not been attempted at or after since. The requests replace all earlier ones
// of the same asker; what nobody asks about any more is forgotten.
func (p *Pool) Answers(asker string, requests []Request, since time.Time) []Answer {
	p.mu.Lock()
	defer p.mu.Unlock()

	asked := make(map[key]bool, len(requests))
	answers := make([]Answer, 0, len(requests))
	for _, request := range requests {
		k := keyOf(request)
		asked[k] = true
		e := p.entries[k]
		if e == nil {
			e = &entry{askers: map[string]time.Time{}, answer: Pending()}
			p.entries[k] = e
		}
		e.request = request
		e.askers[asker] = since
		answer := e.answer
		answer.Settled = e.fresh(since)
		if !answer.Settled {
			p.queue.Add(k)
		}
		answers = append(answers, answer)
	}
	p.replace(asker, asked)
	return answers
}

// Forget drops all requests of an asker.
func (p *Pool) Forget(asker string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replace(asker, nil)
	delete(p.asked, asker)
}

// replace notes what an asker asks about, and forgets what nobody does any more.
func (p *Pool) replace(asker string, asked map[key]bool) {
	dropped := false
	for k := range p.asked[asker] {
		if asked[k] {
			continue
		}
		e := p.entries[k]
		delete(e.askers, asker)
		if len(e.askers) == 0 {
			delete(p.entries, k)
			dropped = true
		}
	}
	p.asked[asker] = asked
	if dropped {
		p.sweep()
	}
}

// fresh tells whether an attempt with today's root of trust began at or after since.
func (e *entry) fresh(since time.Time) bool {
	return e.answer.Attempted && !e.began.Before(since) && e.root == fingerprint(e.request.Root)
}

// since is the newest time that anybody asked for.
func (e *entry) since() time.Time {
	var newest time.Time
	for _, since := range e.askers {
		if since.After(newest) {
			newest = since
		}
	}
	return newest
}

// Pending is the answer before the first attempt has ended.
func Pending() Answer {
	return Answer{Result: verify.Result{
		Verdict: v1alpha1.VerdictUnknown,
		Reason:  v1alpha1.PendingReason,
		Message: "not examined yet",
	}}
}

func fingerprint(root *trustroot.Root) string {
	if root == nil {
		return ""
	}
	return root.Fingerprint
}
