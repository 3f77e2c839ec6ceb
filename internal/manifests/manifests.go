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

// Package manifests reads Kubernetes manifests as people keep and pipe them: streams of YAML or JSON documents, lists
// of objects, directories. It knows where each field of an object stands in the file, down to the byte. It knows no
// client and no network, and changes nothing.
package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	// MaxFileSize is the most that is read of one file or stream, in bytes: some thousand Deployments as kubectl
	// prints them. What is larger is an error.
	MaxFileSize = 32 << 20
	// MaxDocuments is the most that one file or stream may hold.
	MaxDocuments = 10_000
	// MaxFiles is the most that a directory may hold.
	MaxFiles = 10_000
)

// File is what was read of a file or a stream.
type File struct {
	Name string
	// Content as it was read. It is not changed.
	Content []byte
	// Objects of Kubernetes, in the order in which they stand in the file; those of a list on their own.
	Objects []*Object
	// Skipped is what is no object of Kubernetes.
	Skipped []Skipped

	documents []*document
	lines     lines
}

// Skipped tells of something in a file that is no object of Kubernetes.
type Skipped struct {
	// Line is counted from 1.
	Line   int
	Reason string
}

// document is one of a file's.
type document struct {
	root *node
	// value is what kubectl makes of it; nil of an empty one.
	value any
	// uses counts for each scalar in how many places of the value it is. It is nil where each is in one, because
	// there is no alias.
	uses map[*node]int
	// imageUses counts in how many of these a scalar is an image.
	imageUses map[*node]int
}

// SyntaxError tells where a file is not what it should be.
type SyntaxError struct {
	Name string
	// Line is counted from 1.
	Line int
	Err  error
}

// Error names the file and the line, as compilers do.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Read reads a file or a stream whole. The name is for messages. What is not YAML or JSON is a *SyntaxError.
func Read(name string, r io.Reader) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(content) > MaxFileSize {
		return nil, fmt.Errorf("%s: larger than %d MiB, which is the most that is read of a file", name, MaxFileSize>>20)
	}
	f := &File{Name: name, Content: content, lines: newLines(content)}
	if err := f.parse(); err != nil {
		return nil, err
	}
	f.collect()
	return f, nil
}

func (f *File) parse() error {
	start := 0
	switch {
	case bytes.HasPrefix(f.Content, []byte("\xff\xfe")), bytes.HasPrefix(f.Content, []byte("\xfe\xff")):
		return f.syntaxError(0, errors.New("this is UTF-16; save it as UTF-8"))
	case bytes.HasPrefix(f.Content, []byte("\xef\xbb\xbf")):
		start = len("\xef\xbb\xbf")
	}
	if err := f.checkText(); err != nil {
		return err
	}
	var err error
	if f.looksLikeJSON(start) {
		if f.documents, err = f.parseJSON(start); err == nil {
			return nil
		}
		// A document of YAML may begin with a brace, too, and only YAML has more after a "---".
	}
	problem := err
	if f.documents, err = f.parseYAML(start); err != nil && problem != nil && f.namedJSON() {
		return problem
	}
	return err
}

// checkText finds what is in no YAML, because the parser does not tell where it is.
func (f *File) checkText() error {
	for at := 0; at < len(f.Content); {
		r, size := utf8.DecodeRune(f.Content[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return f.syntaxError(at, errors.New("this is not UTF-8"))
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			return f.syntaxError(at, fmt.Errorf("control character %U", r))
		}
		at += size
	}
	return nil
}

func (f *File) syntaxError(offset int, err error) error {
	line, _ := f.lines.position(f.Content, offset)
	return &SyntaxError{Name: f.Name, Line: line, Err: err}
}
