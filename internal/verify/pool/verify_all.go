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

// asker is the only one.
const asker = "batch"

// Progress is told how many of all answers have landed.
type Progress func(done, all int)

// VerifyAll has a verifier answer all requests, in their order, each after one attempt. It returns early, with what is known by
// then, when the context ends.
func VerifyAll(ctx context.Context, verifier Verifier, requests []Request, workers int, progress Progress) ([]Answer, error) {
	landed := make(chan struct{}, 1)
	working := New(verifier, Options{Workers: workers, Landed: func(string) {
		select {
		case landed <- struct{}{}:
		default:
		}
	}})
	poolCtx, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = working.Start(poolCtx) // it returns nil
	}()
	defer func() {
		stop()
		<-stopped
	}()
	for {
		answers := working.Answers(asker, requests, time.Time{})
		done := 0
		for i := range answers {
			if answers[i].Attempted {
				done++
			}
		}
		progress(done, len(answers))
		if done == len(answers) {
			return answers, nil
		}
		select {
		case <-landed:
		case <-ctx.Done():
			return answers, ctx.Err()
		}
	}
}
