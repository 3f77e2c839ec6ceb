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

// Command summary reads the events of "go test -json" and prints what people want to see: a line
// for each package, all that a failed or skipped test said, lines of progress as they come (they
// begin with ▸), and the figures that tests report (figure: NAME VALUE). Whether all passed is for
// the exit code of go test itself to tell.
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
	// What each test said so far, by package and name; a package's own words have no name.
	said := map[[2]string]*strings.Builder{}
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			report(line, said, out)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
	}
}

func report(line []byte, said map[[2]string]*strings.Builder, out io.Writer) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		// Not an event: go itself speaks.
		_, _ = out.Write(line)
		return
	}
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		_, _ = io.WriteString(out, e.Output)
	case "output":
		if said[key] == nil {
			said[key] = &strings.Builder{}
		}
		said[key].WriteString(e.Output)
		if text := passedThrough(e); text != "" {
			_, _ = io.WriteString(out, text)
		}
	case "fail", "skip":
		// A skipped test says why, so that none is skipped unseen.
		if words := said[key]; words != nil && (e.Action == "fail" || e.Test != "") {
			_, _ = io.WriteString(out, words.String())
		}
		delete(said, key)
	case "pass":
		delete(said, key)
	}
}

// passedThrough is what is shown of a line even when its test passes.
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
