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
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// versions serves the versions of a TUF repository, one at a time.
type versions struct {
	repository *sigstore.TUFRepository
	dirs       map[int64]string
	now        atomic.Int64
	server     *httptest.Server
}

// newVersions makes versions that are valid for an hour.
func newVersions(t *testing.T, numbers ...int64) *versions {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	v := &versions{dirs: map[int64]string{}}
	if v.repository, err = sigstore.NewTUFRepository(trusted); err != nil {
		t.Fatal(err)
	}
	for _, number := range numbers {
		v.dirs[number] = t.TempDir()
		if err := v.repository.Write(v.dirs[number], number, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	v.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.FileServer(http.Dir(v.dirs[v.now.Load()])).ServeHTTP(w, r)
	}))
	t.Cleanup(v.server.Close)
	v.now.Store(numbers[0])
	return v
}

func (v *versions) root(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(v.dirs[v.now.Load()], "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// packDirectory makes an archive of a directory.
func packDirectory(t *testing.T, dir string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipped)
	if err := errors.Join(writer.AddFS(os.DirFS(dir)), writer.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestRollback: a mirror that shows an older version of its repository, which has not expired, is not believed, with and
// without a cache. What was fetched before stays in use.
func TestRollback(t *testing.T) {
	for name, cache := range map[string]string{"no cache": "", "cache": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			v := newVersions(t, 5, 4, 6)
			d := NewDefault(Repository{Mirror: v.server.URL, Root: v.root(t), CacheDir: cache}, logr.Discard())
			if err := d.fetch(t.Context()); err != nil {
				t.Fatal(err)
			}
			first, _ := d.Current()
			confirmed := d.Fetched()
			v.now.Store(4)
			err := d.fetch(t.Context())
			if err == nil || cache == "" && (!errors.Is(err, ErrRollback) || !strings.HasSuffix(err.Error(), "has older metadata than before")) {
				t.Errorf("of an older version: got %v", err)
			}
			if root, err := d.Current(); root != first || err != nil || d.Fetched() != confirmed {
				t.Errorf("got %v and %v, confirmed at %s", root, err, d.Fetched())
			}
			for _, version := range []int64{5, 6, 6} {
				v.now.Store(version)
				if err := d.fetch(t.Context()); err != nil {
					t.Errorf("of version %d: %v", version, err)
				}
			}
		})
	}
}

// TestSince: what the roles of a repository may do from one fetch to the next.
func TestSince(t *testing.T) {
	state := func(root int64, keys string, others int64) tufState {
		return tufState{metadata.ROOT: {version: root, keys: keys}, metadata.TIMESTAMP: {version: others}, metadata.SNAPSHOT: {version: others}}
	}
	for name, test := range map[string]struct {
		before, after tufState
		rollback      bool
	}{
		"first":                            {nil, state(1, "a", 1), false},
		"same":                             {state(1, "a", 5), state(1, "a", 5), false},
		"newer":                            {state(1, "a", 5), state(2, "a", 6), false},
		"older":                            {state(1, "a", 5), state(1, "a", 4), true},
		"older below a newer root":         {state(1, "a", 5), state(2, "a", 4), true},
		"starts again with other keys":     {state(1, "a", 5), state(2, "b", 1), false},
		"an older root":                    {state(2, "a", 5), state(1, "a", 6), true},
		"other keys in a root of the same": {state(2, "a", 5), state(2, "b", 4), true},
		"from files only":                  {state(2, "a", 5), nil, false},
	} {
		after, err := test.after.since(test.before)
		if errors.Is(err, ErrRollback) != test.rollback || !test.rollback && after[metadata.ROOT].version < test.before[metadata.ROOT].version {
			t.Errorf("%s: got %v and %v", name, after, err)
		}
	}
}

// TestPackedTrustRootExpires: the object and its version stay the same, and the clock goes on.
func TestPackedTrustRootExpires(t *testing.T) {
	v := newVersions(t, 1)
	now := time.Now()
	n := NewNamed("", logr.Discard(), func(context.Context) {})
	n.now = func() time.Time { return now }
	object := sigstore.PackedTrustRoot("private", packDirectory(t, v.dirs[1]), v.root(t))
	object.SetUID("1")
	object.SetResourceVersion("1")
	root, err := n.Root(object)
	if err != nil || root.Expires.IsZero() || root.Expires.After(now.Add(time.Hour)) {
		t.Fatalf("got %v and %v, want one that expires within the hour", root, err)
	}
	now = root.Expires.Add(-time.Second)
	if got, err := n.Root(object); got != root || err != nil {
		t.Errorf("before it expires: got %v and %v", got, err)
	}
	now = root.Expires
	if got, err := n.Root(object); got != nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "its metadata expired at "+root.Expires.UTC().Format(time.RFC3339)) {
		t.Errorf("after that: got %v and %v", got, err)
	}
}

// TestMirrorInLogs: neither the log nor the error has the user, the password or the query of the mirror's URL.
func TestMirrorInLogs(t *testing.T) {
	v := newVersions(t, 1)
	var log bytes.Buffer
	logger := funcr.New(func(prefix, args string) { fmt.Fprintln(&log, prefix, args) }, funcr.Options{Verbosity: 9})
	withSecrets := strings.Replace(v.server.URL, "http://", "http://someone:s3cr3t@", 1)
	for _, mirror := range []string{withSecrets, withSecrets + "/nowhere?token=t0k3n", "http://someone:s3cr3t@127.0.0.1:1?token=t0k3n"} {
		d := NewDefault(Repository{Mirror: mirror, Root: v.root(t)}, logger)
		d.interval, d.timeout = time.Hour, time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		<-d.Changed()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := d.Current(); err != nil {
			fmt.Fprintln(&log, err)
		}
	}
	for _, secret := range []string{"someone", "s3cr3t", "t0k3n"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log.String())
		}
	}
	if strings.Count(log.String(), "[redacted]") < 3 {
		t.Errorf("the log names no mirror:\n%s", log.String())
	}
}

// endless is a TUF repository whose files have as many bytes as one asks for, or as many as the test says.
type endless struct{ content []byte }

func (e endless) DownloadFile(_ string, limit int64, _ time.Duration) ([]byte, error) {
	if e.content == nil {
		return make([]byte, limit), nil
	}
	return e.content, nil
}

// TestDownloads: neither signed lengths nor the number of files or elements are limits that a repository sets itself.
func TestDownloads(t *testing.T) {
	d := &downloads{next: endless{}, targets: "https://mirror.test/targets/"}
	if content, err := d.DownloadFile("https://mirror.test/targets/trusted_root.json", 1<<40, 0); err != nil || len(content) != maxSize {
		t.Errorf("of a target: got %d bytes and %v", len(content), err)
	}
	if content, _ := d.DownloadFile("https://mirror.test/9.snapshot.json", 1<<40, 0); len(content) != maxMetadata {
		t.Errorf("of metadata: got %d bytes", len(content))
	}
	for range 2 * maxDownloads {
		_, _ = d.DownloadFile("https://mirror.test/targets/x", 1, 0)
	}
	if _, err := d.DownloadFile("https://mirror.test/targets/x", 1, 0); err == nil {
		t.Error("there is no limit on the number of files")
	}
	for name, content := range map[string][]byte{
		"elements": []byte(`{"signed":{"meta":[` + strings.Repeat("{},", 100_000) + `{}]}}`),
		"depth":    []byte(strings.Repeat("[", 100_000)),
	} {
		d := &downloads{next: endless{content}, targets: "https://mirror.test/targets/"}
		if _, err := d.DownloadFile("https://mirror.test/timestamp.json", 1<<20, 0); err == nil || !strings.Contains(err.Error(), "the limit") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestMirrorIsNoPath: the URL of a mirror is a part of the path of its cache.
func TestMirrorIsNoPath(t *testing.T) {
	v := newVersions(t, 1)
	for _, mirror := range []string{"https://..", "https://.", `https://\..\..\x`, "..", "http://.."} {
		cache := t.TempDir()
		_, _, err := Repository{Mirror: mirror, Root: v.root(t), CacheDir: filepath.Join(cache, "a", "b")}.fetch(t.Context(), false)
		if entries, _ := os.ReadDir(cache); err == nil || len(entries) > 0 {
			t.Errorf("%s: got %v, and %v was written", mirror, err, entries)
		}
		if _, err := Load(t.Context(), sigstore.RemoteTrustRoot("x", mirror, v.root(t)), Repository{CacheDir: cache}); !errors.Is(err, ErrInvalid) {
			t.Errorf("TrustRoot with %s: got %v", mirror, err)
		}
	}
}

// TestMirrorRedirects: a mirror may redirect to itself, but not to others.
func TestMirrorRedirects(t *testing.T) {
	v := newVersions(t, 1)
	asked := atomic.Int64{}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(other.Close)
	for to, usable := range map[string]bool{"": true, other.URL: false} {
		mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path, ok := strings.CutPrefix(r.URL.Path, "/moved"); ok {
				r.URL.Path = path
				http.FileServer(http.Dir(v.dirs[1])).ServeHTTP(w, r)
				return
			}
			w.Header().Set("Location", to+"/moved"+r.URL.Path)
			w.WriteHeader(http.StatusFound)
		}))
		t.Cleanup(mirror.Close)
		root, _, err := Repository{Mirror: mirror.URL, Root: v.root(t)}.fetch(t.Context(), false)
		if usable != (root != nil) || usable != (err == nil) {
			t.Errorf("redirects to %q: got %v and %v", to, root, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("another server was asked %d times", n)
	}
}
