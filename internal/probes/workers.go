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

package probes

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Workers notices that a number of workers are all stuck. As long as one of them ends its tasks, work goes on, and a restart would
// only repeat what the others do. It is safe for concurrent use.
type Workers struct {
	name   string
	number int
	limit  time.Duration
	clock  clock.PassiveClock

	mu    sync.Mutex
	next  int
	begun map[int]time.Time // by task
}

// NewWorkers returns Workers of which none has a task. The limit is longer than any task can take unless there is a bug.
func NewWorkers(name string, number int, limit time.Duration, now clock.PassiveClock) *Workers {
	return &Workers{name: name, number: number, limit: limit, clock: now, begun: map[int]time.Time{}}
}

// Begin notes that a worker begins with a task. The worker calls the result as it ends.
func (w *Workers) Begin() (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	task := w.next
	w.next++
	w.begun[task] = w.clock.Now()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.begun, task)
	}
}

// Check fails if all workers have been busy with their tasks for longer than the limit.
func (w *Workers) Check() Check {
	return Check{Name: w.name, Failure: w.failure}
}

func (w *Workers) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	stuck := 0
	for _, begun := range w.begun {
		if w.clock.Since(begun) > w.limit {
			stuck++
		}
	}
	if stuck < w.number {
		return nil
	}
	return fmt.Errorf("each of the %d workers has been busy with one task for more than %s", w.number, w.limit)
}
