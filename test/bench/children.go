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
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

const (
	// groupTimeout ends a group that hangs.
	groupTimeout = time.Hour
	// stopTimeout is what a group gets to stop what it started.
	stopTimeout = time.Minute
)

// measureAll measures each group in a process of its own. A group that fails does not end the others.
func measureAll(ctx context.Context, selected []measure.Group) ([]measure.Report, error) {
	if err := measure.OnTwoCores(); err != nil {
		return nil, err
	}
	machine, err := measure.Machine(ctx)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	var reports []measure.Report
	var failed []error
	for i, group := range selected {
		if ctx.Err() != nil {
			failed = append(failed, fmt.Errorf("%s was not measured: %w", group.Name, context.Cause(ctx)))
			continue
		}
		fmt.Fprintf(os.Stderr, "▸ %d of %d: %s\n", i+1, len(selected), group.Name)
		began := time.Now()
		report := measure.Report{Group: group, Measured: machine}
		report.Values, err = child(ctx, program, group.Name)
		if err != nil {
			report.Failed = true
			failed = append(failed, fmt.Errorf("measuring %s: %w", group.Name, err))
			fmt.Fprintf(os.Stderr, "▸ %s: failed: %v\n", group.Name, err)
		}
		fmt.Fprintf(os.Stderr, "▸ %s: %s\n", group.Name, time.Since(began).Round(time.Second))
		reports = append(reports, report)
	}
	return reports, errors.Join(failed...)
}

// child runs a group, passes on what it prints, and returns the figures.
func child(ctx context.Context, program, group string) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--in="+group)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTimeout
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	values, err := passOn(output, os.Stdout)
	return values, errors.Join(err, cmd.Wait())
}

// passOn copies lines, and returns the figures among them.
func passOn(from io.Reader, to io.Writer) (map[string]float64, error) {
	values := map[string]float64{}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if name, value, is := measure.ParseFigure(lines.Text()); is {
			values[name] = value
		}
		_, _ = fmt.Fprintln(to, lines.Text())
	}
	return values, lines.Err()
}

// document writes what was measured to docs/benchmarks.md, where the figures of other groups are kept.
func document(reports []measure.Report) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	file := filepath.Join(root, "docs", "benchmarks.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	updated, err := measure.Update(string(text), groups(), reports)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(updated), 0o644)
}
