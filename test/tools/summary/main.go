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

// Command summary reads the events of "go test -json" and prints a summary: a line for each package,
// the output of failed and skipped tests, lines of progress (they begin with ▸), and the figures that
// tests report (figure: NAME VALUE). Its exit code does not depend on the tests: that of go test does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := summarise(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

// event is one line of go test -json (go doc test2json) or of go build -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

func summarise(in io.Reader, out io.Writer) error {
	reader := bufio.NewReader(in)
	// The output of each test so far, by package and name; the output of a package itself has no name.
	outputs := map[[2]string]*strings.Builder{}
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			report(line, outputs, out)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
	}
}

func report(line []byte, outputs map[[2]string]*strings.Builder, out io.Writer) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		// Not an event: a message of the go command.
		_, _ = out.Write(line)
		return
	}
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		_, _ = io.WriteString(out, e.Output)
	case "output":
		if outputs[key] == nil {
			outputs[key] = &strings.Builder{}
		}
		outputs[key].WriteString(e.Output)
		if text := passedThrough(e); text != "" {
			_, _ = io.WriteString(out, text)
		}
	case "fail", "skip":
		// The output of a skipped test says why it was skipped.
		if output := outputs[key]; output != nil && (e.Action == "fail" || e.Test != "") {
			_, _ = io.WriteString(out, output.String())
		}
		delete(outputs, key)
	case "pass":
		delete(outputs, key)
	}
}

// passedThrough returns what is printed of a line even if its test passes.
func passedThrough(e event) string {
	text := strings.TrimSpace(e.Output)
	switch i := strings.Index(text, "figure: "); {
	case i >= 0:
		return text[i:] + "\n"
	case strings.HasPrefix(text, "▸"):
		return e.Output
	case e.Test == "" && strings.HasPrefix(text, "ok ") && !strings.Contains(text, "[no test files]"):
		return e.Output
	default:
		return ""
	}
}
