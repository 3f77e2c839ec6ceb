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

// Package stoppipe stops a process through a named pipe. Unlike a signal, it cannot reach another
// process that has got the same process ID meanwhile.
package stoppipe

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Listen creates the pipe, in place of one that an ended process left, and calls stop once somebody
// writes to it. The caller makes sure that no other process listens at the same path.
func Listen(path string, stop func()) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("listen at %s: %w", path, err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("listen at %s: %w", path, err)
	}
	// Opened for reading and writing, it neither waits for a writer nor ends with one.
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", path, err)
	}
	go func() {
		_, _ = pipe.Read(make([]byte, 1))
		stop()
	}()
	return nil
}

// Stop asks the process that listens at path to stop. It fails if none does.
func Stop(path string) error {
	pipe, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = pipe.WriteString("stop\n")
	return errors.Join(err, pipe.Close())
}
