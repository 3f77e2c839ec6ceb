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
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// build builds the control plane, and reports progress if there is something to build.
func build(ctx context.Context, o options, out *os.File) error {
	s, err := startSupervisor(o, superviseBuild, out)
	if err != nil {
		return err
	}
	if _, err := s.await(ctx); err != nil {
		_ = s.end()
		return err
	}
	return s.end()
}

// present starts everything, runs the demo, and leaves everything running.
func present(ctx context.Context, o options, command string, out *os.File) error {
	if err := notUp(o.dir); err != nil {
		return err
	}
	s, err := startSupervisor(o, command, out)
	if err != nil {
		return err
	}
	up, err := perform(ctx, s, command, out)
	if err == nil {
		return farewell(out, up)
	}
	if ctx.Err() != nil {
		_, _ = fmt.Fprintf(out, "\n▸ %v: stopping everything\n", context.Cause(ctx))
	}
	_ = s.end()
	if ctx.Err() != nil {
		_, _ = fmt.Fprintln(out, "▸ stopped: all of its programs have ended")
	}
	return err
}

func perform(ctx context.Context, s *supervisor, command string, out *os.File) (installation, error) {
	up, err := s.await(ctx)
	if err != nil {
		return installation{}, err
	}
	k, err := newKubectl(out, up)
	if err != nil {
		return installation{}, err
	}
	steps := story(up.SchedulerDigest)
	if command == superviseFleet {
		steps = fleetStory()
	}
	if err := runSteps(ctx, k, steps); err != nil {
		if ctx.Err() == nil {
			_ = s.say(failedWord)
		}
		return installation{}, err
	}
	return up, s.keep(ctx)
}

// farewell prints how to use what keeps running.
func farewell(out io.Writer, up installation) error {
	program, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
▸ everything keeps running:

    export KUBECONFIG=%s
    %s get kit -o wide

▸ stop it with make demo-down; the logs are in %s
`, fromHere(up.Kubeconfig, "$PWD/"), fromHere(program, ""), up.Logs)
	return err
}

// fromHere shortens a path below the working directory to prefix and the relative path.
func fromHere(path, prefix string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return prefix + relative
}
