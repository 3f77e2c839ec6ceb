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
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/lru"
)

const (
	// maxPerHost is the number of concurrent requests to one host, until their responses begin.
	maxPerHost = 8
	// maxHosts is the number of hosts whose state is kept.
	maxHosts = 1024
	// defaultBackoff is how long no request is sent to a host that limits requests without a Retry-After.
	defaultBackoff = 30 * time.Second
)

// host is the state of one host: its concurrent requests, and until when no request is sent to it.
type host struct {
	slots chan struct{}

	mu    sync.Mutex
	until time.Time
}

// hostLimiter limits the requests to each host. Hosts are identified by name and port, as in the URL of a request.
type hostLimiter struct {
	now func() time.Time

	mu    sync.Mutex
	hosts *lru.Cache
}

func newHostLimiter(now func() time.Time) *hostLimiter {
	return &hostLimiter{now: now, hosts: lru.New(maxHosts)}
}

func (l *hostLimiter) get(name string) *host {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, _ := l.hosts.Get(name)
	if h, ok := known.(*host); ok {
		return h
	}
	added := &host{slots: make(chan struct{}, maxPerHost)}
	l.hosts.Add(name, added)
	return added
}

// acquire waits for a slot of a host, until ctx ends. While the host backs off it fails at once. The caller must call
// release.
func (l *hostLimiter) acquire(ctx context.Context, name string) (release func(), err error) {
	h := l.get(name)
	h.mu.Lock()
	wait := h.until.Sub(l.now())
	h.mu.Unlock()
	if wait > 0 {
		limited := statusError(displayHost(name), http.StatusTooManyRequests)
		limited.RetryAfter = wait
		return nil, limited
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ioError(displayHost(name), ctx.Err())
	}
}

// backOff sends no requests to a host for a time. A longer time of an earlier call stays in effect.
func (l *hostLimiter) backOff(name string, wait time.Duration) {
	h := l.get(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := l.now().Add(wait); until.After(h.until) {
		h.until = until
	}
}
