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

// Package child evaluates conditions in CUE in a process of its own, because what a condition takes cannot be limited, and what
// it does cannot be stopped, in the process that asks. The process is another one of the same program: main and TestMain begin
// with
//
//	if child.Requested(os.Args) {
//		os.Exit(child.Serve(os.Stdin, os.Stdout))
//	}
//
// It has no environment, no open files but its pipes, and the limits in limits.go. It is started when a condition is to be
// evaluated, serves one request after the other, and ends when it is idle, or when its parent ends.
package child

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// argument is the only argument of a process that evaluates conditions.
const argument = "evaluate-conditions"

// Requested reports whether a program was started by an Evaluator, by its arguments, which begin with its name.
func Requested(arguments []string) bool {
	return len(arguments) == 2 && arguments[1] == argument
}

const (
	// maxText bounds the condition and the statement of a request, in bytes.
	maxText = 16 << 20
	// maxMessage bounds the message of an answer, in bytes.
	maxMessage = 1 << 10
)

// answers that a process gives.
const (
	met byte = iota + 1
	unmet
	invalid
	malformed
	crashed
	ready
)

// request asks to evaluate a condition on a statement, or only to compile it if compile is set.
type request struct {
	compile   bool
	source    []byte
	statement []byte
}

// answer is one of the answers, and a message.
type answer struct {
	kind    byte
	message string
}

var errTooLong = errors.New("the text is too long")

// writeTexts writes a byte and texts, each after its length.
func writeTexts(w io.Writer, kind byte, texts ...[]byte) error {
	header := []byte{kind}
	for _, text := range texts {
		if len(text) > maxText {
			return errTooLong
		}
		header = binary.BigEndian.AppendUint32(header, uint32(len(text))) //nolint:gosec // It is less than maxText.
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, text := range texts {
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// readTexts reads what writeTexts wrote, with texts of at most limit bytes.
func readTexts(r io.Reader, count int, limit uint32) (kind byte, texts [][]byte, err error) {
	header := make([]byte, 1+4*count)
	if _, err := io.ReadFull(r, header); err != nil {
		return 0, nil, err
	}
	for i := range count {
		size := binary.BigEndian.Uint32(header[1+4*i:])
		if size > limit {
			return 0, nil, errTooLong
		}
		texts = append(texts, make([]byte, size))
	}
	for _, text := range texts {
		if _, err := io.ReadFull(r, text); err != nil {
			return 0, nil, fmt.Errorf("the text ends early: %w", err)
		}
	}
	return header[0], texts, nil
}

func writeRequest(w io.Writer, r request) error {
	kind := byte(0)
	if r.compile {
		kind = 1
	}
	return writeTexts(w, kind, r.source, r.statement)
}

func readRequest(r io.Reader) (request, error) {
	kind, texts, err := readTexts(r, 2, maxText)
	if err != nil {
		return request{}, err
	}
	return request{compile: kind == 1, source: texts[0], statement: texts[1]}, nil
}

func writeAnswer(w io.Writer, a answer) error {
	return writeTexts(w, a.kind, []byte(a.message[:min(len(a.message), maxMessage)]))
}

func readAnswer(r io.Reader) (answer, error) {
	kind, texts, err := readTexts(r, 1, maxMessage)
	if err != nil {
		return answer{}, err
	}
	return answer{kind: kind, message: string(texts[0])}, nil
}
