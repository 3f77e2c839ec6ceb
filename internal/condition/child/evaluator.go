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

package child

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/utils/lru"

	"github.com/karmada-io/image-trust/internal/condition"
)

const (
	// maxWait bounds the time that passes until there is an answer. A machine that is so busy that an evaluation does not get
	// maxTime of a processor within it has not shown anything about the condition.
	maxWait = 20 * time.Second
	// idleTime is the time after which a process without requests ends.
	idleTime = 10 * time.Second
	// maxRequests is the number of requests after which a process is replaced.
	maxRequests = 1000
	// maxAttempts is the number of attempts that may end without an answer, for whatever reason, before a condition counts as one
	// that cannot be evaluated.
	maxAttempts = 3
	// maxRemembered is the number of conditions, and of evaluations, whose outcome is remembered.
	maxRemembered = 4096
)

// Evaluator evaluates conditions in one process at a time. It remembers outcomes, so that what took too much is not tried
// again. It is safe for concurrent use.
type Evaluator struct {
	// turn is held by the one who uses the process.
	turn chan struct{}
	// what the holder of turn may use.
	running  *process
	requests int
	idle     *time.Timer
	closed   bool

	started     atomic.Int64
	conditions  *lru.Cache // of outcomes, by key
	evaluations *lru.Cache // likewise
}

// key is a hash of a condition, or of a condition and a statement.
type key [sha256.Size]byte

// outcome is what is remembered: an answer, or the number of attempts without one.
type outcome struct {
	err      error
	known    bool
	attempts int
}

// New returns an Evaluator. It starts no process until a condition is evaluated.
func New() *Evaluator {
	return &Evaluator{turn: make(chan struct{}, 1), conditions: lru.New(maxRemembered), evaluations: lru.New(maxRemembered)}
}

// Close ends the process. Evaluations fail with condition.ErrUnavailable from then on.
func (e *Evaluator) Close() {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	e.closed = true
	e.stop()
}

// Started returns the number of processes that were started.
func (e *Evaluator) Started() int { return int(e.started.Load()) }

// Check returns why a condition cannot be evaluated: the errors of condition.Check and condition.Compile, or one that wraps
// condition.ErrFailed, all of which last, or condition.ErrUnavailable.
func (e *Evaluator) Check(ctx context.Context, source string) error {
	if err := condition.Check(source); err != nil {
		return err
	}
	return e.remembered(ctx, e.conditions, request{compile: true, source: []byte(source)})
}

// Evaluate returns why a statement does not meet a condition: the errors of Check, and an *condition.UnmetError or one that
// wraps condition.ErrMalformed.
func (e *Evaluator) Evaluate(ctx context.Context, source string, statement []byte) error {
	if err := e.Check(ctx, source); err != nil {
		return err
	}
	return e.remembered(ctx, e.evaluations, request{source: []byte(source), statement: statement})
}

// Within returns the Evaluator for those that have no context, such as policy.Compile.
func (e *Evaluator) Within(ctx context.Context) Bound { return Bound{ctx, e} }

// Bound is an Evaluator whose evaluations end with a context.
type Bound struct {
	ctx       context.Context //nolint:containedctx // It lasts for one call of a function that takes no context.
	evaluator *Evaluator
}

// Check is Evaluator.Check.
func (b Bound) Check(source string) error {
	if b.evaluator == nil {
		return fmt.Errorf("%w: nothing evaluates conditions here", condition.ErrUnavailable)
	}
	return b.evaluator.Check(b.ctx, source)
}

// hash of a request. Its parts cannot be confused, because the length of the first one is a part.
func (r request) hash() key {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%t %d ", r.compile, len(r.source))
	_, _ = h.Write(r.source)
	_, _ = h.Write(r.statement)
	return key(h.Sum(nil))
}

func recall(memory *lru.Cache, id key) outcome {
	value, _ := memory.Get(id)
	known, _ := value.(outcome)
	return known
}

func (e *Evaluator) remembered(ctx context.Context, memory *lru.Cache, r request) error {
	id := r.hash()
	if known := recall(memory, id); known.known {
		return known.err
	}
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", condition.ErrUnavailable, ctx.Err())
	}
	defer func() { <-e.turn }()
	before := recall(memory, id)
	if before.known { // since another one asked the same
		return before.err
	}
	err := e.ask(ctx, r)
	after := outcome{err: err, known: true}
	if errors.Is(err, condition.ErrUnavailable) {
		if ctx.Err() == nil {
			before.attempts++
		}
		after = before
		if after.attempts >= maxAttempts {
			after.known, after.err = true, fmt.Errorf("%w: %d attempts brought no answer", condition.ErrFailed, maxAttempts)
		}
	}
	memory.Add(id, after)
	return err
}

// ask evaluates in the process, which it starts if there is none, and ends if it gives no answer.
func (e *Evaluator) ask(ctx context.Context, r request) error {
	if e.closed {
		return fmt.Errorf("%w: the program is about to end", condition.ErrUnavailable)
	}
	if e.idle != nil {
		e.idle.Stop()
	}
	if e.requests >= maxRequests {
		e.stop()
	}
	if err := e.prepare(ctx); err != nil {
		return err
	}
	e.requests++
	a, err := e.running.ask(ctx, r)
	if err != nil {
		e.stop()
		return err
	}
	e.idle = time.AfterFunc(idleTime, e.stopIdle)
	return a.err()
}

// prepare makes sure that there is a process that waits for a request.
func (e *Evaluator) prepare(ctx context.Context) error {
	if e.running != nil && e.running.ready(ctx) == nil {
		return nil
	}
	e.stop() // It may have been killed while it was idle.
	e.started.Add(1)
	var err error
	if e.running, err = startProcess(); err == nil { //nolint:contextcheck // The process outlives the request that starts it.
		err = e.running.ready(ctx)
	}
	if err != nil {
		e.stop()
		return fmt.Errorf("%w: %w", condition.ErrUnavailable, err)
	}
	e.requests = 0
	return nil
}

// stopIdle ends the process unless it is in use.
func (e *Evaluator) stopIdle() {
	select {
	case e.turn <- struct{}{}:
		e.stop()
		<-e.turn
	default:
	}
}

func (e *Evaluator) stop() {
	if e.idle != nil {
		e.idle.Stop()
	}
	if e.running != nil {
		e.running.stop()
		e.running = nil
	}
}

// err is the error that an answer stands for.
func (a answer) err() error {
	switch a.kind {
	case met:
		return nil
	case unmet:
		return &condition.UnmetError{Message: a.message}
	case invalid:
		return condition.NewInvalid(a.message)
	case malformed:
		return condition.ErrMalformed
	default:
		return fmt.Errorf("%w: %s", condition.ErrFailed, a.message)
	}
}
