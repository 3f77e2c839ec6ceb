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
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// flights are what is being asked: whoever wants the same meanwhile gets the same answer. Nothing is kept of what has ended.
type flights struct {
	mu      sync.Mutex
	running map[string]*flight
}

// flight is something that several callers wait for.
type flight struct {
	// useful reports whether it goes on when nobody waits any more, since others will need it.
	useful  bool
	waiting int // guarded by flights.mu
	cancel  context.CancelFunc
	done    chan struct{}
	// value and err are there once done is closed, or what the flight panicked with, and where.
	value    any
	err      error
	panicked string
}

func newFlights() *flights { return &flights{running: map[string]*flight{}} }

// once does something that will be needed again for all callers that want it at the same time, so the context of one of them must
// not end it for the others. The error is an *Error.
func (c *Client) once(
	ctx context.Context, key string, repository name.Repository, timeout time.Duration, do func(context.Context) (any, error),
) (any, error) {
	f := c.flights.join(ctx, key, true, timeout, guarded(repository, do))
	return c.flights.wait(ctx, key, f, repository)
}

// together does something for all callers that want it at the same time, until none of them waits any more. A panic is one of all
// of them. The error is an *Error.
func (c *Client) together(
	ctx context.Context, key string, repository name.Repository, timeout time.Duration, do func(context.Context) (any, error),
) (any, error) {
	f := c.flights.join(ctx, key, false, timeout, do)
	return c.flights.wait(ctx, key, f, repository)
}

// guarded has a function return an *Error where it would panic.
func guarded(repository name.Repository, do func(context.Context) (any, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (done any, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = invalidResponse(displayHost(repository.RegistryStr()), "does not answer as a registry does", fmt.Errorf("panic: %v", r))
			}
		}()
		return do(ctx)
	}
}

// join returns the flight of a key, and begins one if there is none. The caller must wait for it.
func (l *flights) join(
	ctx context.Context, key string, useful bool, timeout time.Duration, do func(context.Context) (any, error),
) *flight {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.running[key]; f != nil {
		f.waiting++
		return f
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	f := &flight{useful: useful, waiting: 1, cancel: cancel, done: make(chan struct{})}
	l.running[key] = f
	go func() {
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				f.panicked = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.end(key, f)
			close(f.done)
		}()
		f.value, f.err = do(bounded)
	}()
	return f
}

// wait returns what a flight ends with.
func (l *flights) wait(ctx context.Context, key string, f *flight, repository name.Repository) (any, error) {
	select {
	case <-ctx.Done():
		l.leave(key, f)
		return nil, ioError(displayHost(repository.RegistryStr()), ctx.Err())
	case <-f.done:
		if f.panicked != "" {
			panic(f.panicked) //nolint:forbidigo // whoever waits panics as if it had asked itself, and its worker answers
		}
		return f.value, f.err
	}
}

// leave stops waiting. What nobody waits for or will need is cancelled, and serves nobody any more.
func (l *flights) leave(key string, f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.waiting--; f.waiting == 0 && !f.useful {
		l.end(key, f)
		f.cancel()
	}
}

// end makes room for another flight.
func (l *flights) end(key string, f *flight) {
	if l.running[key] == f {
		delete(l.running, key)
	}
}
