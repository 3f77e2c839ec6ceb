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
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/karmada-io/image-trust/test/lab/process"
)

// Shell is a bash that a reader types into: variables, functions and the directory last from block to block.
type Shell struct {
	// Dir is where the shell began.
	Dir string

	scratch string
	scripts int
	input   *os.File
	answers *os.File
	lines   *bufio.Reader
	ended   chan struct{}
	cancel  context.CancelFunc
}

// NewShell starts a shell in a directory. Scratch is a directory of its own. The shell and what it started end with Close.
func NewShell(ctx context.Context, dir, scratch string, env []string) (*Shell, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-o", "pipefail")
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, os.Stderr
	input, typed, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, err
	}
	answers, printed, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, errors.Join(err, input.Close(), typed.Close())
	}
	cmd.Stdin, cmd.Stdout = input, printed
	s := &Shell{
		Dir: dir, scratch: scratch, input: typed, answers: answers, lines: bufio.NewReader(answers),
		ended: make(chan struct{}), cancel: cancel,
	}
	go func() {
		_ = process.Run(cmd)
		_, _ = input.Close(), printed.Close()
		close(s.ended)
	}()
	return s, nil
}

// Run runs a script, and returns what it printed and its exit code. With strict, the first command that fails ends it, and the shell.
func (s *Shell) Run(script string, strict bool) (printed string, code int, err error) {
	s.scripts++
	file := filepath.Join(s.scratch, strconv.Itoa(s.scripts))
	if err := os.WriteFile(file+".sh", []byte(script), 0o600); err != nil {
		return "", 0, err
	}
	mode := "set +e"
	if strict {
		mode = "set -e"
	}
	if _, err := fmt.Fprintf(s.input, "%s\n. %s.sh </dev/null >%s.out 2>&1\necho $?\n", mode, file, file); err != nil {
		return "", 0, fmt.Errorf("the shell has ended: %w", err)
	}
	answer, ended := s.lines.ReadString('\n')
	output, err := os.ReadFile(file + ".out")
	if err != nil {
		return "", 0, err
	}
	if ended != nil { // by the script
		return string(output), 1, nil //nolint:nilerr // a script that ends the shell is a result
	}
	code, err = strconv.Atoi(strings.TrimSpace(answer))
	return string(output), code, err
}

// Close ends the shell, and everything that it left running.
func (s *Shell) Close() {
	s.cancel()
	<-s.ended
	_, _ = s.input.Close(), s.answers.Close()
}
