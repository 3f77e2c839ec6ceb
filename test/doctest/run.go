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

package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Fixtures make what a reader has already, by the word that a page names them by.
type Fixtures map[string]func(args []string) error

const (
	pollInterval = 200 * time.Millisecond
	// settleTimeout bounds how long a reader looks again until the cluster has come to what the page shows.
	settleTimeout = 45 * time.Second
)

// repeated are the commands that only look. A reader looks again while something is going on.
var repeated = regexp.MustCompile(`^kubectl( --context \S+)? (get|describe|imagetrust)\b|--dry-run=server`)

// created are the commands that admission decides about. A change of a policy takes effect a moment later, so they are
// tried without effect first.
var created = regexp.MustCompile(`^kubectl (run|create deployment)\b`)

// Runner runs blocks of commands in a shell.
type Runner struct {
	Shell    *Shell
	Fixtures Fixtures
}

// Run runs a block. The error says what a reader would have seen.
func (r Runner) Run(block Block) error {
	for _, line := range block.Fixtures {
		words := strings.Fields(line)
		fixture, known := r.Fixtures[words[0]]
		if !known {
			return fmt.Errorf("the fixture %q does not exist", words[0])
		}
		if err := fixture(words[1:]); err != nil {
			return fmt.Errorf("fixture %q: %w", line, err)
		}
	}
	for _, file := range block.Files {
		path := filepath.Join(r.Shell.Dir, file.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(file.Content), 0o600); err != nil {
			return err
		}
	}
	if !block.Console {
		return r.script(block)
	}
	for _, exchange := range block.Exchanges() {
		if err := r.exchange(exchange); err != nil {
			return err
		}
	}
	return nil
}

// script runs a block without prompts, of which every command must succeed.
func (r Runner) script(block Block) error {
	printed, code, err := r.Shell.Run(block.Text, true)
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("exit code %d of\n%sprinted:\n%s", code, block.Text, printed)
	}
	if block.Output != "" && !Matches(block.Output, printed) {
		return mismatch(block.Text, printed, block.Output)
	}
	return nil
}

// exchange runs a command of a console, which must print what the page shows. One without output must succeed.
func (r Runner) exchange(e Exchange) error {
	if created.MatchString(e.Command) && !strings.Contains(e.Command, "--dry-run") {
		if err := r.look(e.Command+" --dry-run=server", strings.ReplaceAll(e.Output, " created", " created (server dry run)")); err != nil {
			return err
		}
	}
	if repeated.MatchString(e.Command) {
		return r.look(e.Command, e.Output)
	}
	printed, code, err := r.Shell.Run(e.Command, false)
	return check(e.Command, e.Output, printed, code, err)
}

// look runs a command again until it prints what the page shows.
func (r Runner) look(command, want string) error {
	for begin := time.Now(); ; time.Sleep(pollInterval) {
		printed, code, err := r.Shell.Run(command, false)
		err = check(command, want, printed, code, err)
		if err == nil || time.Since(begin) > settleTimeout {
			return err
		}
	}
}

func check(command, want, printed string, code int, err error) error {
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(want) == "" && code != 0:
		return fmt.Errorf("exit code %d of\n$ %s\nprinted:\n%s", code, command, printed)
	case strings.TrimSpace(want) != "" && !Matches(want, printed):
		return mismatch("$ "+command+"\n", printed, want)
	}
	return nil
}

func mismatch(commands, printed, want string) error {
	return fmt.Errorf("%sprinted:\n%s\nthe page shows:\n%s", commands, printed, want)
}
