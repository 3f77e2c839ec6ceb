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

package harness

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/internal/condition/child"
)

// startTimeout bounds the start in tests, the wait for another test's
// policy-controller included; it ends before go test's own ten minutes.
const startTimeout = 9 * time.Minute

// Main is a package's TestMain: it starts a harness, hands it to use, runs the
// tests, and ends the process with their result. Logs of failed runs are kept.
func Main(m *testing.M, options Options, use func(*Harness)) {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	os.Exit(run(m, options, use))
}

func run(m *testing.M, options Options, use func(*Harness)) int {
	if options.Progress == nil {
		options.Progress = os.Stderr
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	h, err := Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return RunOn(h, func() int {
		use(h)
		return m.Run()
	})
}

// Parts are running programs that tests use, such as a Harness.
type Parts interface {
	// Dir is the directory of their logs and data.
	Dir() string
	// Kubeconfig is the path of an administrator's kubeconfig.
	Kubeconfig() string
	// KeepLogs makes Stop leave the directory.
	KeepLogs()
	Stop() error
}

// RunOn runs tests, and stops the parts that they use. It returns the tests' result, or 1 if stopping
// fails. The logs of a failed run are kept; with KEEP_LAB=1 in the environment, its parts run on until
// the user stops them.
func RunOn(parts Parts, tests func() int) int {
	return runOn(context.Background(), parts, os.Stderr, tests)
}

func runOn(ctx context.Context, parts Parts, out io.Writer, tests func() int) int {
	code := tests()
	if code != 0 {
		parts.KeepLogs()
		if err := keepRunning(ctx, parts, out); err != nil {
			_, _ = fmt.Fprintln(out, err)
		}
	}
	if err := parts.Stop(); err != nil {
		_, _ = fmt.Fprintln(out, err)
		return 1
	}
	return code
}
