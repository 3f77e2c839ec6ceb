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

// Package process runs the programs of a test environment as children that are
// ready when Start returns, gone when Stop returns, and never outlive the test.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	defaultStartTimeout = 2 * time.Minute
	defaultStopTimeout  = 20 * time.Second
	readyPollInterval   = 25 * time.Millisecond
)

// Command says what to run and how to know that it works.
type Command struct {
	// Name stands in messages.
	Name string
	// Path is the program's file.
	Path string
	// Args are its arguments, without the program's own name.
	Args []string
	// Env is the whole environment: nothing of the caller's own proxies,
	// credentials or kubeconfigs leaks into the program.
	Env []string
	// LogFile receives standard output and standard error, appended.
	LogFile string
	// Ready returns nil once the program serves; it is asked until then.
	Ready func(context.Context) error
	// StartTimeout bounds the wait for Ready; zero means two minutes.
	StartTimeout time.Duration
	// StopTimeout is how long the program may take to end after SIGTERM
	// before it is killed; zero means 20 seconds.
	StopTimeout time.Duration
}

// Process is a program that was started.
type Process struct {
	command  Command
	pid      int
	stopping atomic.Bool
	done     chan struct{}
	exit     error // why the program ended; valid once done is closed
}

// Start runs the command and returns when it is ready. The context bounds the
// start only. When the program exits early or is not ready in time, the error
// ends with the tail of its log.
func Start(ctx context.Context, command Command) (*Process, error) {
	if command.StartTimeout == 0 {
		command.StartTimeout = defaultStartTimeout
	}
	if command.StopTimeout == 0 {
		command.StopTimeout = defaultStopTimeout
	}
	p := &Process{command: command, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Name, err)
	}
	if err := p.awaitReady(ctx); err != nil {
		p.stopping.Store(true)
		p.end()
		return nil, fmt.Errorf("start %s: %w\n%s", command.Name, err, tail(command.LogFile))
	}
	return p, nil
}

// run starts the program and waits for its end, both on one thread of its own:
// Linux delivers the parent-death signal when the thread that forked ends, and
// Go ends threads at will unless a goroutine is locked to them.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	log, err := os.OpenFile(p.command.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		started <- err
		return
	}
	defer func() { _ = log.Close() }()

	cmd := exec.Command(p.command.Path, p.command.Args...)
	cmd.Env = p.command.Env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil

	p.exit = cmd.Wait()
	if p.exit == nil {
		p.exit = errors.New("exit status 0")
	}
	close(p.done)
}

func (p *Process) awaitReady(ctx context.Context) error {
	if p.command.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.command.StartTimeout)
	defer cancel()
	for {
		notReady := p.command.Ready(ctx)
		select {
		case <-p.done: // even when somebody answers: it may be another program on that port
			return fmt.Errorf("exited before it was ready: %w", p.exit)
		default:
		}
		if notReady == nil {
			return nil
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w (%w)", notReady, context.Cause(ctx))
		case <-time.After(readyPollInterval):
		}
	}
}

// PID is the process id, which is also that of the process group.
func (p *Process) PID() int { return p.pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns why the program ended without being stopped, and nil while
// it runs and after Stop.
func (p *Process) Err() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	if p.stopping.Load() {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %w\n%s", p.command.Name, p.exit, tail(p.command.LogFile))
}

// Stop ends the program and everything in its process group, and returns when
// it is gone. The error reports that it had ended by itself before. Further calls
// do nothing.
func (p *Process) Stop() error {
	if err := p.Err(); err != nil {
		p.stopping.Store(true)
		return err
	}
	p.stopping.Store(true)
	p.end()
	return nil
}

func (p *Process) end() {
	select {
	case <-p.done: // its process ID may belong to another process
		return
	default:
	}
	_ = syscall.Kill(-p.pid, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(p.command.StopTimeout):
	}
	// Also for children that survived it.
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	<-p.done
}
