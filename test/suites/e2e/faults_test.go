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

package e2e

import (
	"net/http"
	"sync"
	"testing"
)

// answer is a registry that answers every request with a status.
func answer(status int) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
}

// silence is a registry that takes requests and never answers.
func silence(http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// hold is a registry that answers only once it is let go.
type hold struct {
	asked, released chan struct{}
	ask, let        sync.Once
}

func newHold(t *testing.T) *hold {
	t.Helper()
	h := &hold{asked: make(chan struct{}), released: make(chan struct{})}
	t.Cleanup(h.release)
	return h
}

func (h *hold) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ask.Do(func() { close(h.asked) })
		select {
		case <-h.released:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

func (h *hold) release() { h.let.Do(func() { close(h.released) }) }

// switchable is a fault that comes and goes.
type switchable struct {
	mu    sync.Mutex
	fault func(http.Handler) http.Handler
}

func (s *switchable) set(fault func(http.Handler) http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *switchable) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		fault := s.fault
		s.mu.Unlock()
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		fault(next).ServeHTTP(w, r)
	})
}
