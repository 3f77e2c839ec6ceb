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

package scheduling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/bench/measure"
)

const (
	subscriber = "trust"
	hosts      = 8
	// coldImages and coldLatency are those of the run that is compared with the floor.
	coldImages  = 5000
	coldLatency = 50 * time.Millisecond
	// besideImages and besideLatency are those of a run beside a registry that throttles or hangs.
	besideImages  = 200
	besideLatency = 50 * time.Millisecond
	// otherImages are those of the registry that throttles or hangs.
	otherImages = 300
)

var errNotVerified = errors.New("not verified")

// work is a pool that works, and the notifications of its subscriber.
type work struct {
	*pool.Pool
	notified chan struct{}
	end      func()
}

// overHTTP verifies with requests to registries on loopback.
func overHTTP() pool.Verifier {
	return verify.New(verify.WithRegistry(registry.New(registry.WithLoopback())))
}

func begin(ctx context.Context, verifier pool.Verifier) *work {
	w := &work{notified: make(chan struct{}, 1)}
	w.Pool = pool.New(verifier, pool.Options{OnChange: func(name string) {
		if name != subscriber {
			return
		}
		select {
		case w.notified <- struct{}{}:
		default:
		}
	}})
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = w.Start(ctx) // it returns nil
	}()
	w.end = func() {
		cancel()
		<-stopped
	}
	return w
}

// verified waits until all requests are answered, which have to be about signed images.
func (w *work) verified(ctx context.Context, requests []pool.Request) error {
	open := map[pool.Key]bool{}
	take := func(k pool.Key, answer *pool.Answer) error {
		if answer.Fresh && answer.Result.Verdict != v1alpha1.VerdictVerified {
			return fmt.Errorf("%w: %s: %s", errNotVerified, answer.Result.Reason, answer.Result.Message)
		}
		if open[k] = true; answer.Fresh {
			delete(open, k)
		}
		return nil
	}
	for i, answer := range w.Answers(subscriber, requests, time.Time{}) {
		if err := take(requests[i].Key(), &answer); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		select {
		case <-w.notified:
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // it says all
		}
		for _, change := range w.Changes(subscriber) {
			if err := take(change.Key, &change.Answer); err != nil {
				return err
			}
		}
	}
	return nil
}

// coldVersusFloor measures the time until many images of some registries are verified, in proportion to that of their requests.
func coldVersusFloor(r *measure.Run, s *site) error {
	var count atomic.Int64
	requests, err := s.requests(coldImages, s.hosts(hosts, coldLatency, &count))
	if err != nil {
		return err
	}
	w := begin(r, overHTTP())
	defer w.end()
	began := time.Now()
	if err := w.verified(r, requests); err != nil {
		return err
	}
	took := time.Since(began)
	floor := time.Duration(count.Load()) * coldLatency / pool.DefaultWorkers
	r.Step("%d requests in %s, and at least %s", count.Load(), took.Round(time.Millisecond), floor)
	r.Figure(coldVsFloor, took.Seconds()/floor.Seconds())
	return nil
}

// beside measures the throughput of registries that answer while another does not, in proportion to that without it.
func beside(r *measure.Run, s *site, figure string, other http.HandlerFunc) error {
	var count atomic.Int64
	healthy := s.hosts(hosts, besideLatency, &count)
	bad := s.serve(other)
	once := func(with bool) measure.Sample {
		return func() (took float64, err error) {
			defer func() { r.Step("%s: %.1f s, with the other: %v", figure, took, with) }()
			requests, err := s.requests(besideImages, healthy)
			if err != nil {
				return 0, err
			}
			w := begin(r, overHTTP())
			defer w.end()
			if with {
				others, err := s.requests(otherImages, []string{bad})
				if err != nil {
					return 0, err
				}
				for i := range others {
					others[i].Namespaces = []string{"other"}
				}
				w.Answers("other", others, time.Time{})
			}
			return measure.Wall(func() error { return w.verified(r, requests) })()
		}
	}
	ratio, err := measure.Ratio(measure.MinPairs, once(false), once(true))
	if err != nil {
		return err
	}
	r.Figure(figure, ratio)
	return nil
}

// throttles answers that there are too many requests.
func throttles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
}

// hangs answers nothing.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
