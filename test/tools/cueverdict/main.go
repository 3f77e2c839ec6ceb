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

// Cueverdict answers whether statements meet conditions in CUE, as cosign's pkg/policy evaluates them, with the version of
// CUE that its module pins. It reads a Question per line and writes an answer per line: "invalid" if the condition does not
// compile, "malformed" if the statement does not, "met" or "unmet". All are evaluated, whatever they take: it is a program for
// tests.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"cuelang.org/go/cue/cuecontext"
)

// Question is a condition and the statement that it is evaluated on.
type Question struct {
	Condition string `json:"condition"`
	Statement string `json:"statement"`
}

func main() {
	if err := answer(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func answer(in io.Reader, out io.Writer) error {
	questions := json.NewDecoder(bufio.NewReader(in))
	answers := bufio.NewWriter(out)
	for {
		var q Question
		err := questions.Decode(&q)
		if errors.Is(err, io.EOF) {
			return answers.Flush()
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(answers, verdict(q)); err != nil {
			return err
		}
		if err := answers.Flush(); err != nil {
			return err
		}
	}
}

func verdict(q Question) (answer string) {
	defer func() {
		if r := recover(); r != nil {
			answer = "panicked"
		}
	}()
	context := cuecontext.New()
	condition := context.CompileString(q.Condition)
	if condition.Err() != nil {
		return "invalid"
	}
	statement := context.CompileBytes([]byte(q.Statement))
	if statement.Err() != nil {
		return "malformed"
	}
	if condition.Unify(statement).Validate() != nil {
		return "unmet"
	}
	return "met"
}
