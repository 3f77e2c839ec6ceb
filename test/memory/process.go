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

package memory

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what a program took, and how it ended.
type Usage struct {
	// PeakKiB is the peak of the resident memory.
	PeakKiB int64
	// Seconds is the time from the start of the program to its end, and CPUSeconds that of the processors.
	Seconds, CPUSeconds float64
	// Exit is the exit code, -1 after a signal.
	Exit int
	// End says how the program ended.
	End string
}

// Under runs a command that ends by itself under the program test/tools/peak, whose file is peak, and returns what it took. How a
// command is started, and ended early, is up to run, which may be cmd.Run.
func Under(peak string, cmd *exec.Cmd, run func(*exec.Cmd) error) (Usage, error) {
	dir, err := os.MkdirTemp("", "image-trust-peak-")
	if err != nil {
		return Usage{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	result := filepath.Join(dir, "usage.json")
	cmd.Args = slices.Concat([]string{peak, result, cmd.Path}, cmd.Args[1:])
	cmd.Path = peak
	if err := run(cmd); err != nil {
		return Usage{}, err
	}
	encoded, err := os.ReadFile(result)
	if err != nil {
		return Usage{}, err
	}
	var usage Usage
	if err := json.Unmarshal(encoded, &usage); err != nil {
		return Usage{}, err
	}
	return usage, nil
}

// Wait runs a command that ends by itself. A process starts with the peak of the one that it was forked from, so that the caller has
// to be small: it is the program test/tools/peak.
func Wait(cmd *exec.Cmd) (Usage, error) {
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, err
	}
	_ = cmd.Wait() // how the program ended is part of the result
	took := time.Since(began)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return Usage{}, errors.New("this system does not tell what a program takes")
	}
	return Usage{
		PeakKiB:    usage.Maxrss,
		Seconds:    took.Seconds(),
		CPUSeconds: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		Exit:       cmd.ProcessState.ExitCode(),
		End:        cmd.ProcessState.String(),
	}, nil
}

// PeakOf returns the peak of the resident memory of a process that runs, in KiB. Unlike that of Usage it starts with the program, not
// with the process that it was forked from.
func PeakOf(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		}
	}
	return 0, fmt.Errorf("process %d has no peak", pid)
}
