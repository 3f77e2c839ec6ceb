//go:build unix

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
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// runGroup runs a program in a process group of its own, which is ended when the context of the command ends. It keeps its thread:
// where the kernel ends the program with this process, it does so with the thread that started it.
func runGroup(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		// It has answered and ended. A child of it holds the output open.
		_ = cmd.Cancel()
		return nil
	}
	return err
}
