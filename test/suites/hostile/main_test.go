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

// Package hostile runs our programs against registries, files and mirrors that want to exhaust them, and measures what they
// take.
package hostile

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/memory"
)

// programs are built from the work tree, once.
var programs struct {
	dir, plugin, manager, peak string
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	dir, err := os.MkdirTemp("", "image-trust-hostile-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		programs.dir = dir
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(dir string) error {
	if err := binaries.BuildOwn(context.Background(), dir, "./cmd/kubectl-imagetrust", "./cmd/manager", "./test/tools/peak"); err != nil {
		return err
	}
	programs.plugin, programs.manager = filepath.Join(dir, "kubectl-imagetrust"), filepath.Join(dir, "manager")
	programs.peak = filepath.Join(dir, "peak")
	return nil
}

// measured is how a run of the plugin ended, and what it took.
type measured struct {
	memory.Usage
	Output string
}

// mib is a size in MiB, rounded up.
func mib(kib int64) int64 { return (kib + 1023) >> 10 }

// The exit codes of verify, see docs/kubectl-imagetrust.md.
const (
	exitVerified  = 0
	exitUntrusted = 1
	exitUsage     = 2
	exitUnknown   = 3
)

// runTimeout is when a run that does not end is given up.
const runTimeout = 5 * time.Minute

// plugin runs the plugin, and waits until it ends.
func plugin(t *testing.T, args ...string) measured {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, programs.plugin, args...)
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	// No memory limit and no credentials of the one who runs the tests.
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "DOCKER_CONFIG=" + dir}
	usage, err := memory.Under(programs.peak, cmd, process.Run)
	if err != nil {
		t.Fatalf("%v: %s", err, output.String())
	}
	return measured{Usage: usage, Output: output.String()}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, p...)
	w.kept = w.kept[max(0, len(w.kept)-4096):]
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.kept)
}
