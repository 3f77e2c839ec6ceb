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
	"container/list"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/verify"
)

const (
	// unansweredUntilOpen is how many attempts in a row a host leaves unanswered before it is asked by one worker only.
	unansweredUntilOpen = 3
	// promptly is how long an attempt may take at a host that answers promptly.
	promptly = 5 * time.Second
)

// host is a registry host: what waits for it, and how it has answered.
type host struct {
	name string
	// questions counts the questions about images of the host.
	questions int
	// unlanded are the entries about images of the host whose answers are not final, if a caller waits for them.
	unlanded map[*entry]struct{}
	// queues are those of the askers that wait, the next one to be served first.
	queues *list.List
	byName map[asker]*queue
	// waiting and workers count the questions that wait, and those in a worker's hands.
	waiting, workers int

	// unanswered and prompt count the last attempts in a row that were not answered, and that were answered promptly.
	unanswered, prompt int
	// last is the failure of the last attempt that was not answered.
	last verify.Result
	// resume is when a host that is open is asked next.
	resume time.Time

	ring  class
	place *list.Element // in the schedule's ring; nil while it is in none
}

// outcome is what an attempt says about a host. The zero value says nothing.
type outcome struct {
	// asked reports whether the host was asked at all.
	asked bool
	// failure is why the host did not answer; nil if it did.
	failure *verify.Result
	took    time.Duration
}

func newHost(name string) *host {
	return &host{name: name, queues: list.New(), byName: map[asker]*queue{}, unlanded: map[*entry]struct{}{}}
}

// hostOf returns the host that a request is about: the registry of the reference, in one spelling.
func hostOf(request *Request) string {
	return imagename.FoldHost(request.Ref.Context().RegistryStr())
}

// outcomeOf returns what a result says about the host.
func outcomeOf(result *verify.Result, asked bool, took time.Duration) outcome {
	o := outcome{asked: asked, took: took}
	switch result.Reason {
	case v1alpha1.TimeoutReason, v1alpha1.RegistryUnreachableReason:
		o.failure = result
	case v1alpha1.TrustRootUnavailableReason, v1alpha1.InternalErrorReason:
		o.asked = false
	default:
	}
	return o
}

// learn takes over what an attempt says about the host.
func (h *host) learn(o outcome, now time.Time, p patience) {
	switch {
	case !o.asked:
	case o.failure != nil:
		h.prompt = 0
		h.unanswered++
		h.last = *o.failure
		if h.open() {
			h.resume = now.Add(p.delay(h.unanswered - unansweredUntilOpen + 1))
		}
	case o.took > promptly:
		h.unanswered, h.prompt = 0, 0
	default:
		h.unanswered = 0
		h.prompt++
	}
}

// open reports whether the host has left so many attempts unanswered that it is asked by one worker only, at intervals that
// double, until it answers. It is named after the state of a circuit breaker.
func (h *host) open() bool { return h.unanswered >= unansweredUntilOpen }

// refuses reports whether a question that has just been added is not going to be asked soon.
func (h *host) refuses(now time.Time) bool {
	return h.open() && (now.Before(h.resume) || h.workers > 0 || h.waiting > 1)
}

func (h *host) class() class {
	if h.prompt > 0 {
		return prompt
	}
	return slow
}

// queueOf returns the queue of an asker, which is new if the asker has none.
func (h *host) queueOf(a asker) *queue {
	q := h.byName[a]
	if q == nil {
		q = &queue{asker: a, items: list.New()}
		q.turn = h.queues.PushBack(q)
		h.byName[a] = q
	}
	return q
}

// tidy removes a queue that is empty.
func (h *host) tidy(q *queue) {
	if q.items.Len() == 0 && h.byName[q.asker] == q {
		h.queues.Remove(q.turn)
		delete(h.byName, q.asker)
	}
}
