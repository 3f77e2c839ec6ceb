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

// foreground is the only subscriber of the pool that VerifyAll starts.
const foreground = "foreground"

// Progress is called with the number of answers that are known, and the number of all requests.
type Progress func(done, all int)

// VerifyAll verifies all requests in the foreground, with the given number of workers, and returns their answers in the
// order of the requests. Each distinct request is attempted once: a failure is not retried, its answer is Unknown.
// progress is called at least once; its last call has done equal to all unless VerifyAll fails. The error is that of the
// context, if it ends first; the answers are then what is known so far.
func VerifyAll(ctx context.Context, verifier Verifier, requests []Request, workers int, progress Progress) ([]Answer, error) {
	changed := make(chan struct{}, 1)
	pool := New(verifier, Options{Workers: workers, OnChange: func(string) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}})
	poolCtx, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = pool.Start(poolCtx) // it returns nil
	}()
	defer func() {
		stop()
		<-stopped
	}()
	for {
		answers := pool.Answers(foreground, requests, time.Time{})
		done := 0
		for i := range answers {
			if answers[i].Known {
				done++
			}
		}
		progress(done, len(answers))
		if done == len(answers) {
			return answers, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return answers, ctx.Err()
		}
	}
}
