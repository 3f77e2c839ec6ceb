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

package resilience

import (
	"net/http"
	"sync"
	"testing"
)

// neverRespond is the middleware of a registry that accepts requests and never responds.
func neverRespond(http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// blockingRegistry responds only after release. requested is closed on the first request.
type blockingRegistry struct {
	requested, released chan struct{}
	request, unblock    sync.Once
}

func newBlockingRegistry(t *testing.T) *blockingRegistry {
	t.Helper()
	r := &blockingRegistry{requested: make(chan struct{}), released: make(chan struct{})}
	t.Cleanup(r.release)
	return r
}

func (r *blockingRegistry) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.request.Do(func() { close(r.requested) })
		select {
		case <-r.released:
			next.ServeHTTP(w, request)
		case <-request.Context().Done():
		}
	})
}

func (r *blockingRegistry) release() { r.unblock.Do(func() { close(r.released) }) }

// switchableFault is a middleware whose fault can be replaced while it is in place.
type switchableFault struct {
	mu    sync.Mutex
	fault func(http.Handler) http.Handler
}

func (s *switchableFault) set(fault func(http.Handler) http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *switchableFault) middleware(next http.Handler) http.Handler {
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
