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

package text

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Printer builds the text that a program prints for people. Its lines are those of the program: a format is a constant, and
// whatever a value contains, it stays printable and on its line. The zero value is empty.
type Printer struct{ b strings.Builder }

// layout is the format of a text. Only a constant converts to it without saying so, so that no value is taken for a format.
type layout string

// Sprintf returns a Printer with a text.
func Sprintf(format layout, values ...any) *Printer {
	p := &Printer{}
	p.Printf(format, values...)
	return p
}

// Printf appends text. Values are formatted as by fmt.Printf, and then made printable. A value of type Coloured keeps its
// colour.
func (p *Printer) Printf(format layout, values ...any) {
	cleaned := make([]any, 0, len(values))
	for _, v := range values {
		if _, coloured := v.(Coloured); !coloured {
			v = printable{v}
		}
		cleaned = append(cleaned, v)
	}
	fmt.Fprintf(&p.b, string(format), cleaned...)
}

// Table appends a table with its columns aligned as kubectl does. Cells are made printable.
func (p *Printer) Table(header []string, rows [][]string) {
	const minWidth, tabWidth, padding = 6, 4, 3
	w := tabwriter.NewWriter(&p.b, minWidth, tabWidth, padding, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		cells := make([]string, 0, len(row))
		for _, cell := range row {
			cells = append(cells, Printable(cell))
		}
		_, _ = io.WriteString(w, strings.Join(cells, "\t")+"\n") // a strings.Builder does not fail
	}
	_ = w.Flush()
}

// String returns the text. No line of it is a command to a CI system.
func (p *Printer) String() string { return defuse(p.b.String()) }

// printable formats a value as text that is printable.
type printable struct{ value any }

// Format implements fmt.Formatter.
func (p printable) Format(s fmt.State, verb rune) {
	_, _ = io.WriteString(s, Printable(fmt.Sprintf(fmt.FormatString(s, verb), p.value)))
}

// Coloured is a value in a colour of ANSI terminals, such as 31 for red. It has no colour if that is zero.
type Coloured struct {
	Colour int
	Value  any
}

// Format implements fmt.Formatter.
func (c Coloured) Format(s fmt.State, verb rune) {
	if c.Colour == 0 {
		printable{c.Value}.Format(s, verb)
		return
	}
	_, _ = fmt.Fprintf(s, "\x1b[%dm", c.Colour)
	printable{c.Value}.Format(s, verb)
	_, _ = io.WriteString(s, "\x1b[0m")
}
