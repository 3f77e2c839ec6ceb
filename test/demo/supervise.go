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
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/filelock"
	"github.com/karmada-io/image-trust/test/lab/harness"
)

// The commands of a supervisor, which the foreground gives.
const (
	superviseBuild        = "supervise-build"
	superviseInstallation = "supervise"
	superviseFleet        = "supervise-fleet"
)

// installation is what the foreground needs to know of what is up.
type installation struct {
	// Kubeconfig is the administrator's.
	Kubeconfig string `json:"kubeconfig"`
	// Plugins is a directory of kubectl plugins; empty: none.
	Plugins string `json:"plugins,omitempty"`
	// Logs is the directory of all logs.
	Logs string `json:"logs"`
	// SchedulerDigest is that of the image that is admitted.
	SchedulerDigest string `json:"schedulerDigest"`
}

// stage is what a story happens on.
type stage struct {
	// programs are built if they are not there.
	programs []string
	// parts are named when they are about to start.
	parts string
	// start starts them. What it returns prepares the story, once they run.
	start func(ctx context.Context, o options, progress io.Writer) (harness.Parts, prepare, error)
}

type prepare func(context.Context) (installation, error)

func stages(command string) stage {
	if command == superviseFleet {
		return fleetStage()
	}
	return stage{
		programs: lab.Programs(),
		parts:    "a control plane, policy-controller, a registry and a local Sigstore",
		start:    startLab,
	}
}

// supervise does the supervisor's work until the lifeline, a signal or demo down ends it.
func supervise(o options) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	line := takeLifeline(cancel)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()

	var err error
	if o.command == superviseBuild {
		if err = binaries.Ensure(ctx, line.progress); err == nil {
			return line.release()
		}
	} else {
		err = superviseParts(ctx, cancel, o, line)
	}
	if err != nil && ctx.Err() == nil {
		return errors.Join(err, line.answer(answer{Error: err.Error()}))
	}
	return err
}

// superviseParts keeps the installation up until ctx ends.
func superviseParts(ctx context.Context, cancel context.CancelCauseFunc, o options, line *lifeline) error {
	lock, err := filelock.TryAcquire(lockFile(o.dir))
	if errors.Is(err, filelock.ErrLocked) {
		return errUp
	} else if err != nil {
		return err
	}
	// Held to the very end of the process, so that nothing is left when another has the lock.
	defer runtime.KeepAlive(lock)
	if err := listen(o.dir, cancel); err != nil {
		return err
	}
	defer func() { _ = os.Remove(pipeFile(o.dir)) }()

	stage := stages(o.command)
	if err := binaries.Ensure(ctx, line.progress, stage.programs...); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(line.progress, "▸ starting "+stage.parts)
	parts, prepare, err := stage.start(ctx, o, line.progress)
	if err != nil {
		return err
	}
	err = serve(ctx, line, prepare)
	if err != nil && ctx.Err() == nil || errors.Is(context.Cause(ctx), errFailed) {
		parts.KeepLogs()
	}
	return errors.Join(err, parts.Stop(), os.RemoveAll(kubeconfig(o.dir)))
}

func startLab(ctx context.Context, o options, progress io.Writer) (harness.Parts, prepare, error) {
	l, err := lab.Start(ctx, lab.Options{Progress: progress, LongRunning: !o.shortLived})
	if err != nil {
		return nil, nil, err
	}
	return l, func(ctx context.Context) (installation, error) {
		_, _ = fmt.Fprintln(progress, "▸ installing the operator from config/default")
		if err := l.StartOperator(ctx); err != nil {
			return installation{}, err
		}
		scheduler, err := pushImages(ctx, l, progress)
		if err != nil {
			return installation{}, err
		}
		content, err := os.ReadFile(l.Kubeconfig())
		if err != nil {
			return installation{}, err
		}
		if err := os.WriteFile(kubeconfig(o.dir), content, 0o600); err != nil {
			return installation{}, fmt.Errorf("write the kubeconfig: %w", err)
		}
		return installation{Kubeconfig: kubeconfig(o.dir), Logs: l.Dir(), SchedulerDigest: scheduler.DigestStr()}, nil
	}, nil
}

// serve prepares the story, and returns when everything is to be stopped.
func serve(ctx context.Context, line *lifeline, prepare prepare) error {
	up, err := prepare(ctx)
	if err != nil {
		return err
	}
	if err := line.answer(answer{Installation: up}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-line.kept:
	}
	if err := line.release(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func kubeconfig(dir string) string { return filepath.Join(dir, "kubeconfig") }
