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
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/karmada-io/image-trust/test/lab/stoppipe"
)

const (
	// keepVariable is the environment variable that keeps the parts of a failed test running.
	keepVariable = "KEEP_LAB"
	// stopPipe is where "make lab-down" asks kept parts to stop, in their directory.
	stopPipe = "stop"
)

// keepRunning keeps the parts of a failed test running until the user stops them: by a signal, or by
// "make lab-down". It does nothing unless KEEP_LAB is set. go test ends the process a minute after
// its -timeout, and prints the message below at once only with -v.
func keepRunning(ctx context.Context, parts Parts, out io.Writer) error {
	if os.Getenv(keepVariable) == "" {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pipe := filepath.Join(parts.Dir(), stopPipe)
	if err := stoppipe.Listen(pipe, cancel); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	_, _ = fmt.Fprintf(out, `▸ %s is set: everything that the failed test used keeps running
    export KUBECONFIG=%s
    logs: %s
  stop it with Ctrl-C or make lab-down; it ends with go test's -timeout, which -timeout=0 lifts
`, keepVariable, parts.Kubeconfig(), parts.Dir())
	<-ctx.Done()
	return os.Remove(pipe)
}
