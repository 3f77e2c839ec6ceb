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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/test/bench/gobench"
)

// side is one of the two commits that are compared.
type side struct {
	commit string
	// dir is the directory of the work tree.
	dir string
	// packages have benchmarks, as ./internal/bounds.
	packages []string
}

// results is the file of what the benchmarks print.
func (s *side) results() string { return s.dir + ".txt" }

// program is the file of the compiled tests of a package.
func (s *side) program(pkg string) string {
	return filepath.Join(s.dir+".programs", strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "-"))
}

// checkOut checks the commit out.
func (s *side) checkOut(ctx context.Context, root string) error {
	fmt.Fprintf(os.Stderr, "▸ checking %s out\n", s.commit)
	git := exec.CommandContext(ctx, "git", "-C", root, "worktree", "add", "--quiet", "--detach", s.dir, s.commit)
	git.Stderr = os.Stderr
	if err := git.Run(); err != nil {
		return fmt.Errorf("checking %s out: %w", s.commit, err)
	}
	return nil
}

// remove removes the work tree.
func (s *side) remove(root string) {
	git := exec.Command("git", "-C", root, "worktree", "remove", "--force", s.dir)
	if output, err := git.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "removing the work tree of %s: %v: %s\n", s.commit, err, output)
	}
}

// build compiles the packages with benchmarks once, so that what is measured is not disturbed by a compiler. If packages are named,
// others are left out.
func (s *side) build(ctx context.Context, only string) (err error) {
	if s.packages, err = gobench.Packages(os.DirFS(s.dir)); err != nil {
		return err
	}
	if only != "" {
		named := strings.Split(only, ",")
		s.packages = slices.DeleteFunc(s.packages, func(pkg string) bool { return !slices.Contains(named, pkg) })
	}
	for i, pkg := range s.packages {
		fmt.Fprintf(os.Stderr, "▸ %s: compiling %s (%d of %d)\n", s.commit, pkg, i+1, len(s.packages))
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", s.program(pkg), pkg)
		build.Dir, build.Stderr = s.dir, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("compiling the tests of %s at %s: %w", pkg, s.commit, err)
		}
	}
	return nil
}

// run runs the benchmarks of a package once.
func (s *side) run(ctx context.Context, pkg, benchtime string) error {
	results, err := os.OpenFile(s.results(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = results.Close() }() // what is missing in the file is missed by benchstat
	test := exec.CommandContext(ctx, s.program(pkg), "-test.run=^$", "-test.bench=.", "-test.benchmem", "-test.benchtime="+benchtime)
	test.Dir, test.Stdout, test.Stderr = filepath.Join(s.dir, pkg), results, os.Stderr
	if err := test.Run(); err != nil {
		return fmt.Errorf("running the benchmarks of %s at %s: %w", pkg, s.commit, err)
	}
	return nil
}

// interleave runs the benchmarks of both sides in turns, so that what disturbs the machine disturbs both. Packages of one side alone
// are left out.
func interleave(ctx context.Context, options options, base, head *side) error {
	var common []string
	for _, pkg := range head.packages {
		if slices.Contains(base.packages, pkg) {
			common = append(common, pkg)
		}
	}
	for i := range options.runs {
		for _, pkg := range common {
			fmt.Fprintf(os.Stderr, "▸ run %d of %d: %s\n", i+1, options.runs, pkg)
			for _, s := range []*side{base, head} {
				if err := s.run(ctx, pkg, options.benchtime); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
