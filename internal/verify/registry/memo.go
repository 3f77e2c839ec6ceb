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

package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
)

const (
	// maxMemos is the number of answers that a Memo has, and maxMemoReferrers that of the referrers in one of them. An answer with
	// content has at most MaxCachedSize bytes.
	maxMemos         = 16
	maxMemoReferrers = 64
)

// Memo has what registries answered, since it was made, about what may change: manifests, lists of referrers and repositories, found
// or absent. Whoever makes it decides how long that is good enough, and presents the same credentials with all requests that use
// it. It is safe for concurrent use.
type Memo struct {
	mu      sync.Mutex
	answers map[string]memo
}

type memo struct {
	value any
	err   error
}

// NewMemo returns an empty Memo.
func NewMemo() *Memo { return &Memo{answers: map[string]memo{}} }

// memoKey is the key of the Memo of a context.
type memoKey struct{}

// WithMemo returns a context whose requests are not sent where the Memo has the answer.
func WithMemo(ctx context.Context, m *Memo) context.Context {
	if m == nil {
		return ctx
	}
	return context.WithValue(ctx, memoKey{}, m)
}

func (m *Memo) get(key string) (memo, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.answers[key]
	return known, ok
}

// put keeps an answer, unless it is a failure, or large.
func (m *Memo) put(key string, value any, err error) {
	if failure, failed := errors.AsType[*Error](err); failed && failure.Kind != NotFound {
		return
	}
	switch found := value.(type) {
	case Manifest:
		if len(found.Content) > MaxCachedSize {
			return
		}
	case Referrers:
		if len(found.Manifests) > maxMemoReferrers {
			return
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.answers) < maxMemos {
		m.answers[key] = memo{value, err}
	}
}

// remembered returns the answer that the Memo of a context has, and otherwise asks, once for all that use the Memo.
func remembered[T any](
	ctx context.Context, c *Client, repository name.Repository, key string, ask func(context.Context) (T, error),
) (T, error) {
	m, _ := ctx.Value(memoKey{}).(*Memo)
	if m == nil {
		return ask(ctx)
	}
	known, ok := m.get(key)
	if !ok {
		flight := fmt.Sprintf("memo\x00%p\x00%s", m, key)
		known.value, known.err = c.together(ctx, flight, repository, questionRequests*c.timeout, func(ctx context.Context) (any, error) {
			// Another caller may have asked in the meantime.
			if known, ok := m.get(key); ok {
				return known.value, known.err
			}
			value, err := ask(ctx)
			m.put(key, value, err)
			return value, err
		})
	}
	value, _ := known.value.(T) // nothing if the caller stopped waiting
	return value, known.err
}
