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

import "time"

// What a program that waits for answers does about a registry that fails for a moment. Its users read these numbers in the help of
// the plugin.
const (
	// BatchAttempts is the number of attempts to answer a request to a Batch.
	BatchAttempts = 3
	// batchPatience is how long after the first attempt the last one begins at most.
	batchPatience = 10 * time.Second
	// batchBackoff is the time between the first attempt and the second one. It doubles.
	batchBackoff = 500 * time.Millisecond
)

// patience bounds the attempts to answer a request that fails for a moment. The zero value is that of a pool whose requests are
// retried as long as they are kept, and whose callers do not wait.
type patience struct {
	attempts int
	within   time.Duration
	backoff  time.Duration
}

// endless reports whether there is no bound.
func (p patience) endless() bool { return p.attempts == 0 }

// delay is the time to wait after a number of consecutive failures.
func (p patience) delay(failures int) time.Duration {
	if p.endless() {
		return backoff(failures)
	}
	return p.backoff << min(max(failures-1, 0), p.attempts)
}

// again returns when an entry is attempted again after a failure; false if its answer is final.
func (p patience) again(e *entry, now time.Time) (at time.Time, again bool) {
	result := &e.answer.Result
	at = now.Add(max(p.delay(e.failures), result.RetryAfter))
	return at, p.endless() || result.Transient && e.failures < p.attempts && !at.After(e.first.Add(p.within))
}

// exhausted reports whether a host has left so many attempts unanswered that what waits for it is answered without asking it.
func (p patience) exhausted(h *host) bool {
	if p.endless() || !h.last.Transient {
		return h.open()
	}
	return h.unanswered >= unansweredUntilOpen+p.attempts-1
}
