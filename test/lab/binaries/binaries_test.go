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

package binaries

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	t.Run("in KUBEBUILDER_ASSETS", func(t *testing.T) {
		assets := t.TempDir()
		want := filepath.Join(assets, Kubectl)
		if err := os.WriteFile(want, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(assetsVariable, assets)
		if got, err := Find(Kubectl); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
	t.Run("not built", func(t *testing.T) {
		root := emptyRepository(t)
		t.Setenv(assetsVariable, "")
		_, err := Find(Etcd)
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "make controlplane") {
			t.Errorf("got %v, want %v and what to do", err, ErrMissing)
		}
		want := filepath.Join(root, "bin", Etcd)
		if err := os.MkdirAll(filepath.Dir(want), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(want, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		if got, err := Find(Etcd); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
	t.Run("of no such name", func(t *testing.T) {
		if path, err := Find("kubelet"); err == nil || errors.Is(err, ErrMissing) {
			t.Errorf("got %q, %v", path, err)
		}
	})
}

func TestRootOutside(t *testing.T) {
	t.Chdir(t.TempDir())
	if root, err := Root(); err == nil {
		t.Errorf("found %s", root)
	}
}

func TestKubernetesVersion(t *testing.T) {
	want := []string{
		"-X", "k8s.io/component-base/version.gitVersion=v1.23.4",
		"-X", "k8s.io/component-base/version.gitMajor=1",
		"-X", "k8s.io/component-base/version.gitMinor=23",
		"-X", "k8s.io/component-base/version.gitTreeState=clean",
	}
	if diff := cmp.Diff(want, kubernetesVersion("v1.23.4")); diff != "" {
		t.Errorf("ldflags differ (-want +got):\n%s", diff)
	}
}

// TestEveryProgramIsPinned fails when a program's module is dropped from its
// tool module.
func TestEveryProgramIsPinned(t *testing.T) {
	for _, p := range programs() {
		version, err := Version(p.name)
		if err != nil || !strings.HasPrefix(version, "v") {
			t.Errorf("%s: %q, %v", p.name, version, err)
		}
	}
}

// TestPolicyControllerReleases compares the table with what the tool modules pin.
func TestPolicyControllerReleases(t *testing.T) {
	for _, release := range PolicyControllerReleases() {
		for _, name := range []string{release.Webhook, release.Tester} {
			if version, err := Version(name); err != nil || version != release.Version {
				t.Errorf("%s: %q, %v, want %s", name, version, err, release.Version)
			}
		}
	}
}

func TestEnsureOfNoSuchName(t *testing.T) {
	emptyRepository(t)
	if err := Ensure(t.Context(), nil, Etcd, "kubelet"); err == nil || !strings.Contains(err.Error(), "kubelet") {
		t.Errorf("got %v, want an error about kubelet", err)
	}
}

// TestBuild builds a small program of a module that requires nothing.
func TestBuild(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.test/small\n\ngo 1.26.0\n")
	write("go.sum", "")
	write("main.go", "package main\n\nfunc main() {}\n")
	newBuild := func() build {
		t.Helper()
		b := build{
			program: program{name: "small", module: "example.test/small"},
			dir:     dir,
			output:  filepath.Join(dir, "small"),
			env:     append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false"),
		}
		var err error
		if b.hash, err = b.inputs(t.Context()); err != nil {
			t.Fatal(err)
		}
		return b
	}

	b := newBuild()
	if b.upToDate() {
		t.Error("up to date before it was built")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.run(cancelled); !errors.Is(err, context.Canceled) || b.upToDate() {
		t.Errorf("a cancelled build: got %v, want %v, and not up to date", err, context.Canceled)
	}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !newBuild().upToDate() {
		t.Error("not up to date after it was built")
	}
	write("go.mod", "module example.test/small\n\ngo 1.26.0\n\n// changed\n")
	if newBuild().upToDate() {
		t.Error("still up to date after go.mod changed")
	}
	write("main.go", "package main\n\nfunc main() { nonsense }\n")
	if err := newBuild().run(t.Context()); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a failing build: got %v, want the compiler's words", err)
	}
	if leftovers, err := filepath.Glob(filepath.Join(dir, "*.unfinished")); err != nil || len(leftovers) > 0 {
		t.Errorf("left behind: %v, %v", leftovers, err)
	}
}

func TestProgress(t *testing.T) {
	var out strings.Builder
	r := newReporter(&out, 2)
	for _, name := range []string{Etcd, Kubectl} {
		r.start(name)
		r.done()
	}
	r.close()
	want := headline + "; 1 of 2: etcd)    0 s\n" + headline + "; 2 of 2: kubectl)    0 s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output differs (-want +got):\n%s", diff)
	}
}

// emptyRepository makes a repository without programs the working directory.
func emptyRepository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module "+modulePath+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(root, "test", "some")
	if err := os.MkdirAll(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inside)
	return root
}
