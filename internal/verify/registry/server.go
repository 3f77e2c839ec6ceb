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
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/lru"
)

const (
	// maxPerServer is how many requests to one host are under way at a time, until their answers begin.
	maxPerServer = 8
	// maxServers is how many servers are remembered.
	maxServers = 1024
	// ratePause is how long a host is left alone that limits requests without saying for how long.
	ratePause = 30 * time.Second
)

// server is what is known of one: how busy it is, and until when it asked to be left alone.
type server struct {
	slots chan struct{}

	mu    sync.Mutex
	until time.Time
}

// servers by name and port, as addresses of requests have them.
type servers struct {
	now func() time.Time

	mu  sync.Mutex
	all *lru.Cache
}

func newServers(now func() time.Time) *servers { return &servers{now: now, all: lru.New(maxServers)} }

func (h *servers) get(name string) *server {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.all.Get(name); ok {
		return known.(*server)
	}
	fresh := &server{slots: make(chan struct{}, maxPerServer)}
	h.all.Add(name, fresh)
	return fresh
}

// enter waits for its turn with a host. It fails at once where the host asked to be left alone.
func (h *servers) enter(ctx context.Context, name string) (leave func(), err error) {
	at := h.get(name)
	at.mu.Lock()
	wait := at.until.Sub(h.now())
	at.mu.Unlock()
	if wait > 0 {
		limited := statusError(displayHost(name), http.StatusTooManyRequests, nil)
		limited.RetryAfter = wait
		return nil, answered{limited}
	}
	select {
	case at.slots <- struct{}{}:
		return func() { <-at.slots }, nil
	case <-ctx.Done():
		return nil, ioError(displayHost(name), ctx.Err())
	}
}

// limited notes that a host asks to be left alone.
func (h *servers) limited(name string, wait time.Duration) {
	at := h.get(name)
	at.mu.Lock()
	defer at.mu.Unlock()
	if until := h.now().Add(wait); until.After(at.until) {
		at.until = until
	}
}

// isLoopback tells whether a request to a host stays on this machine.
func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
