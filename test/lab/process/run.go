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
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// interruptDelay is how long an interrupted command may take to clean up.
const interruptDelay = 5 * time.Second

// Run runs a command that ends by itself, in a process group of its own, which a terminal's Ctrl-C
// does not reach. The command comes from exec.CommandContext: when its context ends, the whole group
// is interrupted, and what is left of it killed. On Linux the command dies with this process.
func Run(cmd *exec.Cmd) error {
	// See Process.run.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd.SysProcAttr = ownGroup()
	interrupted := false
	cmd.Cancel = func() error {
		interrupted = true
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	}
	cmd.WaitDelay = interruptDelay
	err := cmd.Run()
	if interrupted {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return err
}
