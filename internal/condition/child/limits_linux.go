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

package child

import (
	"math"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// program returns the path of this program. It is valid even after the file was replaced.
func program() (string, error) { return "/proc/self/exe", nil }

// prepare lets a process end with its parent, and keeps signals of a terminal from it: they are the parent's.
func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// niceness of a process, so that evaluations slow nothing down.
const niceness = 10

// limitProcess sets the limits of the operating system on this process: RLIMIT_DATA counts what it maps privately for writing.
// A limit that cannot be set is missing: the watchdog remains.
func limitProcess() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	if !raceEnabled { // the race detector maps several times the memory
		_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: maxMemory + dataOverhead, Max: maxMemory + dataOverhead})
	}
	// If memory is short all the same, this process is the one to end.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
}

// dataOverhead is what is mapped but never touched, such as the stacks of threads that libc reserves, in bytes.
const dataOverhead = 24 << 20

// limitTime lets the kernel end the process when the evaluation that begins takes much longer than the watchdog allows.
func limitTime() {
	seconds := uint64(math.Ceil((processorTime() + maxTime).Seconds())) + 1
	_ = unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: unix.RLIM_INFINITY})
}

// processorTime is the time that the processor has worked for this process.
func processorTime() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return math.MaxInt64
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
