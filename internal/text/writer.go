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
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// Commands to CI systems in the output of a program. GitHub's are lines that begin with ::, after white space (actions/runner,
// src/Runner.Common/ActionCommand.cs), its older ones begin with ##[ anywhere in a line, and those of Azure Pipelines
// with ##vso[. No program of this project gives one.
var (
	commandLine  = regexp.MustCompile(`(?m)^([\t ]*):(:)`)
	commandBegin = regexp.MustCompile(`(?i)#(#(?:vso)?\[)`)
)

// defuse replaces the first character of each command to a CI system.
func defuse(s string) string {
	if strings.Contains(s, "::") {
		s = commandLine.ReplaceAllString(s, "${1}?$2")
	}
	if strings.Contains(s, "##") {
		s = commandBegin.ReplaceAllString(s, "?$1")
	}
	return s
}

// Harmless reports whether text in lines can be printed as it is: it has no characters but printable ones, line ends and
// tabs, and no line is a command to a CI system.
func Harmless(s string) bool { return lines(s) == s }

// lines makes text printable, except for its line ends and tabs.
func lines(s string) string {
	return defuse(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || isPrintable(r) {
			return r
		}
		return replacement
	}, s))
}

// maxLine bounds the part of a line that a Writer keeps, in bytes.
const maxLine = 64 << 10

// Writer passes on text that others have put together, such as a library, with its line ends and tabs. Everything else that is
// not printable is replaced. A line is passed on once it ends; Flush passes on one that has not. It is safe for concurrent
// use.
type Writer struct {
	mu   sync.Mutex
	to   io.Writer
	line []byte
}

// NewWriter returns a Writer that passes text to another writer.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write implements io.Writer. The number of bytes is that of the text before anything is replaced.
func (w *Writer) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line = append(w.line, text...)
	end := bytes.LastIndexByte(w.line, '\n') + 1
	if len(w.line)-end > maxLine {
		end = len(w.line)
	}
	if err := w.pass(end); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Flush passes on the line that has not ended yet.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(len(w.line))
}

func (w *Writer) pass(end int) error {
	if end == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, lines(string(w.line[:end])))
	w.line = append(w.line[:0], w.line[end:]...)
	return err
}

// EscapeJSON writes the characters of encoded JSON that are not printable as escapes, and those with which a command to a CI
// system begins. The JSON means the same. Unlike encoding/json, which escapes few characters beyond ASCII, it leaves nothing
// that a terminal would act upon.
func EscapeJSON(encoded []byte) []byte {
	if Harmless(string(encoded)) {
		return encoded
	}
	out := make([]byte, 0, len(encoded))
	hash := false
	for len(encoded) > 0 {
		r, size := utf8.DecodeRune(encoded)
		switch again := hash; {
		case r == '#' && again, r != '\n' && r != '\t' && r != '\r' && !isPrintable(r):
			hash = false
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		default:
			hash = r == '#'
			out = append(out, encoded[:size]...)
		}
		encoded = encoded[size:]
	}
	return out
}

// Parts of text that may be a secret: user information and queries of URLs, and values of the Authorization header.
var (
	urlUser     = regexp.MustCompile(`//[^/\s"]*@`)
	urlQuery    = regexp.MustCompile(`(//[^\s"?]+)\?[^\s"]+`)
	credentials = regexp.MustCompile(`(?i)\b(?:basic|bearer)\s+(?:[a-z0-9+/_.~=-]*[0-9=][a-z0-9+/_.~=-]*|[a-z0-9+/_.~=-]{16,})`)
)

// WithoutSecrets replaces what may be a secret in text about requests, such as the error of an HTTP client: the user, the
// password and the query of each URL, and credentials.
func WithoutSecrets(s string) string {
	s = urlUser.ReplaceAllString(s, "//[redacted]@")
	s = urlQuery.ReplaceAllString(s, "$1?[redacted]")
	return credentials.ReplaceAllString(s, "[redacted]")
}
