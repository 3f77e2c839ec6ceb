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
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// memoName is what the memo about a digest is kept under: all its requests present the same credentials.
type memoName struct{ digest, access string }

// memo is what the registry answered about a digest since a time. It serves an attempt that requires answers since no later than
// that, and is kept only while questions about the digest wait or are in a worker's hands.
type memo struct {
	answers *registry.Memo
	made    time.Time
}

// memoName returns what the memo for a question is kept under; false if the question is about a tag, whose digest is not known yet.
func (k Key) memoName() (memoName, bool) {
	q := k.question.Value()
	return memoName{q.ref, q.access}, strings.Contains(q.ref, "@") && !q.resolveOnly
}

// holdMemo keeps the memo for a question that waits.
func (p *Pool) holdMemo(k Key) {
	if n, ok := k.memoName(); ok {
		p.memos.hold(n)
	}
}

// releaseMemo drops the memo for a question that does not wait any more, unless another one does.
func (p *Pool) releaseMemo(k Key) {
	if n, ok := k.memoName(); ok && p.schedule.items[k] == nil {
		p.memos.release(n)
	}
}

// remembering returns a context whose requests about a digest are not repeated for several rules. An attempt after one that failed
// asks for all again.
func (a *attempt) remembering(ctx context.Context, digest name.Digest) context.Context {
	if a.number > 1 {
		return ctx
	}
	n := memoName{digest.Name(), a.request.access()}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.memos.hold(n)
	a.heldMemos = append(a.heldMemos, n)
	now := a.clock.Now()
	kept, ok := a.memos.get(n, struct{}{})
	if !ok || kept.made.Before(a.since) || now.Sub(kept.made) >= a.tagFreshness {
		kept = memo{answers: registry.NewMemo(), made: now}
		a.memos.put(n, struct{}{}, kept)
	}
	return registry.WithMemo(ctx, kept.answers)
}
