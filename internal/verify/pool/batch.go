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
	"math"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// batchSubscriber is the only subscriber of a Batch's pool.
const batchSubscriber = "batch"

// Progress is called with the number of answers that are known, and the number of all requests.
type Progress func(done, all int)

// Batch verifies images in the foreground, for short-lived programs. A tag is resolved once, so that all answers about it are
// about the same digest. Close must be called.
type Batch struct {
	pool     *Pool
	changed  chan struct{}
	progress Progress

	// answered is the number of answers of earlier calls.
	answered int

	mu sync.Mutex
	// waiting counts the requests of a call by key, and done those of them that are known.
	waiting map[Key]int
	done    int

	stop    context.CancelFunc
	stopped chan struct{}
}

// NewBatch starts a number of workers; DefaultWorkers if it is zero. They stop when the context ends or Close is called. The
// logger in the context is the pool's.
func NewBatch(ctx context.Context, verifier Verifier, workers int, progress Progress) *Batch {
	b := &Batch{changed: make(chan struct{}, 1), progress: progress, stopped: make(chan struct{})}
	b.pool = New(verifier, Options{
		Workers: workers, TagFreshness: math.MaxInt64, Log: logr.FromContextOrDiscard(ctx), OnChange: func(string) {},
		alone: true, landed: b.landed, patience: patience{attempts: BatchAttempts, within: batchPatience, backoff: batchBackoff},
	})
	ctx, b.stop = context.WithCancel(ctx)
	go func() {
		defer close(b.stopped)
		_ = b.pool.Start(ctx) // it returns nil
	}()
	return b
}

// Close stops the workers and waits for them.
func (b *Batch) Close() {
	b.stop()
	<-b.stopped
}

// landed notes that the answer to a request is final.
func (b *Batch) landed(k Key) {
	b.mu.Lock()
	b.done += b.waiting[k]
	delete(b.waiting, k)
	b.mu.Unlock()
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// Answers returns the answers to all requests, in the order of the requests. What fails for a moment is attempted up to three times,
// the last time within ten seconds of the first; the answer to a request that failed is Unknown. A registry that does not answer is
// not asked about further images, so their answers are Unknown too. Later calls use what earlier ones found out. The error is that
// of the context, if it ends first; the answers are then what is known so far. Calls must not be concurrent.
func (b *Batch) Answers(ctx context.Context, requests []Request) ([]Answer, error) {
	b.expect(requests)
	b.pool.Answers(batchSubscriber, requests, time.Time{})
	for all := len(requests); ; {
		done := b.known()
		b.progress(b.answered+done, b.answered+all)
		if done == all {
			b.answered += all
			return b.pool.Answers(batchSubscriber, requests, time.Time{}), nil
		}
		select {
		case <-b.changed:
		case <-ctx.Done():
			return b.pool.Answers(batchSubscriber, requests, time.Time{}), ctx.Err()
		}
	}
}

// expect counts the requests that are not known yet, each as often as it is made.
func (b *Batch) expect(requests []Request) {
	unknown := b.pool.unknown(requests)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting, b.done = unknown, len(requests)
	for _, n := range unknown {
		b.done -= n
	}
}

func (b *Batch) known() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}
