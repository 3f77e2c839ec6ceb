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
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// refreshInterval is how often the root of trust is fetched anew.
	refreshInterval = 24 * time.Hour
	// fetchTimeout bounds one fetch, which is some ten small requests.
	fetchTimeout = time.Minute
)

// retry is how long to wait after a failed fetch: 5 s at first, up to 10 minutes.
func retry() wait.Backoff {
	return wait.Backoff{Duration: 5 * time.Second, Factor: 2, Jitter: 0.2, Steps: 8, Cap: 10 * time.Minute}
}

// ErrNotFetched is why there is no root of trust until the first fetch ends, well or badly.
var ErrNotFetched = errors.New("the root of trust has not been fetched yet")

// Default is the root of trust of policies that name none, kept fresh from a TUF repository. A root once
// fetched is kept until a newer one arrives, however long the repository is down.
type Default struct {
	repository Repository
	log        logr.Logger
	changed    chan struct{}

	// Fields and not constants for tests, which cannot wait.
	interval, timeout time.Duration
	backoff           wait.Backoff

	mu      sync.RWMutex
	root    *Root
	fetched time.Time
	err     error
}

// NewDefault returns a Default that has no root of trust before it runs.
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

// Current returns the root of trust fetched last, or why there is none.
func (d *Default) Current() (*Root, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.root, d.err
}

// Fetched tells when the repository last confirmed the current root; zero if it never did.
func (d *Default) Fetched() time.Time {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.fetched
}

// Changed receives a value after Current has changed: several changes may give one.
func (d *Default) Changed() <-chan struct{} { return d.changed }

// Run fetches the root of trust at once, then once a day, and sooner while that fails. It returns nil
// when ctx ends, and never otherwise.
func (d *Default) Run(ctx context.Context) error {
	backoff := d.backoff
	for {
		next := d.interval
		if err := d.fetch(ctx); err != nil {
			next = backoff.Step()
			d.log.Error(errors.Unwrap(err), "fetching the root of trust", "mirror", d.repository.mirror(), "retryAfter", next.String())
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
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	root, err := d.repository.fetch(ctx, false)
	if err == nil {
		d.keep(root, time.Now())
		return nil
	}
	err = d.repository.unavailable(err)
	if current, _ := d.Current(); current != nil {
		return err
	}
	// After a restart without a network, what was kept on disk will do while it is valid.
	if d.repository.CacheDir != "" {
		if root, cacheErr := d.repository.fetch(ctx, true); cacheErr == nil {
			d.keep(root, time.Time{})
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

func (d *Default) keep(root *Root, fetched time.Time) {
	d.mu.Lock()
	changed := d.root == nil || d.root.Fingerprint != root.Fingerprint
	if changed {
		// The same root keeps its identity, for those who compare.
		d.root = root
	}
	d.err = nil
	d.fetched = fetched
	d.mu.Unlock()
	if changed {
		d.log.Info("Fetched the root of trust", "mirror", d.repository.mirror(), "fingerprint", root.Fingerprint)
		d.notify()
	}
}

func (d *Default) notify() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}
