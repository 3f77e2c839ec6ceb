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
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// inPlace runs pin --in-place in a fixture. What begins with a dash is a flag.
func (f *fixture) inPlace(arguments ...string) result {
	f.t.Helper()
	args := []string{"pin", "-f", "trust.yaml", "--in-place", "--trusted-root", "trusted_root.json", "--insecure-registry", "REGISTRY"}
	for _, path := range arguments {
		if !strings.HasPrefix(path, "-") {
			args = append(args, "--manifests")
		}
		args = append(args, path)
	}
	return f.run("", args...)
}

// files returns the names of all files below the current directory.
func files(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, _ os.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPinInPlaceLinks: a link that leads out of the directory is not written through, whether it names a file or a part of
// its path. A link within is, and stays a link.
func TestPinInPlaceLinks(t *testing.T) {
	f := newFixture(t)
	content := deployment("signed", "REGISTRY/app/signed:v1")
	f.write("elsewhere/other.yaml", content)
	f.write("repo/a.yaml", content)
	f.write("repo/below/b.yaml", content)
	f.must(os.Symlink("../elsewhere/other.yaml", "repo/out.yaml"))
	f.must(os.Symlink("below/b.yaml", "repo/within.yaml"))
	before, outside := files(t), f.readFile("elsewhere/other.yaml")
	got := f.inPlace("repo")
	if want := "repo/out.yaml:14: " + registryPlaceholder + "/app/signed:v1 is not pinned: the file is a link that leads out of the directory repo, to "; got.code != exitUntrusted || !strings.Contains(got.stderr, want) {
		t.Errorf("exit code %d and %q, want %q", got.code, got.stderr, want)
	}
	if now := f.readFile("elsewhere/other.yaml"); now != outside {
		t.Errorf("a file outside of the directory was written:\n%s", now)
	}
	for _, name := range []string{"repo/a.yaml", "repo/below/b.yaml", "repo/within.yaml"} {
		if !strings.Contains(f.readFile(name), "@sha256:") {
			t.Errorf("%s is not pinned", name)
		}
	}
	if info, err := os.Lstat("repo/within.yaml"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link within the directory is %v: %v", info, err)
	}
	if after := files(t); !slices.Equal(before, after) {
		t.Errorf("files were left behind: %v", after)
	}
	if got := f.inPlace("repo/out.yaml"); got.code != exitUntrusted || f.readFile("elsewhere/other.yaml") != outside {
		t.Errorf("named itself: exit code %d and %q", got.code, got.stderr)
	}
	if got := f.inPlace("elsewhere/other.yaml"); got.code != exitOK || f.readFile("elsewhere/other.yaml") == outside {
		t.Errorf("its target: exit code %d and %q", got.code, got.stderr)
	}
}

// TestPinInPlaceEditedMeanwhile: what somebody writes into a file while a registry is asked stays, and the other files are pinned.
func TestPinInPlaceEditedMeanwhile(t *testing.T) {
	f := newFixture(t)
	f.write("repo/a.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	f.write("repo/b.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	edited := f.readFile("repo/a.yaml") + "# edited meanwhile\n"
	edit := func() { _ = os.WriteFile("repo/a.yaml", []byte(edited), 0o600) }
	f.asked.Store(&edit)
	before := files(t)
	got := f.inPlace("repo")
	if want := "error: repo/a.yaml: the file was changed after it was read: run the command again\n"; got.code != exitUnknown || !strings.HasSuffix(got.stderr, want) ||
		!strings.Contains(got.stderr, "1 of 2 images pinned") {
		t.Errorf("exit code %d and %q, want %q", got.code, got.stderr, want)
	}
	if now := f.readFile("repo/a.yaml"); now != edited {
		t.Errorf("the edit is gone:\n%s", now)
	}
	if !strings.Contains(f.readFile("repo/b.yaml"), "@sha256:") {
		t.Error("the other file is not pinned")
	}
	if after := files(t); !slices.Equal(before, after) {
		t.Errorf("files were left behind: %v", after)
	}
}

// TestReplaceFile: permissions stay, and what cannot be replaced stays as it is.
func TestReplaceFile(t *testing.T) {
	t.Chdir(t.TempDir())
	const before, after = "before", "after"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll("tree", 0o750))
	must(os.WriteFile("tree/a.yaml", []byte(before), 0o600))
	must(os.Chmod("tree/a.yaml", 0o646))
	must(os.Link("tree/a.yaml", "outside.yaml"))
	must(os.Symlink("a.yaml", "tree/link.yaml"))
	must(os.Symlink("loop.yaml", "tree/loop.yaml"))
	must(syscall.Mkfifo("tree/pipe.yaml", 0o600))
	names := files(t)

	must(replaceFile("tree", "tree/a.yaml", []byte(before), []byte(after)))
	if content, err := os.ReadFile("tree/a.yaml"); err != nil || string(content) != after {
		t.Errorf("got %q and %v", content, err)
	}
	if info, err := os.Stat("tree/a.yaml"); err != nil || info.Mode() != 0o646 {
		t.Errorf("got %v and %v", info.Mode(), err)
	}
	if content, err := os.ReadFile("outside.yaml"); err != nil || string(content) != before {
		t.Errorf("another name of the file, outside of the tree: got %q and %v", content, err)
	}
	if err := replaceFile("tree", "tree/link.yaml", []byte(before), []byte(after)); err != nil {
		t.Errorf("another name of a file that is replaced already: %v", err)
	}
	if err := replaceFile("tree", "tree/a.yaml", []byte(before), []byte("other")); !errors.Is(err, errChanged) {
		t.Errorf("of a file that was changed: %v", err)
	}
	for _, name := range []string{"tree/loop.yaml", "tree/pipe.yaml", "tree/missing.yaml", "tree/" + strings.Repeat("x", 5000), "tree"} {
		if err := replaceFile("tree", name, nil, []byte(after)); err == nil {
			t.Errorf("%.20s was replaced", name)
		}
	}
	if os.Getuid() != 0 { // root may write everything
		must(os.Chmod("tree/a.yaml", 0o444))
		if err := replaceFile("tree", "tree/a.yaml", []byte(after), []byte("other")); err == nil {
			t.Error("a file that must not be written was replaced")
		}
	}
	if content, err := os.ReadFile("tree/a.yaml"); err != nil || !bytes.Equal(content, []byte(after)) {
		t.Errorf("in the end: got %q and %v", content, err)
	}
	if after := files(t); !slices.Equal(names, after) {
		t.Errorf("files were left behind: %v", after)
	}
}
