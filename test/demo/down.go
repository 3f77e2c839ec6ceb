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
	"path/filepath"
	"time"

	"github.com/karmada-io/image-trust/test/lab/filelock"
	"github.com/karmada-io/image-trust/test/lab/stoppipe"
)

// downPollInterval is how often down checks whether the supervisor has ended.
const downPollInterval = 100 * time.Millisecond

var (
	errUp        = errors.New("the demo is already running: stop it with make demo-down, which discards all changes in its cluster")
	errStopAsked = errors.New("asked to stop")
)

// A supervisor holds the lock until it ends, and is asked to stop through a named pipe.
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
	if err := stoppipe.Listen(pipeFile(dir), func() { cancel(errStopAsked) }); err != nil {
		return fmt.Errorf("listen for demo down: %w", err)
	}
	return nil
}

// down stops the running demo, and returns when all of its programs have ended.
func down(ctx context.Context, dir string, out io.Writer) error {
	lock, err := filelock.TryAcquire(lockFile(dir))
	if err == nil {
		_, _ = fmt.Fprintln(out, "▸ nothing is running")
		return lock.Release()
	}
	_, _ = fmt.Fprintln(out, "▸ stopping the demo")
	for asked := false; errors.Is(err, filelock.ErrLocked); lock, err = filelock.TryAcquire(lockFile(dir)) {
		if !asked {
			asked = stoppipe.Stop(pipeFile(dir)) == nil
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
	_, _ = fmt.Fprintln(out, "▸ stopped: all of its programs have ended")
	return lock.Release()
}
