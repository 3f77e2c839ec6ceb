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

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// asPlugin makes this program the plugin instead of a test.
const asPlugin = "TEST_AS_PLUGIN"

func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" || child.Requested(os.Args) {
		main()
	}
	os.Exit(m.Run())
}

// reading is a process of the plugin that reads a pipe to which nobody writes.
type reading struct {
	command *exec.Cmd
	stderr  bytes.Buffer
	done    chan error
}

// startReading returns once the process reads.
func startReading(t *testing.T) *reading {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	r := &reading{done: make(chan error, 1)}
	r.command = exec.CommandContext(ctx, os.Args[0], "lint", "-f", pipe)
	r.command.Env = append(os.Environ(), asPlugin+"=1")
	r.command.Stderr = &r.stderr
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.done <- r.command.Wait() }()
	writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // it waits for a reader
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	return r
}

// TestSignal: one signal ends a command that does not look at its context, with the exit code of a result that is unknown.
func TestSignal(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r := startReading(t)
		if err := r.command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err := <-r.done
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitUnknown || r.stderr.String() != "error: interrupted\n" {
			t.Errorf("%s: got %v and %q", signal, err, r.stderr.String())
		}
	}
}

// TestSecondSignal: another signal ends the process without waiting for anything.
func TestSecondSignal(t *testing.T) {
	r := startReading(t)
	for {
		_ = r.command.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-r.done:
			status, _ := r.command.ProcessState.Sys().(syscall.WaitStatus)
			if !status.Signaled() || status.Signal() != syscall.SIGTERM {
				t.Errorf("got %v and %q, want an end by the signal", err, r.stderr.String())
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// endless is standard input that has no end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

// TestOddFiles: whatever a name stands for, a command ends and says why.
func TestOddFiles(t *testing.T) {
	f := newFixture(t)
	limit := fmt.Sprintf(": the file is larger than %d MiB, the limit\n", manifests.MaxFileSize>>20)
	f.must(os.Mkdir("pipes", 0o750))
	f.must(syscall.Mkfifo("pipes/a.yaml", 0o600))
	f.write("pipes/b.yaml", f.trust("a", "Enforce", "app/signed"))
	f.must(os.Mkdir("loop", 0o750))
	f.must(os.Symlink("loop.yaml", "loop/loop.yaml"))
	f.must(os.Mkdir("circle", 0o750))
	f.must(os.Symlink("../circle", "circle/circle"))
	f.must(os.Symlink("/dev/zero", "circle/zero.yaml"))
	f.write("circle/b.yaml", f.trust("a", "Enforce", "app/signed"))
	f.must(os.MkdirAll("directory.yaml", 0o750))
	for name, test := range map[string]struct {
		path   string
		code   int
		stderr string
	}{
		"device":              {"/dev/zero", exitUsage, "error: /dev/zero" + limit},
		"pipe in a directory": {"pipes", exitOK, "skipped: pipes/a.yaml: it is not a regular file\n"},
		"link to itself":      {"loop", exitUsage, "error: loop/loop.yaml: it is a link that leads to nothing that can be read: too many levels of symbolic links\n"},
		"link around": {"circle", exitOK, "skipped: circle/circle: it is a link to a directory; name it to have it read\n" +
			"skipped: circle/zero.yaml: it is not a regular file\n"},
		"long":                 {strings.Repeat("x", 300), exitUsage, "error: BASE64: file name too long\n"},
		"very long":            {strings.Repeat("x/", 5000), exitUsage, "error: BASE64: file name too long\n"},
		"NUL":                  {"a\x00b", exitUsage, "error: a?b: invalid argument\n"},
		"empty":                {"", exitUsage, "error: \"\": no such file or directory\n"},
		"directory of no file": {"directory.yaml", exitUsage, "error: directory.yaml has no Kubernetes object: it has no *.yaml, *.yml or *.json file (--allow-empty allows this)\n"},
	} {
		if got := f.run("", "lint", "-f", test.path); got.code != test.code || got.stderr != test.stderr {
			t.Errorf("%s: exit code %d and %.200q, want %d and %.200q", name, got.code, got.stderr, test.code, test.stderr)
		}
	}
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"lint", "-f", "-"}, newStreams(endless{}, io.Discard, &stderr))
	if want := "error: standard input" + limit; code != exitUsage || stderr.String() != want {
		t.Errorf("standard input without end: exit code %d and %q", code, stderr.String())
	}
}

// TestNamesAreNoPaths: the name of a TrustRoot in a file leads nowhere, and the cache of one is named by a hash.
func TestNamesAreNoPaths(t *testing.T) {
	f := newFixture(t)
	f.must(f.sigstore().WriteTUFRepository("mirror"))
	mirror := httptest.NewServer(http.FileServer(http.Dir("mirror")))
	t.Cleanup(mirror.Close)
	root, err := os.ReadFile("mirror/root.json")
	f.must(err)
	write := func(file, name string) {
		encoded, err := yaml.Marshal(sigstore.RemoteTrustRoot(name, mirror.URL, root).Object)
		f.must(err)
		f.write(file, f.trust("app", "Enforce", "app/*", "trustRoot: {name: "+quote(name)+"}")+"---\n"+string(encoded))
	}
	command := func(file string) result {
		return f.run("", "verify", "REGISTRY/app/unsigned:v1", "-f", file, "--tuf-cache", "a/b/c/d/cache", "--insecure-registry", "REGISTRY")
	}
	for _, name := range []string{"../../../../../escaped", "..", ".", "a/b", "/etc", `a\b`, "A", "", "a\nb", "-", strings.Repeat("x", 254)} {
		write("trust-named.yaml", name)
		before := files(t)
		if got := command("trust-named.yaml"); got.code != exitUsage || !strings.Contains(got.stderr, "trust-named.yaml:") || strings.Count(got.stderr, "name") == 0 {
			t.Errorf("%q: exit code %d and %q", name, got.code, got.stderr)
		}
		if after := files(t); !slices.Equal(before, after) {
			t.Errorf("%q: files were written: %v", name, after)
		}
	}
	write("trust-named.yaml", "private")
	if got := command("trust-named.yaml"); got.code != exitUntrusted {
		t.Errorf("exit code %d and %q", got.code, got.stderr)
	}
	entries, err := filepath.Glob("a/b/c/d/cache/named/*")
	if err != nil || len(entries) != 1 || !regexp.MustCompile(`/named/[0-9a-f]{64}$`).MatchString(entries[0]) {
		t.Errorf("the cache is in %v: %v", entries, err)
	}
	got := f.run("", "verify", "REGISTRY/app/unsigned:v1", "-f", "trust.yaml", "--trust-root", "../x")
	if want := `error: --trust-root: "../x" cannot be the name of an object`; got.code != exitUsage || !strings.HasPrefix(got.stderr, want) {
		t.Errorf("exit code %d and %q, want %q", got.code, got.stderr, want)
	}
}
