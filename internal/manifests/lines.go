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

package manifests

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// lines holds the offset of the start of each line.
type lines []int32

// newLines splits lines at line feeds, as editors do.
func newLines(content []byte) lines {
	starts := append(make(lines, 0, 1+bytes.Count(content, []byte("\n"))), 0)
	for at := 0; ; {
		next := bytes.IndexByte(content[at:], '\n')
		if next < 0 {
			return starts
		}
		at += next + 1
		starts = append(starts, int32(at)) //nolint:gosec // a file has at most MaxFileSize
	}
}

// line returns the line of an offset, counted from 1.
func (l lines) line(offset int) int {
	at, found := slices.BinarySearch(l, int32(offset)) //nolint:gosec // a file has at most MaxFileSize
	if found {
		at++
	}
	return at
}

// position returns the line and the column of an offset, counted from 1. The column is in characters.
func (l lines) position(content []byte, offset int) (line, column int) {
	at, found := slices.BinarySearch(l, int32(offset)) //nolint:gosec // a file has at most MaxFileSize
	if !found {
		at--
	}
	return at + 1, utf8.RuneCount(content[l[at]:offset]) + 1
}

// cursor converts the lines and columns of the YAML parser into offsets. It only moves forward, so that a document
// needs one pass.
type cursor struct {
	content          []byte
	at, line, column int
}

func (c *cursor) offset(line, column int) int {
	for c.at < len(c.content) && (c.line < line || c.line == line && c.column < column) {
		size, ends := lineBreak(c.content[c.at:])
		if ends {
			c.line++
			c.column = 1
		} else {
			_, size = utf8.DecodeRune(c.content[c.at:])
			c.column++
		}
		c.at += size
	}
	return c.at
}

// lineBreak reports whether text begins with a line break of YAML 1.1, as the parser counts them, and its size in bytes.
func lineBreak(text []byte) (size int, found bool) {
	switch {
	case text[0] == '\n':
		return 1, true
	case text[0] == '\r':
		if len(text) > 1 && text[1] == '\n' {
			return len("\r\n"), true
		}
		return 1, true
	case text[0] < utf8.RuneSelf:
		return 0, false
	}
	r, size := utf8.DecodeRune(text)
	return size, r == '\u0085' || r == '\u2028' || r == '\u2029'
}
