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
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// mirror serves a TUF repository, and can be broken.
type mirror struct {
	repository Repository
	root       *Root
	broken     atomic.Pointer[http.HandlerFunc]
	requests   atomic.Int64
}

func newMirror(t *testing.T) *mirror {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := s.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	m := &mirror{}
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.requests.Add(1)
		if broken := m.broken.Load(); broken != nil {
			(*broken)(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	start, err := os.ReadFile(filepath.Join(dir, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	m.repository = Repository{Mirror: server.URL, Root: start}
	encoded, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	if m.root, err = FromJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *mirror) answer(handler http.HandlerFunc) {
	if handler == nil {
		m.broken.Store(nil)
		return
	}
	m.broken.Store(&handler)
}

// run runs a Default that does not dawdle, until the test ends.
func run(t *testing.T, repository Repository) *Default {
	t.Helper()
	d := NewDefault(repository, logr.Discard())
	d.interval = 10 * time.Millisecond
	d.backoff = wait.Backoff{Duration: 10 * time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	return d
}

func unavailable(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestDefault(t *testing.T) {
	m := newMirror(t)
	m.answer(unavailable(http.StatusServiceUnavailable))
	d := NewDefault(m.repository, logr.Discard())
	if root, err := d.Current(); root != nil || err == nil {
		t.Errorf("before it runs: got %v and %v", root, err)
	}
	d = run(t, m.repository)
	<-d.Changed()
	root, err := d.Current()
	if want := " answers 503 Service Unavailable"; root != nil || err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("of a broken mirror: got %v and %v, want %q", root, err, want)
	}
	if !d.Fetched().IsZero() {
		t.Error("fetched nothing, but at a time")
	}

	m.answer(nil)
	<-d.Changed()
	root, err = d.Current()
	if err != nil || root.Fingerprint != m.root.Fingerprint || d.Fetched().IsZero() {
		t.Fatalf("of a mirror that is repaired: got %v and %v", root, err)
	}

	m.answer(unavailable(http.StatusInternalServerError))
	for seen := m.requests.Load(); m.requests.Load() < seen+3; {
		time.Sleep(time.Millisecond) // until it has been tried again and again
	}
	if kept, err := d.Current(); err != nil || kept != root {
		t.Errorf("of a mirror that broke: got %v and %v, want the last good root", kept, err)
	}
	select {
	case <-d.Changed():
		t.Error("notified without a change")
	default:
	}
}

func TestDefaultErrors(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	garbage := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for _, err := w.Write(make([]byte, 64<<10)); err == nil; {
			_, err = w.Write(make([]byte, 64<<10))
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"hang":    {hang, "does not answer in time"},
		"garbage": {garbage, "has no usable trusted root"},
		"endless": {endless, "has no usable trusted root"},
		"denied":  {unavailable(http.StatusUnauthorized), "answers 401 Unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMirror(t)
			m.answer(test.handler)
			d := NewDefault(m.repository, logr.Discard())
			d.timeout = 500 * time.Millisecond
			if err := d.fetch(t.Context()); err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			m.answer(nil)
			d.timeout = time.Minute
			if err := d.fetch(t.Context()); err != nil {
				t.Errorf("once it is repaired: %v", err)
			}
		})
	}
}

// TestDefaultForeignRoot: a mirror is believed only as far as the root that trust starts from goes.
func TestDefaultForeignRoot(t *testing.T) {
	m, other := newMirror(t), newMirror(t)
	m.repository.Root = other.repository.Root
	d := NewDefault(m.repository, logr.Discard())
	if err := d.fetch(t.Context()); err == nil {
		t.Error("a root of trust from a repository that others signed")
	}
	if root, err := d.Current(); root != nil || err == nil {
		t.Errorf("got %v and %v", root, err)
	}
}

// TestDefaultCache: after a restart without a mirror, what is on disk will do.
func TestDefaultCache(t *testing.T) {
	m := newMirror(t)
	m.repository.CacheDir = t.TempDir()
	d := NewDefault(m.repository, logr.Discard())
	if err := d.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.answer(unavailable(http.StatusServiceUnavailable))
	restarted := NewDefault(m.repository, logr.Discard())
	if err := restarted.fetch(t.Context()); err == nil {
		t.Error("no notification about the broken mirror")
	}
	root, err := restarted.Current()
	if err != nil || root.Fingerprint != m.root.Fingerprint {
		t.Errorf("got %v and %v", root, err)
	}
	if !restarted.Fetched().IsZero() {
		t.Error("confirmed by a mirror that is down")
	}
}

// TestRepositoryPublicGood: without configuration, trust starts from what is part of the program.
func TestRepositoryPublicGood(t *testing.T) {
	if got := (Repository{}).mirror(); got != "https://tuf-repo-cdn.sigstore.dev" {
		t.Errorf("got %s", got)
	}
}
