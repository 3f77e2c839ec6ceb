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
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The foreground holds the writing end of a pipe, the lifeline, as long as it lives. The supervisor
// reads: once the lifeline ends without the word keep, however the foreground ended, it stops all.
const (
	// keepWord lets the supervisor live on without the foreground.
	keepWord = "keep"
	// failedWord says that the story went wrong, so that the logs are worth keeping.
	failedWord = "failed"
)

// Files that the supervisor inherits in addition to the lifeline, which is its standard input.
const (
	answersFD  = 3
	progressFD = 4
)

var (
	errAbandoned = errors.New("the foreground has ended")
	errFailed    = errors.New("the story went wrong")
)

// answer is what the supervisor sends to the foreground.
type answer struct {
	Installation installation `json:"installation,omitzero"`
	Error        string       `json:"error,omitempty"`
}

// lifeline is the supervisor's end of what ties it to the foreground.
type lifeline struct {
	// progress is the foreground's output.
	progress *os.File
	answers  *os.File
	// kept is closed when the foreground asks the supervisor to stay.
	kept chan struct{}
}

// takeLifeline takes over the files that the foreground passes on, and cancels once the foreground has ended.
func takeLifeline(cancel context.CancelCauseFunc) *lifeline {
	// What the supervisor starts must not inherit them in turn.
	syscall.CloseOnExec(answersFD)
	syscall.CloseOnExec(progressFD)
	l := &lifeline{
		progress: os.NewFile(progressFD, "progress"),
		answers:  os.NewFile(answersFD, "answers"),
		kept:     make(chan struct{}),
	}
	go l.watch(cancel)
	return l
}

func (l *lifeline) watch(cancel context.CancelCauseFunc) {
	for words := bufio.NewScanner(os.Stdin); words.Scan(); {
		switch words.Text() {
		case keepWord:
			close(l.kept)
			return
		case failedWord:
			cancel(errFailed)
		}
	}
	cancel(errAbandoned)
}

func (l *lifeline) answer(a answer) error {
	if err := json.NewEncoder(l.answers).Encode(a); err != nil {
		return fmt.Errorf("answer the foreground: %w", err)
	}
	return nil
}

// release lets the foreground go: readers of its output wait until no other process has it open.
func (l *lifeline) release() error {
	return errors.Join(l.progress.Close(), l.answer(answer{}), l.answers.Close())
}
