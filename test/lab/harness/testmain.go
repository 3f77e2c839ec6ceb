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
	"os"
	"testing"
	"time"
)

// startTimeout bounds the start in tests, the wait for another test's
// policy-controller included; it ends before go test's own ten minutes.
const startTimeout = 9 * time.Minute

// Main is a package's TestMain: it starts a harness, hands it to use, runs the
// tests, and ends the process with their result. Logs of failed runs are kept.
func Main(m *testing.M, options Options, use func(*Harness)) {
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

// RunOn runs tests and ends what they stand on. It returns their result, or 1 where the end fails; logs of
// failed runs are kept.
func RunOn(parts interface {
	KeepLogs()
	Stop() error
}, tests func() int) int {
	code := tests()
	if code != 0 {
		parts.KeepLogs()
	}
	if err := parts.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
