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
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// waiting is the number of those who wait for a key.
func (l *flights) waiting(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.running[key]; f != nil {
		return f.waiting
	}
	return 0
}

func (l *flights) await(t *testing.T, key string, want int) {
	t.Helper()
	for l.waiting(key) != want {
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
		runtime.Gosched()
	}
}

// TestTogether: what 200 callers want at the same time is done once, whoever stops waiting, until nobody waits any more; a panic is
// one of all of them.
func TestTogether(t *testing.T) {
	repository, err := name.NewRepository("registry.example/karmada/app")
	if err != nil {
		t.Fatal(err)
	}
	const callers = 200
	c := New()
	var runs, cancelled atomic.Int64
	release := make(chan struct{})
	do := func(ctx context.Context) (any, error) {
		runs.Add(1)
		select {
		case <-ctx.Done():
			cancelled.Add(1)
			return nil, ctx.Err()
		case <-release:
			return "answer", nil
		}
	}
	impatient, leave := context.WithCancel(t.Context())
	var left, stayed sync.WaitGroup
	for i := range callers {
		ctx, group := t.Context(), &stayed
		if i < callers/2 {
			ctx, group = impatient, &left
		}
		group.Go(func() {
			got, err := c.together(ctx, "key", repository, time.Hour, do)
			if failure, ok := errors.AsType[*Error](err); ctx == impatient && (!ok || failure.Kind != Timeout) || ctx != impatient && got != "answer" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	c.flights.await(t, "key", callers)
	leave()
	left.Wait()
	close(release)
	stayed.Wait()
	if runs.Load() != 1 || cancelled.Load() != 0 || c.flights.waiting("key") != 0 {
		t.Errorf("%d runs, %d cancelled, want 1 and none", runs.Load(), cancelled.Load())
	}

	release = make(chan struct{})
	impatient, leave = context.WithCancel(t.Context())
	left.Go(func() { _, _ = c.together(impatient, "key", repository, time.Hour, do) })
	c.flights.await(t, "key", 1)
	leave()
	left.Wait()
	for cancelled.Load() == 0 {
		if t.Context().Err() != nil {
			t.Fatal("what nobody waits for goes on")
		}
		runtime.Gosched()
	}
	defer func() {
		if r := recover(); !strings.Contains(fmt.Sprint(r), "hostile") {
			t.Errorf("a panic became %v", r)
		}
	}()
	_, _ = c.together(t.Context(), "key", repository, time.Hour, func(context.Context) (any, error) { panic("hostile") })
}

// TestGreetingsKept: the number of registries whose greetings are kept is bounded, and removing an old greeting keeps a newer one.
func TestGreetingsKept(t *testing.T) {
	kept := newGreetings()
	of := func(host string) *greeting {
		one := &greeting{}
		one.base.Host = host
		kept.put(one)
		return one
	}
	for i := range 2 * maxGreetings {
		of(string(rune('a' + i)))
	}
	if got := kept.kept.Len(); got != maxGreetings {
		t.Errorf("%d greetings are kept, want %d", got, maxGreetings)
	}
	old, latest := of("x"), of("x")
	if kept.remove(old); kept.get("x") != latest {
		t.Error("a greeting that took the place of another one was removed with it")
	}
	if kept.remove(latest); kept.get("x") != nil {
		t.Error("a greeting was not removed")
	}
}
