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
	"time"
)

// batchSubscriber is the only subscriber of a Batch's pool.
const batchSubscriber = "batch"

// Progress reports how many of all requests have been answered.
type Progress func(done, all int)

// Batch verifies images in the foreground, for programs that end. It must be closed.
type Batch struct {
	pool     *Pool
	changed  chan struct{}
	progress Progress

	// done counts the answers, and all the requests of the calls before the current one.
	done, all int

	stop    context.CancelFunc
	stopped chan struct{}
}

// NewBatch starts a number of workers; DefaultWorkers when it is zero. They stop when the context ends or Close is called.
func NewBatch(ctx context.Context, verifier Verifier, workers int, progress Progress) *Batch {
	b := &Batch{changed: make(chan struct{}, 1), progress: progress, stopped: make(chan struct{})}
	b.pool = New(verifier, Options{Workers: workers, OnChange: func(string) {
		select {
		case b.changed <- struct{}{}:
		default:
		}
	}})
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

// Answers answers all requests, in their order, each after one attempt. What an earlier call found out is used again. It
// returns early, with an error and what is known by then, when the context ends.
func (b *Batch) Answers(ctx context.Context, requests []Request) ([]Answer, error) {
	for {
		answers := b.pool.Answers(batchSubscriber, requests, time.Time{})
		done := 0
		for i := range answers {
			if answers[i].Known {
				done++
			}
		}
		b.progress(b.done+done, b.all+len(answers))
		if done == len(answers) {
			b.done, b.all = b.done+done, b.all+len(answers)
			return answers, nil
		}
		select {
		case <-b.changed:
		case <-ctx.Done():
			return answers, ctx.Err()
		}
	}
}
