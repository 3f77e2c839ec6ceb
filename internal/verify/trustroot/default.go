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

package trustroot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/tracing"
)

const (
	// refreshInterval is the time between two fetches of the root of trust.
	refreshInterval = 24 * time.Hour
	// fetchTimeout bounds one fetch, which is about ten small requests.
	fetchTimeout = time.Minute
)

// retry is the backoff after failed fetches: 5 s at first, up to 10 minutes.
func retry() wait.Backoff {
	return wait.Backoff{Duration: 5 * time.Second, Factor: 2, Jitter: 0.2, Steps: 8, Cap: 10 * time.Minute}
}

// ErrNotFetched is the error until the first fetch ends, whether it succeeds or fails.
var ErrNotFetched = errors.New("the root of trust has not been fetched yet")

// Default is the root of trust of policies that name none. It is fetched from a TUF repository and kept up to date. A fetched
// root is used until a newer one is fetched, however long the repository is unavailable.
type Default struct {
	repository Repository
	log        logr.Logger
	changed    chan struct{}

	// interval, timeout and backoff are fields so that tests can set them.
	interval, timeout time.Duration
	backoff           wait.Backoff

	mu      sync.RWMutex
	root    *Root
	fetched time.Time
	err     error

	// seen is the metadata of the last fetch. Only Run uses it.
	seen tufState
}

// NewDefault returns a Default without a root of trust until Run is called.
func NewDefault(repository Repository, log logr.Logger) *Default {
	return &Default{
		repository: repository,
		log:        log,
		changed:    make(chan struct{}, 1),
		interval:   refreshInterval,
		timeout:    fetchTimeout,
		backoff:    retry(),
		err:        ErrNotFetched,
	}
}

// Current returns the latest root of trust, or why there is none.
func (d *Default) Current() (*Root, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.root, d.err
}

// Fetched returns when the repository last confirmed the current root; zero if it never did.
func (d *Default) Fetched() time.Time {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.fetched
}

// Changed receives a value after Current has changed. Several changes may cause one value.
func (d *Default) Changed() <-chan struct{} { return d.changed }

// Run fetches the root of trust at once, then once a day, and earlier after a failure. It returns nil when ctx ends.
func (d *Default) Run(ctx context.Context) error {
	backoff := d.backoff
	for {
		next := d.interval
		if err := d.fetch(ctx); err != nil {
			next = backoff.Step()
			d.log.Error(cause(err), "Fetching the root of trust failed",
				"mirror", text.WithoutSecrets(d.repository.mirror()), "retryAfter", next.String())
		} else {
			backoff = d.backoff
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(next):
		}
	}
}

func (d *Default) fetch(ctx context.Context) error {
	ctx, span := tracing.Start(ctx, tracing.RootOfTrust, trace.WithNewRoot(),
		trace.WithAttributes(tracing.String(tracing.ServerAddress, d.repository.host())))
	defer span.End()
	err := d.refresh(ctx)
	if err != nil {
		tracing.Fail(span, "fetch", err.Error())
	}
	if root, _ := d.Current(); root != nil {
		span.SetAttributes(tracing.RootFingerprint.String(root.Fingerprint))
	}
	return err
}

func (d *Default) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	root, state, err := d.repository.fetch(ctx, false)
	if err == nil {
		// Without a cache, go-tuf does not know what the repository had before.
		if state, err = state.since(d.seen); err == nil {
			d.seen = state
			d.update(root, time.Now())
			return nil
		}
	}
	err = d.repository.unavailable(err)
	if current, _ := d.Current(); current != nil {
		return err
	}
	// After a restart without a network the cached root is used while it is valid.
	if d.repository.CacheDir != "" {
		if root, _, cacheErr := d.repository.fetch(ctx, true); cacheErr == nil {
			d.update(root, time.Time{})
			return err
		}
	}
	d.mu.Lock()
	changed := d.err.Error() != err.Error()
	d.err = err
	d.mu.Unlock()
	if changed {
		d.notify()
	}
	return err
}

func (d *Default) update(root *Root, fetched time.Time) {
	d.mu.Lock()
	changed := d.root == nil || d.root.Fingerprint != root.Fingerprint
	if changed {
		// An equal root stays the same pointer, for callers that compare.
		d.root = root
	}
	d.err = nil
	d.fetched = fetched
	d.mu.Unlock()
	if changed {
		d.log.Info("Root of trust changed", "mirror", text.WithoutSecrets(d.repository.mirror()), "fingerprint", root.Fingerprint)
		d.notify()
	}
}

// cause is what made a fetch fail, for logs. The URL of the mirror may contain credentials.
func cause(err error) error {
	return errors.New(text.Printable(text.WithoutSecrets(errors.Unwrap(err).Error())))
}

// notify sends to the channel of Changed, unless it already has a value.
func (d *Default) notify() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}
