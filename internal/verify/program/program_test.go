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

package program

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script returns a command that runs lines of a shell.
func script(t *testing.T, lines string) Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Command{Path: path, Env: []string{"PATH=" + os.Getenv("PATH")}, Timeout: time.Minute, MaxOutput: 64 << 10}
}

func TestRun(t *testing.T) {
	const secret = "hunter2"
	for what, tc := range map[string]struct {
		lines   string
		command func(c *Command)
		output  string
		kind    Kind
		problem string
		said    string
	}{
		"answers":            {lines: `read line; echo "$line $1"`, command: func(c *Command) { c.Input, c.Args = strings.NewReader("input\n"), []string{"argument"} }, output: "input argument\n"},
		"stderr is no fault": {lines: `echo ` + secret + ` >&2; echo fine`, output: "fine\n"},
		"fails": {
			lines: `echo partly; printf 'no \033[31mcredentials\n at https://user:` + secret + `@registry.example/v2/\n' >&2; exit 3`, output: "partly\n",
			kind: Exited, problem: "fails with exit code 3", said: "no ?[31mcredentials at https://[redacted]@registry.example/v2/",
		},
		"killed":         {lines: `kill -9 $$`, kind: Exited, problem: "is ended by a signal"},
		"endless output": {lines: `while :; do echo ` + strings.Repeat(secret, 200) + `; done`, kind: TooMuch, problem: "writes more than 64 KiB"},
		"endless errors": {lines: `while :; do echo ` + strings.Repeat("x", 1000) + ` >&2; done`, kind: TooMuch, problem: "writes more than 64 KiB", said: strings.Repeat("x", 1000) + " " + strings.Repeat("x", 20) + "…"},
		"hangs":          {lines: `sleep 600`, command: func(c *Command) { c.Timeout = 100 * time.Millisecond }, kind: TimedOut, problem: "does not answer within 100ms"},
		"does not exist": {command: func(c *Command) { c.Path += "-not" }, kind: NotFound, problem: "is not installed, or may not be executed"},
		"is not in PATH": {command: func(c *Command) { c.Path = "image-trust-no-such-program" }, kind: NotFound, problem: "is not installed, or may not be executed"},
		"is no program":  {command: func(c *Command) { c.Path = "program_test.go" }, kind: NotFound, problem: "is not installed, or may not be executed"},
		"of another system": {
			command: func(c *Command) {
				if err := os.WriteFile(c.Path, []byte("\x00"), 0o700); err != nil {
					panic(err)
				}
			},
			kind: NotRun, problem: "cannot be run",
		},
		"ignores its end":              {lines: `trap '' TERM INT; sleep 600`, command: func(c *Command) { c.Timeout = 100 * time.Millisecond }, kind: TimedOut, problem: "does not answer within 100ms"},
		"leaves a child with its pipe": {lines: `sleep 600 & echo answer`, output: "answer\n"},
	} {
		t.Run(what, func(t *testing.T) {
			c := script(t, tc.lines)
			if tc.command != nil {
				tc.command(&c)
			}
			output, err := Run(t.Context(), c)
			if tc.kind != TooMuch && string(output) != tc.output {
				t.Errorf("output %q, want %q", output, tc.output)
			}
			if len(output) > c.MaxOutput {
				t.Errorf("%d bytes of output", len(output))
			}
			failure, ok := errors.AsType[*Error](err)
			switch {
			case tc.problem == "":
				if err != nil {
					t.Errorf("got %v", err)
				}
			case !ok || failure.Kind != tc.kind || failure.Error() != tc.problem || strings.Contains(failure.Error(), secret):
				t.Errorf("got %v, want %q of kind %d", err, tc.problem, tc.kind)
			case !strings.HasPrefix(failure.Said, strings.TrimSuffix(tc.said, "…")) || tc.said == "" && failure.Said != "":
				t.Errorf("said %q, want %q", failure.Said, tc.said)
			case len(failure.Said) > maxSaid:
				t.Errorf("said %d bytes", len(failure.Said))
			}
		})
	}
}

// TestGroupEnds: what a program has started ends with it.
func TestGroupEnds(t *testing.T) {
	for what, lines := range map[string]string{
		"too slow": `sleep 600 & echo $! >"$PIDFILE"; wait`,
		"too much": `sleep 600 & echo $! >"$PIDFILE"; while :; do echo ` + strings.Repeat("x", 1000) + `; done`,
		"left":     `sleep 600 & echo $! >"$PIDFILE"`,
	} {
		t.Run(what, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pid")
			c := script(t, lines)
			c.Env, c.Timeout = append(c.Env, "PIDFILE="+file), 2*time.Second
			_, _ = Run(t.Context(), c)
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
			if err != nil {
				t.Fatal(err)
			}
			if !ended(pid) {
				t.Errorf("its child %d still runs", pid)
			}
		})
	}
}

// ended reports whether a process ends that was killed.
func ended(pid int) bool {
	for range 1000 {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(state), ") Z ") {
			return true // it may wait for a parent to notice
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// TestEnvironment: a program gets what is listed, and nothing else.
func TestEnvironment(t *testing.T) {
	t.Setenv("IMAGE_TRUST_SECRET", "hunter2")
	env, err := os.ReadFile("/proc/self/environ")
	if err != nil || len(env) == 0 {
		t.Skip("this system does not show the environment of a process")
	}
	for what, listed := range map[string][]string{"nothing": nil, "one": {"ONE=1"}} {
		c := Command{Path: "/bin/cat", Args: []string{"/proc/self/environ"}, Env: listed, Timeout: time.Minute, MaxOutput: 64 << 10}
		output, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if len(output) > 0 {
			got = strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
		}
		if !slices.Equal(got, listed) {
			t.Errorf("%s: the environment is %q", what, got)
		}
	}
}
