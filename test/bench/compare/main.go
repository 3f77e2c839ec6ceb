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

// The program compare runs the Go benchmarks of two commits, one after the other and again, and names each significant change of more
// than 20 % in time, bytes or allocations, as benchstat judges it. It fails if something takes more.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	const runs = 10
	var options options
	flag.StringVar(&options.base, "base", "", "the commit to compare with")
	flag.StringVar(&options.head, "head", "HEAD", "the commit to compare")
	flag.StringVar(&options.benchstat, "benchstat", "", "the file of the program benchstat")
	flag.StringVar(&options.benchtime, "benchtime", "1s", "how long each benchmark runs each time, as go test -benchtime")
	flag.StringVar(&options.packages, "packages", "", "packages as ./internal/bounds, separated by commas; all with benchmarks by default")
	flag.IntVar(&options.runs, "runs", runs, "how often each benchmark runs")
	flag.Parse()
	err := run(ctx, options)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

type options struct {
	base, head, benchstat, benchtime, packages string
	runs                                       int
}

func run(ctx context.Context, options options) (err error) {
	if options.base == "" {
		return errors.New("name the commit to compare with: --base=COMMIT, or make bench-compare BASE=COMMIT")
	}
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "image-trust-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	base, head := &side{commit: options.base, dir: filepath.Join(dir, "base")}, &side{commit: options.head, dir: filepath.Join(dir, "head")}
	defer func() {
		base.remove(root)
		head.remove(root)
	}()
	for _, s := range []*side{base, head} {
		if err := s.checkOut(ctx, root); err != nil {
			return err
		}
		if err := s.build(ctx, options.packages); err != nil {
			return err
		}
	}
	if err := interleave(ctx, options, base, head); err != nil {
		return err
	}
	return judge(ctx, options.benchstat, base.results(), head.results())
}

// judge prints benchstat's comparison, and names the changes that exceed the bar.
func judge(ctx context.Context, benchstat, base, head string) error {
	files := []string{"base=" + base, "head=" + head}
	table := exec.CommandContext(ctx, benchstat, files...)
	table.Stdout = os.Stdout
	if err := table.Run(); err != nil {
		return fmt.Errorf("comparing with benchstat: %w", err)
	}
	text, err := exec.CommandContext(ctx, benchstat, append([]string{"-format=csv"}, files...)...).Output()
	if err != nil {
		return fmt.Errorf("comparing with benchstat: %w", err)
	}
	changes, err := decide(bytes.NewReader(text))
	if err != nil {
		return err
	}
	worse := 0
	fmt.Println()
	for _, c := range changes {
		fmt.Println(c)
		if c.worse() {
			worse++
		}
	}
	if worse > 0 {
		return fmt.Errorf("%d of the %d significant changes of more than %.0f %% are for the worse", worse, len(changes), bar*percent)
	}
	fmt.Printf("nothing takes more than %.0f %% more\n", bar*percent)
	return nil
}
