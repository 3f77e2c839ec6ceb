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
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/karmada-io/image-trust/test/lab/filelock"
)

// downPollInterval is how often down looks whether the supervisor is gone.
const downPollInterval = 100 * time.Millisecond

var (
	errUp        = errors.New("the demo is up already: stop it with make demo-down, which forgets all that was changed in it")
	errStopAsked = errors.New("asked to stop")
)

// A supervisor holds the lock as long as it lives, so that nobody signals a process by a number that
// may be another's by now; it is asked to stop through a named pipe.
func lockFile(dir string) string { return filepath.Join(dir, "lock") }
func pipeFile(dir string) string { return filepath.Join(dir, "stop") }

// notUp returns errUp while a supervisor runs.
func notUp(dir string) error {
	lock, err := filelock.TryAcquire(lockFile(dir))
	if errors.Is(err, filelock.ErrLocked) {
		return errUp
	} else if err != nil {
		return err
	}
	return lock.Release()
}

// listen cancels once somebody writes to the pipe. The caller holds the lock.
func listen(dir string, cancel context.CancelCauseFunc) error {
	if err := os.RemoveAll(pipeFile(dir)); err != nil {
		return fmt.Errorf("listen for demo down: %w", err)
	}
	if err := syscall.Mkfifo(pipeFile(dir), 0o600); err != nil {
		return fmt.Errorf("listen for demo down: %w", err)
	}
	// Opened for both, it neither waits for a writer nor ends with one.
	pipe, err := os.OpenFile(pipeFile(dir), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("listen for demo down: %w", err)
	}
	go func() {
		_, _ = pipe.Read(make([]byte, 1))
		cancel(errStopAsked)
	}()
	return nil
}

// ask asks the supervisor to stop. It fails while none listens.
func ask(dir string) error {
	pipe, err := os.OpenFile(pipeFile(dir), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = pipe.WriteString("stop\n")
	return errors.Join(err, pipe.Close())
}

// down stops the demo that is up, and returns when nothing of it runs any more.
func down(ctx context.Context, dir string, out io.Writer) error {
	lock, err := filelock.TryAcquire(lockFile(dir))
	if err == nil {
		_, _ = fmt.Fprintln(out, "▸ nothing is running")
		return lock.Release()
	}
	_, _ = fmt.Fprintln(out, "▸ stopping the demo")
	for asked := false; errors.Is(err, filelock.ErrLocked); lock, err = filelock.TryAcquire(lockFile(dir)) {
		if !asked {
			asked = ask(dir) == nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(downPollInterval):
		}
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "▸ stopped: nothing of it runs any more")
	return lock.Release()
}
