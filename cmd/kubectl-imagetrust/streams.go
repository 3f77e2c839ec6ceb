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
	"bytes"
	"io"
	"os"

	"golang.org/x/term"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/sarif"
	"github.com/karmada-io/image-trust/internal/text"
)

// streams are the standard streams of a command, and what evaluates conditions in CUE for it.
type streams struct {
	In          io.Reader
	Out, ErrOut *output
	Conditions  *child.Evaluator
}

func newStreams(in io.Reader, out, errOut io.Writer) streams {
	return streams{In: in, Out: newOutput(out), ErrOut: newOutput(errOut), Conditions: child.New()}
}

// output is a standard stream that is written. It is no io.Writer, so that nothing is written to a terminal but what one of its
// methods takes care of: no value from a file, a registry or a cluster can act upon the terminal, or forge a line.
type output struct {
	w        io.Writer
	terminal bool
}

func newOutput(w io.Writer) *output {
	file, ok := w.(*os.File)
	return &output{w: w, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// print writes text for people.
func (o *output) print(p *text.Printer) error {
	_, err := io.WriteString(o.w, p.String())
	return err
}

// json writes encoded JSON, with escapes for what is not printable.
func (o *output) json(encoded []byte) error {
	_, err := o.w.Write(text.EscapeJSON(encoded))
	return err
}

// sarif writes results in the format of code scanning services.
func (o *output) sarif(rules []sarif.Rule, results []sarif.Result) error {
	var b bytes.Buffer
	if err := sarif.Encode(&b, version, rules, results); err != nil {
		return err
	}
	return o.json(b.Bytes())
}

// yaml writes a value as YAML. Most styles of YAML have no escapes: if the value has characters that need one, it is written in
// the style of JSON, which is YAML too.
func (o *output) yaml(value any) error {
	asJSON, err := encodeJSON(value)
	if err != nil {
		return err
	}
	if !text.Harmless(string(asJSON)) {
		return o.json(asJSON) // the YAML library rejects some of these characters
	}
	encoded, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	if !text.Harmless(string(encoded)) {
		return o.json(asJSON)
	}
	_, err = o.w.Write(encoded)
	return err
}

// manifests writes the content of the user's own files. It is exact, unless it is written to a terminal.
func (o *output) manifests(content []byte) error {
	if !o.terminal {
		_, err := o.w.Write(content)
		return err
	}
	return o.foreign(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")))
}

// foreign writes lines that a library has put together.
func (o *output) foreign(content []byte) error {
	w := text.NewWriter(o.w)
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Flush()
}

// style colours text. The zero value leaves text as it is.
type style struct{ enabled bool }

// style returns the style of a stream: colours on a terminal, unless NO_COLOR is set (https://no-color.org).
func (o *output) style() style {
	return style{enabled: o.terminal && os.Getenv("NO_COLOR") == ""}
}

// The colours of ANSI terminals.
const (
	red    = 31
	green  = 32
	yellow = 33
)

func (s style) colour(code int, value any) text.Coloured {
	if !s.enabled {
		code = 0
	}
	return text.Coloured{Colour: code, Value: value}
}

// success formats a value about something that is verified or allowed.
func (s style) success(value any) text.Coloured { return s.colour(green, value) }

// failure formats a value about something that is untrusted or denied.
func (s style) failure(value any) text.Coloured { return s.colour(red, value) }

// warning formats a value about something that is unknown or undetermined.
func (s style) warning(value any) text.Coloured { return s.colour(yellow, value) }

// progress counts finished verifications on a terminal. Nothing is written to other streams.
type progress struct {
	to      *output
	written bool
}

// clearLine moves the cursor to the first column and clears the line.
const clearLine = "\r\x1b[K"

// show replaces the progress line. A single verification has none.
func (p *progress) show(done, total int) {
	if !p.to.terminal || total < 2 {
		return
	}
	p.written = true
	_, _ = io.WriteString(p.to.w, clearLine+text.Sprintf("%d of %d images verified", done, total).String())
}

// end clears the progress line.
func (p *progress) end() {
	if p.written {
		_, _ = io.WriteString(p.to.w, clearLine)
	}
}
