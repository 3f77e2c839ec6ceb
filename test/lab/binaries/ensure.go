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
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/test/lab/filelock"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// Ensure builds those of the named programs, of all if none is named, that are
// missing or out of date into the repository's bin directory, and says so on
// progress, which may be nil; it is silent when there is nothing to do. Programs
// in KUBEBUILDER_ASSETS are not built. Processes that call it at once take turns.
// Cancelling ctx ends the running build with its children.
func Ensure(ctx context.Context, progress io.Writer, names ...string) error {
	for _, name := range names {
		if _, err := lookup(name); err != nil {
			return err
		}
	}
	root, err := Root()
	if err != nil {
		return err
	}
	if progress == nil {
		progress = io.Discard
	}
	bin := filepath.Join(root, "bin")
	lock, err := filelock.Acquire(ctx, filepath.Join(bin, ".lock"), func() {
		_, _ = fmt.Fprintln(progress, "▸ waiting for another build of the control plane")
	})
	if err != nil {
		return err
	}
	defer func() { _ = lock.Release() }()

	var outdated []build
	for _, p := range programs() {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		if _, ok := inAssets(p.name); ok {
			continue
		}
		b, err := plan(ctx, root, p)
		if err != nil {
			return err
		}
		if !b.upToDate() {
			outdated = append(outdated, b)
		}
	}
	if len(outdated) == 0 {
		return nil
	}
	report := newReporter(progress, len(outdated))
	defer report.close()
	for _, b := range outdated {
		report.start(b.program.name)
		if err := b.run(ctx); err != nil {
			return err
		}
		report.done()
	}
	return nil
}

// build is one run of go build, known by the hash of all that decides its result.
type build struct {
	program program
	dir     string // the tool module's
	output  string
	args    []string
	env     []string
	hash    string
}

func plan(ctx context.Context, root string, p program) (build, error) {
	version, err := p.version(root)
	if err != nil {
		return build{}, err
	}
	ldflags := []string{"-s", "-w"}
	if p.ldflags != nil {
		ldflags = append(ldflags, p.ldflags(version)...)
	}
	b := build{
		program: p,
		dir:     p.moduleDir(root),
		output:  filepath.Join(root, "bin", p.name),
		args:    []string{"-trimpath", "-ldflags", strings.Join(ldflags, " ")},
		// A workspace or the caller's flags would change what the tool module pins.
		env: append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false"),
	}
	if p.tags != "" {
		b.args = append(b.args, "-tags", p.tags)
	}
	b.hash, err = b.inputs(ctx)
	return b, err
}

// inputs hashes the pinned modules, the compiler and the flags.
func (b build) inputs(ctx context.Context) (string, error) {
	hash := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			return "", fmt.Errorf("plan the build of %s: %w", b.program.name, err)
		}
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
	}
	toolchain := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH")
	toolchain.Dir, toolchain.Env = b.dir, b.env
	output, err := toolchain.Output()
	if err != nil {
		return "", fmt.Errorf("plan the build of %s: %w", b.program.name, err)
	}
	_, _ = fmt.Fprintf(hash, "%s%q %s", output, b.args, b.program.packagePath())
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (b build) stamp() string {
	return filepath.Join(filepath.Dir(b.output), "."+b.program.name+".stamp")
}

func (b build) upToDate() bool {
	stamp, err := os.ReadFile(b.stamp())
	if err != nil || string(stamp) != b.hash {
		return false
	}
	_, err = os.Stat(b.output)
	return err == nil
}

// run builds next to the final path and renames, so that no process ever finds half
// a program; the stamp comes last.
func (b build) run(ctx context.Context) error {
	// Below it is also what the compilers leave when they are interrupted.
	work := filepath.Join(filepath.Dir(b.output), "."+b.program.name+".unfinished")
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o755)); err != nil {
		return fmt.Errorf("build %s: %w", b.program.name, err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	unfinished := filepath.Join(work, b.program.name)

	args := append([]string{"build", "-o", unfinished}, b.args...)
	cmd := exec.CommandContext(ctx, "go", append(args, b.program.packagePath())...)
	cmd.Dir, cmd.Env = b.dir, append(slices.Clone(b.env), "GOTMPDIR="+work)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := process.Run(cmd); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return fmt.Errorf("build %s in %s: %w\n%s", b.program.name, b.dir, err, output.Bytes())
	}
	if err := os.Rename(unfinished, b.output); err != nil {
		return fmt.Errorf("build %s: %w", b.program.name, err)
	}
	if err := os.WriteFile(b.stamp(), []byte(b.hash), 0o644); err != nil {
		return fmt.Errorf("build %s: %w", b.program.name, err)
	}
	return nil
}
