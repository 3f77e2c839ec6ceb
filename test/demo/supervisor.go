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
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// supervisor is the process that owns what the demo starts, as the foreground has it.
type supervisor struct {
	cmd       *exec.Cmd
	lifeline  *os.File
	answersIn *os.File
	answers   *json.Decoder
	log       string
}

// startSupervisor runs this program again with another command, in a session of its own: a
// terminal's Ctrl-C does not reach it. Its progress goes to out.
func startSupervisor(o options, command string, out *os.File) (*supervisor, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	log, err := os.Create(filepath.Join(o.dir, command+".log"))
	if err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	defer func() { _ = log.Close() }()
	theirLifeline, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	defer func() { _ = theirLifeline.Close() }()
	answers, theirAnswers, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	defer func() { _ = theirAnswers.Close() }()

	cmd := exec.Command(program, "-dir="+o.dir, fmt.Sprintf("-short-lived=%t", o.shortLived), command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirLifeline, log, log
	cmd.ExtraFiles = []*os.File{answersFD - 3: theirAnswers, progressFD - 3: out}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	return &supervisor{cmd: cmd, lifeline: lifeline, answersIn: answers, answers: json.NewDecoder(answers), log: log.Name()}, nil
}

// await waits for the supervisor's next answer.
func (s *supervisor) await(ctx context.Context) (installation, error) {
	defer context.AfterFunc(ctx, func() { _ = s.answersIn.SetReadDeadline(time.Now()) })()
	var a answer
	err := s.answers.Decode(&a)
	switch {
	case ctx.Err() != nil:
		return installation{}, ctx.Err()
	case err != nil:
		return installation{}, fmt.Errorf("the supervisor has ended (%w); its log is %s", err, s.log)
	case a.Error != "":
		return installation{}, errors.New(a.Error)
	}
	return a.Installation, nil
}

// keep lets the supervisor live on, and returns when it knows.
func (s *supervisor) keep(ctx context.Context) error {
	if err := s.say(keepWord); err != nil {
		return err
	}
	_, err := s.await(ctx)
	return err
}

func (s *supervisor) say(word string) error {
	if _, err := fmt.Fprintln(s.lifeline, word); err != nil {
		return fmt.Errorf("send %s to the supervisor: %w", word, err)
	}
	return nil
}

// end has the supervisor stop everything, and returns when it is gone.
func (s *supervisor) end() error {
	_ = s.lifeline.Close()
	var exit *exec.ExitError
	if err := s.cmd.Wait(); errors.As(err, &exit) {
		return fmt.Errorf("supervisor: %w; its log is %s", err, s.log)
	} else if err != nil {
		return fmt.Errorf("wait for the supervisor: %w", err)
	}
	return nil
}
