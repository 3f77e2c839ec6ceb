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

// Package manifests reads Kubernetes manifests: streams of YAML or JSON documents, lists of objects, directories. It
// locates each field of an object in its file, by line and by byte. It knows no client and no network, and changes no
// file.
package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/karmada-io/image-trust/internal/bounds"
)

const (
	// MaxFileSize is the maximum size of a file or a stream in bytes. It suffices for more than a thousand Deployments as
	// kubectl prints them.
	MaxFileSize = 8 << 20
	// MaxElements is the maximum number of elements in a file or a stream: of values and keys in JSON, and of lines, items
	// and fields in YAML. It bounds the memory that parsing takes, which the size does not.
	MaxElements = 300_000
	// MaxTotalSize is the maximum size of all files that a Reader reads, in bytes.
	MaxTotalSize = 32 << 20
	// MaxTotalElements is the maximum number of elements in all files that a Reader reads.
	MaxTotalElements = 300_000
	// maxDepth is more than any parser allows: these report the line.
	maxDepth = MaxElements
	// MaxDocuments is the maximum number of documents in a file or a stream.
	MaxDocuments = 10_000
	// MaxFiles is the maximum number of manifests in a directory.
	MaxFiles = 10_000
)

// File is a file or a stream that was read.
type File struct {
	// Name is the name that was passed to Read.
	Name string
	// Content is the content as it was read. It must not be changed.
	Content []byte
	// Objects are the Kubernetes objects in the order of the file. The items of a list are objects of their own.
	Objects []*Object
	// Skipped are the documents and list items that are not Kubernetes objects.
	Skipped []Skipped

	documents []*document
	lines     lines
}

// Skipped is a document or a list item that is not a Kubernetes object.
type Skipped struct {
	// Line is counted from 1.
	Line int
	// Reason is a clause such as "it has no apiVersion and kind".
	Reason string
}

// document is a document of a file.
type document struct {
	root *node
	// value is the document as kubectl decodes it; nil if it is empty.
	value any
	// refCounts counts the fields of the value that each scalar is used for. It is nil if the document has no alias, so
	// that each scalar is used once.
	refCounts map[*node]int
	// imageRefCounts counts those of these fields that are images.
	imageRefCounts map[*node]int
}

// SyntaxError is an error at a line of a file.
type SyntaxError struct {
	// Name is the name of the file.
	Name string
	// Line is counted from 1.
	Line int
	Err  error
}

// Error formats the error as NAME:LINE: MESSAGE, as compilers do.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Read reads a file or a stream with a Reader of its own.
func Read(name string, r io.Reader) (*File, error) { return new(Reader).Read(name, r) }

// Reader reads files and streams, and limits what all of them together take. The zero value is ready to use.
type Reader struct {
	// size and elements of the files that were read.
	size, elements int
}

// Read reads a file or a stream to its end. The name is used in errors. The error is a *SyntaxError if the content is
// neither YAML nor JSON.
func (r *Reader) Read(name string, from io.Reader) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(from, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(content) > MaxFileSize {
		return nil, fmt.Errorf("%s: the file is larger than %d MiB, the limit", name, MaxFileSize>>20)
	}
	if r.size += len(content); r.size > MaxTotalSize {
		return nil, fmt.Errorf("%s: this file and those before it are larger than %d MiB, the limit", name, MaxTotalSize>>20)
	}
	f := &File{Name: name, Content: content, lines: newLines(content)}
	if err := f.parse(r); err != nil {
		return nil, err
	}
	f.collect()
	return f, nil
}

// count is an error if a file, or all files together, have more elements than may be parsed.
func (r *Reader) count(f *File, count func(bounds.Limits, []byte) (int, error)) error {
	limits := bounds.Limits{Elements: MaxElements, Depth: maxDepth}
	elements, err := count(limits, f.Content)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if r.elements += elements; r.elements > MaxTotalElements {
		return fmt.Errorf("%s: this file and those before it have more than %d elements (values, keys, lines), the limit; "+
			"name fewer files", f.Name, MaxTotalElements)
	}
	return nil
}

func (f *File) parse(r *Reader) error {
	start := 0
	switch {
	case bytes.HasPrefix(f.Content, []byte("\xff\xfe")), bytes.HasPrefix(f.Content, []byte("\xfe\xff")):
		return f.syntaxError(0, errors.New("the file is UTF-16; save it as UTF-8"))
	case bytes.HasPrefix(f.Content, []byte("\xef\xbb\xbf")):
		start = len("\xef\xbb\xbf")
	}
	if err := f.checkText(); err != nil {
		return err
	}
	var err error
	if f.looksLikeJSON(start) {
		if err := r.count(f, bounds.Limits.CountJSON); err != nil {
			return err
		}
		if f.documents, err = f.parseJSON(start); err == nil {
			return nil
		}
		// A YAML document may begin with a brace too.
	}
	problem := err
	if err := r.count(f, bounds.Limits.CountYAML); err != nil {
		return err
	}
	if f.documents, err = f.parseYAML(start); err != nil && problem != nil && f.namedJSON() {
		return problem
	}
	return err
}

// checkText rejects characters that YAML does not allow. The YAML parser rejects them too, but without a line.
func (f *File) checkText() error {
	for at := 0; at < len(f.Content); {
		r, size := utf8.DecodeRune(f.Content[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return f.syntaxError(at, errors.New("the text is not UTF-8"))
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			return f.syntaxError(at, fmt.Errorf("the text has the control character %U; remove it", r))
		}
		at += size
	}
	return nil
}

func (f *File) syntaxError(offset int, err error) error {
	line, _ := f.lines.position(f.Content, offset)
	return &SyntaxError{Name: f.Name, Line: line, Err: err}
}
