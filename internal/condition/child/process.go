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
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/text"
)

// startTime bounds the time until a process is ready.
const startTime = 30 * time.Second

// killed is the exit code of a process that a signal ended.
const killed = -1

// process is a running process that evaluates conditions.
type process struct {
	requests chan request
	answers  chan answer // closed when the process has ended
	kill     context.CancelFunc
	ended    chan struct{}
	// Why the process ended; to be read after ended is closed.
	code   int
	stderr string
}

// startProcess starts a process.
func startProcess() (*process, error) {
	path, err := program()
	if err != nil {
		return nil, fmt.Errorf("finding the program: %w", err)
	}
	ctx, kill := context.WithCancel(context.Background())
	p := &process{requests: make(chan request), answers: make(chan answer), kill: kill, ended: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(ctx, path, started)
	if err := <-started; err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// ready waits until the process waits for a request.
func (p *process) ready(ctx context.Context) error {
	timeout := time.NewTimer(startTime)
	defer timeout.Stop()
	select {
	case a, ok := <-p.answers:
		if ok && a.kind == ready {
			return nil
		}
		return errors.New("the process that evaluates conditions does not start: " + firstLine(p.reason()))
	case <-timeout.C:
		return fmt.Errorf("the process that evaluates conditions is not ready after %s", startTime)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run starts the process and waits for its end. It keeps its thread, because the kernel ends the process with the thread that
// started it.
func (p *process) run(ctx context.Context, path string, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	cmd := exec.CommandContext(ctx, path, argument)
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Dir = "/"
	var stderr beginning
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	prepare(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		started <- err
		return
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		started <- err
		return
	}
	if err := cmd.Start(); err != nil {
		started <- fmt.Errorf("starting the process that evaluates conditions: %w", err)
		return
	}
	started <- nil
	go func() {
		defer func() { _ = in.Close() }()
		for {
			select {
			case r := <-p.requests:
				if writeRequest(in, r) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		a, err := readAnswer(out)
		if err != nil {
			break
		}
		select {
		case p.answers <- a:
		case <-ctx.Done():
		}
	}
	p.kill() // It has closed its output, or writes something else.
	_ = cmd.Wait()
	p.code, p.stderr = cmd.ProcessState.ExitCode(), stderr.String()
	close(p.answers)
}

// ask sends a request to a process that is ready, and waits for the answer. After an error the process must be stopped.
func (p *process) ask(ctx context.Context, r request) (answer, error) {
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	requests := p.requests
	for {
		select {
		case requests <- r:
			requests = nil
		case a, ok := <-p.answers:
			if !ok {
				return answer{}, p.failure()
			}
			return a, nil
		case <-timeout.C:
			return answer{}, fmt.Errorf("%w: there was no answer for %s; the machine is too busy", condition.ErrUnavailable, maxWait)
		case <-ctx.Done():
			return answer{}, fmt.Errorf("%w: %w", condition.ErrUnavailable, ctx.Err())
		}
	}
}

// stop ends the process and waits for its end.
func (p *process) stop() {
	p.kill()
	<-p.ended
}

// failure is the error about a process that ended instead of giving an answer.
func (p *process) failure() error {
	reason := p.reason()
	switch {
	case p.code == exitTime || strings.Contains(reason, "SIGXCPU"):
		reason = fmt.Sprintf("it takes more than %s of a processor", maxTime)
	case p.code == exitMemory || strings.Contains(reason, "out of memory") || strings.Contains(reason, "cannot allocate memory"):
		reason = fmt.Sprintf("it takes more than %d MiB of memory", maxMemory>>20)
	case p.code == killed && p.stderr == "":
		return fmt.Errorf("%w: the process that evaluates conditions was killed", condition.ErrUnavailable)
	case strings.Contains(reason, "stack"):
		reason = "it recurses without end"
	default:
		reason = "the evaluation crashes: " + firstLine(reason)
	}
	return fmt.Errorf("%w: %s", condition.ErrFailed, reason)
}

// reason is what the process wrote before it ended.
func (p *process) reason() string {
	p.stop()
	if p.stderr == "" {
		return fmt.Sprintf("exit code %d", p.code)
	}
	return p.stderr
}

// maxReason bounds what a message quotes of what a process wrote, in bytes.
const maxReason = 200

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return text.Truncate(line, maxReason)
}

// beginning keeps the beginning of what is written to it.
type beginning struct{ bytes.Buffer }

// maxBeginning bounds what is kept, in bytes.
const maxBeginning = 4 << 10

func (b *beginning) Write(p []byte) (int, error) {
	if room := maxBeginning - b.Len(); room > 0 {
		_, _ = b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
