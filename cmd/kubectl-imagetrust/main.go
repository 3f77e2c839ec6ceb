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

// The kubectl imagetrust plugin verifies images, plans their enforcement and pins verified digests in manifests, with the
// code of the operator.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"github.com/karmada-io/image-trust/cmd/kubectl-imagetrust/collector"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/text"
)

// version is set when the program is linked.
var version = "unknown"

// gcPercent is how much garbage may accumulate, relative to what is in use: less than Go's default, since a large attestation
// makes much.
const gcPercent = 30

func main() {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	collector.Percent(gcPercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	// The messages of client-go contain text of the API server.
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(text.NewWriter(os.Stderr), nil)))
	s := newStreams(os.Stdin, os.Stdout, os.Stderr)
	os.Exit(interruptible(ctx, s, func() int { return run(ctx, os.Args[1:], s) }))
}

// interruptGrace is the time that a command has to end after a signal. Whatever looks at its context ends at once; reading
// from a pipe, or evaluating code, does not.
const interruptGrace = 2 * time.Second

// interruptible returns the exit code of a command, and that of a result that is unknown if the command does not end although
// the context has.
func interruptible(ctx context.Context, s streams, command func() int) int {
	done := make(chan int, 1)
	go func() { done <- command() }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-done:
		return code
	case <-time.After(interruptGrace):
		_ = s.ErrOut.print(text.Sprintf("error: interrupted\n")) // there is nowhere to report it
		return exitUnknown
	}
}
