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
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// asDemo is the environment variable that makes the test's program act as the demo and as its supervisor.
const asDemo = "IMAGE_TRUST_TEST_AS_DEMO"

const (
	pollInterval   = 10 * time.Millisecond
	startedTimeout = 2 * time.Minute
	goneTimeout    = 2 * time.Minute
)

func TestMain(m *testing.M) {
	if os.Getenv(asDemo) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestDemo(t *testing.T) {
	needPrograms(t)
	dir := t.TempDir()
	begin := time.Now()
	d := start(t, dir, "run")
	d.readUntil("▸ starting")
	session := d.session()
	output := d.wantExit(0)
	for _, want := range []string{
		"▸ up: Kubernetes ",
		"$ kubectl apply -f config/samples/karmada.yaml\n",
		"$ kubectl run unsigned -n demo --image=docker.io/karmada/karmada-dashboard-web:v0.2.0\nError from server",
		"$ kubectl run intruder -n demo --image=docker.io/karmada/karmada-scheduler:intruder\nError from server",
		"export KUBECONFIG=" + kubeconfig(dir) + "\n",
		"make demo-down",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the output does not contain %q", want)
		}
	}
	if !strings.Contains(output, "▸ waiting") {
		fmt.Printf("figure: demo_seconds %.0f\n", time.Since(begin).Seconds())
	}

	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	get := exec.CommandContext(t.Context(), kubectl, "--kubeconfig="+kubeconfig(dir), "get", "pod", "scheduler", "-n", "demo")
	if output, err := get.CombinedOutput(); err != nil {
		t.Errorf("the cluster that keeps running does not answer: %v: %s", err, output)
	}
	if output := start(t, dir, "run").wantExit(1); !strings.Contains(output, "already running") {
		t.Errorf("a second run prints %q", output)
	}
	if output := start(t, dir, "down").wantExit(0); !strings.Contains(output, "▸ stopped") {
		t.Errorf("down prints %q", output)
	}
	wantGone(t, dir, session, goneTimeout)
	if output := start(t, dir, "down").wantExit(0); !strings.Contains(output, "▸ nothing is running") {
		t.Errorf("a second down prints %q", output)
	}
}

// TestFleet runs the demo of a fleet, and stops it.
func TestFleet(t *testing.T) {
	needPrograms(t)
	dir := t.TempDir()
	d := start(t, dir, "fleet")
	d.readUntil("▸ starting")
	session := d.session()
	output := d.wantExit(0)
	for _, want := range []string{
		"$ kubectl imagetrust status karmada\n✗ karmada",
		"$ kubectl apply -f test/demo/canary.yaml\n",
		"export KUBECONFIG=" + kubeconfig(dir) + "\n",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the output does not contain %q", want)
		}
	}
	if output := start(t, dir, "down").wantExit(0); !strings.Contains(output, "▸ stopped") {
		t.Errorf("down prints %q", output)
	}
	wantGone(t, dir, session, goneTimeout)
}

// TestNothingSurvives ends the demo early, with signals that it handles and with those that it cannot handle.
func TestNothingSurvives(t *testing.T) {
	needPrograms(t)
	tests := map[string]struct {
		moment  string // the line of output after which the signal is sent
		program string // that must run by then
		signal  syscall.Signal
		to      func(*demo) int
		code    int
		// within bounds how long the other processes may outlive the foreground.
		within time.Duration
	}{
		"Ctrl-C during the start": {
			"▸ starting", binaries.KubeAPIServer, syscall.SIGINT, (*demo).foreground, exitInterrupted, 0,
		},
		"the foreground is killed during the steps": {
			"$ kubectl wait", binaries.Kubectl, syscall.SIGKILL, (*demo).foreground, -1, goneTimeout,
		},
		"the supervisor is killed": {
			"▸ up", binaries.PolicyController, syscall.SIGKILL, (*demo).session, 1, goneTimeout,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := start(t, dir, "run")
			d.readUntil(tc.moment)
			session := d.session()
			d.waitForProgram(dir, tc.program)
			removeFiles(t, session)
			if err := syscall.Kill(tc.to(d), tc.signal); err != nil {
				t.Fatal(err)
			}
			d.wantExit(tc.code)
			wantGone(t, dir, session, tc.within)
		})
	}
}

func needPrograms(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("reads processes from /proc, which only Linux has")
	}
	// The demo would build them, which takes minutes.
	if _, err := binaries.Find(binaries.PolicyController); err != nil {
		t.Fatal(err)
	}
}

// demo is a run of the demo's program.
type demo struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  *bufio.Reader
	output bytes.Buffer
	// supervisor is the process ID of the session's leader, once it is known.
	supervisor int
}

func start(t *testing.T, dir, command string) *demo {
	t.Helper()
	d := &demo{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], "-dir="+dir, "-short-lived", command)}
	d.cmd.Env = append(os.Environ(), asDemo+"=1")
	pipe, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stderr = d.cmd.Stdout
	d.lines = bufio.NewReader(pipe)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("demo %s:\n%s", command, d.output.String())
		}
	})
	return d
}

// readUntil reads up to the line that begins with prefix.
func (d *demo) readUntil(prefix string) {
	d.t.Helper()
	for {
		line, err := d.lines.ReadString('\n')
		d.output.WriteString(line)
		if strings.HasPrefix(line, prefix) {
			return
		}
		if err != nil {
			d.t.Fatalf("no line %q: %v", prefix, err)
		}
	}
}

// wantExit returns the whole output, and thereby checks that no remaining process holds it open.
func (d *demo) wantExit(code int) string {
	d.t.Helper()
	if _, err := d.output.ReadFrom(d.lines); err != nil {
		d.t.Fatal(err)
	}
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	if got := d.cmd.ProcessState.ExitCode(); got != code {
		d.t.Errorf("exit code %d, want %d", got, code)
	}
	return d.output.String()
}

func (d *demo) foreground() int { return d.cmd.Process.Pid }

// session returns the ID of the session in which everything runs, and of its leader, the supervisor.
func (d *demo) session() int {
	d.t.Helper()
	for _, p := range processes(d.t) {
		if p.parent == d.foreground() && p.session == p.id {
			d.supervisor = p.id
		}
	}
	if d.supervisor == 0 {
		d.t.Fatal("no supervisor")
	}
	return d.supervisor
}

// waitForProgram waits until the program runs.
func (d *demo) waitForProgram(dir, program string) {
	d.t.Helper()
	for begin := time.Now(); time.Since(begin) < startedTimeout; time.Sleep(pollInterval) {
		for _, p := range processesOf(d.t, dir, d.supervisor) {
			if filepath.Base(strings.Fields(p.command + " ?")[0]) == program {
				return
			}
		}
	}
	d.t.Fatalf("%s does not run", program)
}

// wantGone fails unless all processes of the demo are gone in time.
func wantGone(t *testing.T, dir string, session int, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		left := processesOf(t, dir, session)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			for _, p := range left {
				t.Errorf("process %d survives: %s", p.id, p.command)
			}
			return
		}
		time.Sleep(pollInterval)
	}
}

// processesOf returns the processes of the session, and those whose environment contains dir, as kubectl's does.
func processesOf(t *testing.T, dir string, session int) []proc {
	t.Helper()
	return slices.DeleteFunc(processes(t), func(p proc) bool {
		return p.session != session && !strings.Contains(p.environment, dir)
	})
}

// removeFiles removes, at the test's end, the files of a killed supervisor.
func removeFiles(t *testing.T, session int) {
	t.Helper()
	own := regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `/image-trust-(tuf-)?[0-9]+`)
	for _, p := range processes(t) {
		if p.session != session {
			continue
		}
		for _, dir := range own.FindAllString(p.command, -1) {
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
		}
	}
}

// proc is a process as /proc describes it, see proc(5).
type proc struct {
	id, parent, session  int
	command, environment string
}

// processes returns all processes except zombies.
func processes(t *testing.T) []proc {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []proc
	for _, dir := range dirs {
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		// The name is in parentheses and may contain anything; state, parent, group and session follow.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		p := proc{}
		p.id, _ = strconv.Atoi(filepath.Base(dir))
		p.parent, _ = strconv.Atoi(fields[1])
		p.session, _ = strconv.Atoi(fields[3])
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		environment, _ := os.ReadFile(filepath.Join(dir, "environ"))
		p.command, p.environment = string(bytes.ReplaceAll(command, []byte{0}, []byte{' '})), string(environment)
		if fields[0] != "Z" {
			found = append(found, p)
		}
	}
	return found
}
