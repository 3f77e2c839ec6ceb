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
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// streams of the process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// isTerminal tells whether somebody looks on.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// style of text: colour where somebody looks on and has not asked for none (https://no-color.org).
type style struct{ colour bool }

func styleFor(w io.Writer) style {
	return style{colour: isTerminal(w) && os.Getenv("NO_COLOR") == ""}
}

func (s style) paint(code int, text string) string {
	if !s.colour {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, text)
}

func (s style) good(text string) string  { return s.paint(32, text) }
func (s style) bad(text string) string   { return s.paint(31, text) }
func (s style) doubt(text string) string { return s.paint(33, text) }

// progress shows how far long work is on a terminal, and nothing elsewhere.
type progress struct {
	w     io.Writer
	shown bool
}

func newProgress(w io.Writer) *progress {
	if !isTerminal(w) {
		return &progress{}
	}
	return &progress{w: w}
}

func (p *progress) show(done, all int) {
	const worthIt = 2
	if p.w == nil || all < worthIt {
		return
	}
	p.shown = true
	_, _ = fmt.Fprintf(p.w, "\r\x1b[K%d of %d images verified", done, all)
}

func (p *progress) end() {
	if p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
}
