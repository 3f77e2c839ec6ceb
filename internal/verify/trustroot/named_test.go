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

package trustroot_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// tufMirror serves the TUF repository of a Sigstore, until it is set to fail.
type tufMirror struct {
	url  string
	dir  string
	down atomic.Bool
}

func newTUFMirror(t *testing.T, s *sigstore.Sigstore) *tufMirror {
	t.Helper()
	m := &tufMirror{dir: t.TempDir()}
	if err := s.WriteTUFRepository(m.dir); err != nil {
		t.Fatal(err)
	}
	files := http.FileServer(http.Dir(m.dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *tufMirror) root(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.dir, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// named runs Named until the test ends; the channel receives changes.
func named(t *testing.T, cacheDir string) (*trustroot.Named, chan struct{}) {
	t.Helper()
	changes := make(chan struct{}, 16)
	n := trustroot.NewNamed(cacheDir, logr.Discard(), func(context.Context) { changes <- struct{}{} })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n, changes
}

// TestRemoteTrustRoot follows a TrustRoot in a TUF repository: fetched in the background, kept while the mirror is down and over a
// restart, replaced with its source, and gone with its object.
func TestRemoteTrustRoot(t *testing.T) {
	s := newSigstore(t)
	m := newTUFMirror(t, s)
	object := sigstore.RemoteTrustRoot("private", m.url, m.root(t))
	cache := t.TempDir()
	n, changes := named(t, cache)
	if got, err := n.Root(object); got != nil || !errors.Is(err, trustroot.ErrNotFetched) {
		t.Errorf("before the first fetch: got %v and %v", got, err)
	}
	<-changes
	first, err := n.Root(object)
	if err != nil || len(first.Material.RekorLogs()) != 2 {
		t.Fatalf("got %v and %v", first, err)
	}
	if again, err := n.Root(object); err != nil || again != first {
		t.Errorf("the second time: got %v and %v", again, err)
	}

	if got := n.Status()["private"]; !got.Remote || got.Confirmed.IsZero() || got.Root != first {
		t.Errorf("got the status %+v", got)
	}

	m.down.Store(true)
	restarted, changes := named(t, cache)
	_, _ = restarted.Root(object)
	<-changes
	if got := restarted.Status()["private"]; !got.Remote || !got.Confirmed.IsZero() || got.Root == nil {
		t.Errorf("got the status %+v without a mirror", got)
	}
	if got, err := restarted.Root(object); err != nil || got.Fingerprint != first.Fingerprint {
		t.Errorf("after a restart without the mirror: got %v and %v", got, err)
	}
	empty, changes := named(t, "")
	_, _ = empty.Root(object)
	<-changes
	if got, err := empty.Root(object); got != nil || err == nil || !strings.Contains(err.Error(), "answers 503 Service Unavailable") {
		t.Errorf("without mirror and cache: got %v and %v", got, err)
	}

	other := newTUFMirror(t, newSigstore(t))
	moved := sigstore.RemoteTrustRoot("private", other.url, other.root(t))
	if got, err := n.Root(moved); got != nil || !errors.Is(err, trustroot.ErrNotFetched) {
		t.Errorf("of another source, before its first fetch: got %v and %v", got, err)
	}
	n.Forget("private")
	if got := n.Status(); len(got) != 0 {
		t.Errorf("got the status %+v of a deleted TrustRoot", got)
	}
}

func TestRemoteTrustRootInvalid(t *testing.T) {
	n, _ := named(t, "")
	for name, object := range map[string]*unstructured.Unstructured{
		"no mirror":       sigstore.RemoteTrustRoot("private", "", []byte("{}")),
		"mirror in files": sigstore.RemoteTrustRoot("private", "file:///etc", []byte("{}")),
		"no root":         sigstore.RemoteTrustRoot("private", "https://tuf.test", nil),
	} {
		if got, err := n.Root(object); got != nil || !errors.Is(err, trustroot.ErrInvalid) {
			t.Errorf("%s: got %v and %v", name, got, err)
		}
	}
}

// TestPackedTrustRoot reads TUF repositories that are objects themselves.
func TestPackedTrustRoot(t *testing.T) {
	s := newSigstore(t)
	m := newTUFMirror(t, s)
	want := fromJSON(t, trustedRoot(t, s))
	for _, prefix := range []string{"repository/", "", "/", "./repository/"} {
		object := sigstore.PackedTrustRoot("private", pack(t, m.dir, prefix), m.root(t))
		got, err := trustroot.FromTrustRoot(object)
		if err != nil || got.Fingerprint != want.Fingerprint {
			t.Errorf("packed below %q: got %v and %v", prefix, got, err)
		}
	}
	n, _ := named(t, "")
	object := sigstore.PackedTrustRoot("private", pack(t, m.dir, "repository/"), m.root(t))
	object.SetUID("1")
	object.SetResourceVersion("1")
	first, err := n.Root(object)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := n.Root(object); err != nil || again != first {
		t.Errorf("the second time: got %v and %v", again, err)
	}

	whole := pack(t, m.dir, "repository/")
	other := newTUFMirror(t, newSigstore(t))
	for name, test := range map[string]struct {
		archive, root []byte
		message       string
	}{
		"another's root":  {whole, other.root(t), "spec.repository"},
		"no root":         {whole, nil, "spec.repository.root must be"},
		"cut off":         {whole[:len(whole)/2], m.root(t), "an incomplete archive"},
		"empty":           {pack(t, t.TempDir(), ""), m.root(t), "spec.repository"},
		"bomb":            {bomb(t), m.root(t), "more than 16 MiB"},
		"too many files":  {crowd(t), m.root(t), "more than 1000 files"},
		"not an archive":  {[]byte("x"), m.root(t), "not a compressed archive"},
		"names lead out":  {pack(t, m.dir, "../../"), []byte("{"), "spec.repository"},
		"root not a root": {whole, []byte("{}"), "spec.repository"},
	} {
		got, err := trustroot.FromTrustRoot(sigstore.PackedTrustRoot("private", test.archive, test.root))
		if got != nil || !errors.Is(err, trustroot.ErrInvalid) || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: got %v and %v, want an error with %q", name, got, err, test.message)
		}
	}
}

// pack makes an archive of a directory.
func pack(t *testing.T, dir, prefix string) []byte {
	t.Helper()
	return archived(t, func(add func(name string, content []byte)) {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(dir, path))
			add(prefix+path, content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// bomb is small until it is unpacked.
func bomb(t *testing.T) []byte {
	t.Helper()
	return archived(t, func(add func(string, []byte)) { add("root.json", make([]byte, 64<<20)) })
}

func crowd(t *testing.T) []byte {
	t.Helper()
	return archived(t, func(add func(string, []byte)) {
		for i := range 2000 {
			add(filepath.Join("targets", strings.Repeat("x", i%200+1), string(rune('a'+i%26))+strings.Repeat("y", i/26)), nil)
		}
	})
}

func archived(t *testing.T, fill func(add func(name string, content []byte))) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipped)
	fill(func(name string, content []byte) {
		if err := writer.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write(content); err != nil {
			t.Fatal(err)
		}
	})
	if err := errors.Join(writer.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}
