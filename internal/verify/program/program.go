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

// Package program runs programs of others, such as credential helpers, within bounds: they have a timeout, an environment that the
// caller lists, and may write so much and no more. A program that exceeds a bound is ended together with the processes that it
// started.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// outputDelay is how long the output of a program is waited for that has ended or was ended: its children may hold it open.
	outputDelay = time.Second
	// maxSaid bounds what is kept of what a program writes to its standard error, in bytes.
	maxSaid = 1 << 10
)

// Command is a program with its bounds.
type Command struct {
	// Path of the program, or its name if it is to be found in PATH.
	Path string
	Args []string
	// Env is the whole environment of the program, as NAME=VALUE.
	Env   []string
	Input io.Reader
	// Timeout bounds a run.
	Timeout time.Duration
	// MaxOutput bounds the output of a run and what it writes to its standard error, in bytes, each by itself.
	MaxOutput int
}

// Kind says what is wrong with a run.
type Kind int

const (
	// NotRun is a program that cannot be started.
	NotRun Kind = iota
	// NotFound is a program that does not exist, or that nobody may execute.
	NotFound
	// TooMuch is a run that was ended because it wrote too much.
	TooMuch
	// TimedOut is a run that was ended because it took too long.
	TimedOut
	// Cancelled is a run that was ended by the caller's context.
	Cancelled
	// Exited is a run that ended by itself with an exit code that is not 0, or by a signal.
	Exited
)

// Error is what is wrong with a run. Its text is the predicate of a sentence about the program, and holds nothing that the program
// wrote.
type Error struct {
	Kind Kind
	// Code is the exit code of a run of kind Exited; negative if a signal ended it.
	Code int
	// Said is the beginning of what the program wrote to its standard error, printable and on one line. It may hold a secret: it is for
	// logs that are written for debugging, and not for a status, an event or a message.
	Said string

	command Command
	cause   error
}

// Error returns the predicate.
func (e *Error) Error() string {
	switch e.Kind {
	case NotFound:
		return "is not installed, or may not be executed"
	case TooMuch:
		return "writes more than " + size(e.command.MaxOutput)
	case TimedOut:
		return fmt.Sprintf("does not answer within %s", e.command.Timeout)
	case Cancelled:
		return "did not answer before the request was cancelled"
	case Exited:
		if e.Code < 0 {
			return "is ended by a signal"
		}
		return fmt.Sprintf("fails with exit code %d", e.Code)
	default:
		return "cannot be run"
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

func size(bytes int) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// Exists reports whether a path is that of a program that may be executed.
func Exists(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// Run runs a program and returns its output, also together with an error, which is an *Error.
func Run(ctx context.Context, command Command) ([]byte, error) {
	bounded, cancel := context.WithTimeout(ctx, command.Timeout)
	defer cancel()
	output, said := &limited{max: command.MaxOutput, keep: command.MaxOutput, full: cancel},
		&limited{max: command.MaxOutput, keep: maxSaid, full: cancel}
	cmd := exec.CommandContext(bounded, command.Path, command.Args...) //nolint:gosec // the program that the user configured
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = command.Env, command.Input, output, said, outputDelay
	if cmd.Env == nil {
		cmd.Env = []string{} // exec would pass the environment of this process
	}
	err := runGroup(cmd)
	if err == nil {
		return output.kept, nil
	}
	failure := &Error{command: command, cause: err, Said: clean(said.kept)}
	var exit *exec.ExitError
	switch {
	case output.exceeded || said.exceeded:
		failure.Kind = TooMuch
	case ctx.Err() != nil:
		failure.Kind = Cancelled
	case bounded.Err() != nil:
		failure.Kind = TimedOut
	case errors.As(err, &exit):
		failure.Kind, failure.Code = Exited, exit.ExitCode()
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, exec.ErrDot), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		failure.Kind = NotFound
	default:
		failure.Kind = NotRun
	}
	return output.kept, failure
}

// clean makes what a program wrote one printable line.
func clean(said []byte) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(string(said), "?")), " ")
	return text.Truncate(text.Printable(text.WithoutSecrets(line)), maxSaid)
}

// limited keeps the beginning of what is written, and stops the writer of too much.
type limited struct {
	max, keep int
	full      context.CancelFunc

	kept     []byte
	written  int
	exceeded bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	l.written += len(p)
	if l.written > l.max {
		l.exceeded = true
		l.full()
		return 0, io.ErrShortWrite
	}
	l.kept = append(l.kept, p[:min(len(p), l.keep-len(l.kept))]...)
	return len(p), nil
}
