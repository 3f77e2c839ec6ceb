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

package process

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const shell = "/bin/sh"

// childOf names the file into which a second copy of this test writes the
// process id of the child that it starts; see TestParentDies.
const childOf = "PROCESS_TEST_CHILD_OF"

// The main thread is the one that Go never ends: with the main goroutine locked
// to it, playParent's other goroutine gets a thread that it can end.
func init() { //nolint:gochecknoinits // TestMain runs too late: the thread is the one that init runs on
	if os.Getenv(childOf) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childOf); dir != "" {
		playParent(dir)
	}
	os.Exit(m.Run())
}

func TestStartReportsEarlyExit(t *testing.T) {
	command := script(t, "echo the disk is full; exit 3")
	command.Ready = never
	p, err := Start(t.Context(), command)
	if err == nil {
		t.Fatalf("started: %v", p)
	}
	for _, want := range []string{"start script", "exit status 3", "the disk is full"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestStartTimeout(t *testing.T) {
	command := script(t, "echo still thinking; exec sleep 1000")
	command.Ready = func(context.Context) error {
		if content, err := os.ReadFile(command.LogFile); err != nil || len(content) == 0 {
			return errors.Join(errors.New("silent"), err)
		}
		return errors.New("not today")
	}
	command.StartTimeout = time.Second
	_, err := Start(t.Context(), command)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not today") {
		t.Errorf("got %v, want a deadline and the last answer of the probe", err)
	}
}

func TestStop(t *testing.T) {
	tests := map[string]string{
		"ends on SIGTERM":          "echo ready; exec sleep 1000",
		"ignores SIGTERM":          "trap '' TERM; echo ready; while :; do sleep 1; done",
		"has a child of its own":   "sleep 1000 & echo ready; wait",
		"leaves a stubborn orphan": "(trap '' TERM; echo ready; while :; do sleep 1; done) & wait",
	}
	for name, program := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := script(t, program)
			command.StopTimeout = 500 * time.Millisecond
			command.Ready = func(context.Context) error {
				if log, err := os.ReadFile(command.LogFile); err != nil || !strings.Contains(string(log), "ready") {
					return errors.Join(errors.New("not ready"), err)
				}
				return nil
			}
			p, err := Start(t.Context(), command)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Err(); err != nil {
				t.Errorf("while it runs: %v", err)
			}
			if err := p.Stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
			if err := p.Stop(); err != nil {
				t.Errorf("stop again: %v", err)
			}
			waitGone(t, -p.PID())
		})
	}
}

func TestStopReportsDeathBefore(t *testing.T) {
	p, err := Start(t.Context(), script(t, "echo out of memory; exit 9"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("got %v, want the reason", err)
	}
}

func TestEnvironmentIsNotInherited(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.invalid")
	command := script(t, "echo proxy=$HTTPS_PROXY mine=$MINE")
	command.Env = []string{"MINE=1"}
	p, err := Start(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	content, err := os.ReadFile(command.LogFile)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(content), "proxy= mine=1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestParentDies kills a second copy of this test and wants its child gone.
func TestParentDies(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux ties a child's life to its parent's")
		return
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), childOf+"="+t.TempDir())
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	if err := syscall.Kill(child, 0); err != nil {
		t.Fatalf("the child does not run: %v", err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	waitGone(t, child)
}

// playParent starts a child, prints its process ID, and never ends. The thread
// that asks for the child ends at once: the child must not go with it.
func playParent(dir string) {
	pid := make(chan int)
	go func() {
		runtime.LockOSThread()
		p, err := Start(context.Background(), Command{
			Name: "child", Path: shell, Args: []string{"-c", "exec sleep 1000"}, LogFile: filepath.Join(dir, "log"),
		})
		if err != nil {
			panic(err)
		}
		pid <- p.PID()
	}()
	child := <-pid
	time.Sleep(100 * time.Millisecond)
	_, _ = os.Stdout.WriteString(strconv.Itoa(child) + "\n")
	select {}
}

func script(t *testing.T, program string) Command {
	t.Helper()
	return Command{
		Name:    "script",
		Path:    shell,
		Args:    []string{"-c", program},
		Env:     []string{"PATH=" + os.Getenv("PATH")},
		LogFile: filepath.Join(t.TempDir(), "log"),
	}
}

func never(context.Context) error { return fs.ErrNotExist }

// waitGone waits for the end of a process, or of a group if negative. Orphans
// of a killed group are reaped by their new parent, a moment later.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		if zombie(pid) {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("process %d still runs", pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// zombie reports whether nothing but unreaped processes is left.
func zombie(pid int) bool {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return false
	}
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (comm) state ppid pgrp
		_, rest, _ := strings.Cut(string(content), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 3 || fields[0] == "Z" {
			continue
		}
		if filepath.Base(filepath.Dir(path)) == strconv.Itoa(pid) || fields[2] == strconv.Itoa(-pid) {
			return false
		}
	}
	return true
}
