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
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// streams are the standard streams of a command.
type streams = genericiooptions.IOStreams

// isTerminal reports whether w writes to a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// style colours text. The zero value leaves text as it is.
type style struct{ enabled bool }

// styleFor returns the style for w: colours on a terminal, unless NO_COLOR is set (https://no-color.org).
func styleFor(w io.Writer) style {
	return style{enabled: isTerminal(w) && os.Getenv("NO_COLOR") == ""}
}

// The colours of ANSI terminals.
const (
	red    = 31
	green  = 32
	yellow = 33
)

func (s style) colour(code int, text string) string {
	if !s.enabled {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, text)
}

// success formats text about something that is verified or allowed.
func (s style) success(text string) string { return s.colour(green, text) }

// failure formats text about something that is untrusted or denied.
func (s style) failure(text string) string { return s.colour(red, text) }

// warning formats text about something that is unknown or undetermined.
func (s style) warning(text string) string { return s.colour(yellow, text) }

// progress counts finished verifications on a terminal. Nothing is written to other streams.
type progress struct {
	terminal io.Writer
	written  bool
}

func newProgress(w io.Writer) *progress {
	if !isTerminal(w) {
		return &progress{}
	}
	return &progress{terminal: w}
}

// show replaces the progress line. A single verification has none.
func (p *progress) show(done, total int) {
	if p.terminal == nil || total < 2 {
		return
	}
	p.written = true
	_, _ = fmt.Fprintf(p.terminal, "\r\x1b[K%d of %d images verified", done, total)
}

// end clears the progress line.
func (p *progress) end() {
	if p.written {
		_, _ = fmt.Fprint(p.terminal, "\r\x1b[K")
	}
}
