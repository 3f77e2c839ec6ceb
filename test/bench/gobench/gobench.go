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

// Package gobench finds and runs the benchmarks of Go packages.
package gobench

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Pattern selects the tests that measure a ratio, as go test -run takes it. Other tests do not run with benchmarks.
const Pattern = "^Test.*Ratio$"

// Packages returns the packages of a work tree that have benchmarks, or tests that measure a ratio, as ./internal/bounds.
func Packages(tree fs.FS) ([]string, error) {
	function := regexp.MustCompile(`(?m)^func (Benchmark|Test\w*Ratio\()`)
	found := map[string]bool{}
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "bin" || name == "dist" || name == "testdata" || strings.HasPrefix(name, ".") && file != "."):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		if function.Match(text) {
			found["./"+path.Dir(file)] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("finding the benchmarks: %w", err)
	}
	packages := make([]string, 0, len(found))
	for name := range found {
		packages = append(packages, name)
	}
	slices.Sort(packages)
	return packages, nil
}

// Run runs the benchmarks of a work tree, and passes each line that they print to line.
func Run(ctx context.Context, root string, line func(string)) error {
	packages, err := Packages(os.DirFS(root))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-run=" + Pattern, "-bench=.", "-benchmem"}, packages)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		line(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("running the benchmarks: %w", err)
	}
	return lines.Err()
}

// Value is one result of a benchmark.
type Value struct {
	// Name is that of a figure, bench_NAME_UNIT.
	Name  string
	Value float64
}

// Values returns the results in a line, none if it is not the line of a benchmark.
func Values(line string) []Value {
	fields := strings.Fields(line)
	const first = 2 // after the name and the number of runs
	if len(fields) <= first || !strings.HasPrefix(fields[0], "Benchmark") {
		return nil
	}
	name := regexp.MustCompile(`-\d+$`).ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
	var values []Value
	for i := first; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil
		}
		unit := strings.ToLower(strings.Replace(fields[i+1], "/op", "_per_op", 1))
		values = append(values, Value{Name: "bench_" + name + "_" + unit, Value: value})
	}
	return values
}
