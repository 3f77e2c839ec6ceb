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

package documents

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/filelock"
)

// worktree is a copy of the repository, which commands may write to, and the home directory of a reader.
type worktree struct {
	lock    *filelock.Lock
	dir     string // of everything
	root    string // of the copy
	home    string
	env     []string // of a reader, before there is a cluster
	tracked map[string]bool
}

// programsOfReaders are those that a reader has installed; cosign is found by its name without a version.
var programsOfReaders = []string{binaries.Cosign, "helm"}

// ownFiles are not linked to those in bin: what make builds, and the lock of those who build.
var ownFiles = []string{"manager", "kubectl-imagetrust", ".lock", "documents.lock"}

func newWorktree(ctx context.Context) (*worktree, error) {
	source, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	// Always the same directory, so that Go's cache has what was compiled in it.
	dir := filepath.Join(source, "bin", "documents")
	lock, err := filelock.Acquire(ctx, dir+".lock", nil)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	w := &worktree{lock: lock, dir: dir, root: filepath.Join(dir, "image-trust"), home: filepath.Join(dir, "home"), tracked: map[string]bool{}}
	for _, made := range []string{w.path(), w.localBin(), filepath.Join(w.home, ".kube"), filepath.Join(w.root, "bin"), filepath.Join(dir, "scripts")} {
		if err := os.MkdirAll(made, 0o750); err != nil {
			return nil, err
		}
	}
	list := exec.CommandContext(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	list.Dir = source
	files, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the files of the repository: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		if err := w.copy(source, name); err != nil {
			return nil, err
		}
	}
	if err := w.linkPrograms(source); err != nil {
		return nil, err
	}
	if err := w.writeKubectl(); err != nil {
		return nil, err
	}
	w.env, err = w.environ(ctx)
	return w, err
}

// withoutKubelet is kubectl where no kubelet runs: the log of a pod is that of the process that stands for it.
const withoutKubelet = `#!/usr/bin/env bash
case "$1" in
logs) exec cat "$` + managerLog + `" ;;
esac
exec %s "$@"
`

// managerLog is the variable with the name of the operator's log.
const managerLog = "LAB_MANAGER_LOG"

func (w *worktree) writeKubectl() error {
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.path(), binaries.Kubectl), fmt.Appendf(nil, withoutKubelet, kubectl), 0o700)
}

// copy copies a file of the repository. The copies are old, so that make takes the programs that are built already for newer.
func (w *worktree) copy(source, name string) error {
	content, err := os.ReadFile(filepath.Join(source, name))
	if err != nil {
		return nil //nolint:nilerr // deleted, or a link to a directory
	}
	info, err := os.Stat(filepath.Join(source, name))
	if err != nil {
		return err
	}
	to := filepath.Join(w.root, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(to, content, info.Mode()); err != nil {
		return err
	}
	for ; name != "."; name = filepath.Dir(name) {
		w.tracked[name] = true
	}
	old := time.Unix(0, 0)
	return os.Chtimes(to, old, old)
}

// linkPrograms makes the tools and components that are built already those of the copy, and puts what readers have into the path.
func (w *worktree) linkPrograms(source string) error {
	bin := filepath.Join(source, "bin")
	entries, err := os.ReadDir(bin)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		program := filepath.Join(bin, entry.Name())
		info, err := os.Stat(program)
		if err != nil || !info.Mode().IsRegular() || slices.Contains(ownFiles, entry.Name()) {
			continue
		}
		if err := os.Symlink(program, filepath.Join(w.root, "bin", entry.Name())); err != nil {
			return err
		}
		if slices.Contains(programsOfReaders, entry.Name()) {
			if err := os.Symlink(program, filepath.Join(w.path(), entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// clean removes what a page has written to the copy, other than into bin and dist.
func (w *worktree) clean() error {
	return filepath.WalkDir(w.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(w.root, path)
		switch {
		case err != nil:
			return err
		case name == "bin" || name == "dist":
			return fs.SkipDir
		case name == "." || w.tracked[name]:
			return nil
		case entry.IsDir():
			return removeAll(path)
		}
		return os.Remove(path)
	})
}

func (w *worktree) path() string { return filepath.Join(w.dir, "path") }

func (w *worktree) localBin() string { return filepath.Join(w.home, ".local", "bin") }

func (w *worktree) kubeconfig() string { return filepath.Join(w.home, ".kube", "config") }

func (w *worktree) remove() { _, _ = os.RemoveAll(w.dir), w.lock.Release() }

// environ is a reader's environment, with Go's caches as they are, so that make builds what was not built before only.
func (w *worktree) environ(ctx context.Context) ([]string, error) {
	out := []string{
		"HOME=" + w.home, "USER=reader", "LANG=C.UTF-8", "TMPDIR=" + os.TempDir(), "TERM=dumb", "GOPROXY=off",
		// Other suites wait for the ports of the demo.
		"DEMO_ARGS=-short-lived",
		"PATH=" + strings.Join([]string{w.localBin(), w.path(), os.Getenv("PATH")}, string(os.PathListSeparator)),
	}
	variables := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOTOOLCHAIN"}
	printed, err := exec.CommandContext(ctx, "go", append([]string{"env"}, variables...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	values := strings.Split(string(printed), "\n")
	for i, variable := range variables {
		out = append(out, variable+"="+values[i])
	}
	return out, nil
}

// demoDown stops a demo that a page has left running, because a block of it failed.
func (w *worktree) demoDown(ctx context.Context) error {
	down := exec.CommandContext(ctx, "make", "demo-down")
	down.Dir, down.Env = w.root, w.env
	if printed, err := down.CombinedOutput(); err != nil {
		return fmt.Errorf("make demo-down: %w: %s", err, printed)
	}
	return nil
}

// removeAll removes a directory that is being walked.
func removeAll(directory string) error {
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	return fs.SkipDir
}
