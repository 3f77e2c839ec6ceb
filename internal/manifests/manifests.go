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
	"slices"
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
	// MaxTotalElements is the maximum number of elements in all files that a Reader reads. Files of a directory that are no
	// manifests, or hold nothing but CustomResourceDefinitions, are not counted once they were read.
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
	// Errors are about documents and list items that are not objects; each is a *SyntaxError. The others are among the objects.
	Errors []error
	// Skipped are the documents and list items that were not looked at.
	Skipped []Skipped
	// Warnings are about what is wrong although it can be read.
	Warnings []Warning

	documents []*document
	lines     lines
	// foreign reports whether the file need not have objects: it was found in a directory and does not look like a manifest.
	foreign bool
}

// Skipped is a file, a document, a list item or a part of an object that was not looked at.
type Skipped struct {
	// File is the name of the file.
	File string `json:"file"`
	// Line is counted from 1. It is 0 for a whole file.
	Line int `json:"line,omitempty"`
	// Object is the kind and the name of an object, such as "HelmRelease shop/web"; empty for what is not an object.
	Object string `json:"object,omitempty"`
	// Reason is what it was skipped for, such as NotAnObject.
	Reason SkipReason `json:"reason"`
	// Message is a clause such as "it has no apiVersion and kind".
	Message string `json:"message"`
}

// SkipReason is a class of what is skipped. Its values are part of the output of commands.
type SkipReason string

const (
	// NotAnObject means that a document or a list item has no apiVersion and kind, as a file with the values of a chart.
	NotAnObject SkipReason = "NotAnObject"
	// KustomizeInput means that it is input of kustomize, such as a kustomization.yaml.
	KustomizeInput SkipReason = "KustomizeInput"
	// ChartTemplate means that the file is a template of a Helm chart.
	ChartTemplate SkipReason = "ChartTemplate"
	// LinkedDirectory means that it is a link to a directory.
	LinkedDirectory SkipReason = "LinkedDirectory"
	// SpecialFile means that it is a device or a pipe.
	SpecialFile SkipReason = "SpecialFile"
	// Excluded means that the file was excluded on the command line.
	Excluded SkipReason = "Excluded"
	// Patch means that a container has no image, as in a strategic merge patch: the API server denies such an object.
	Patch SkipReason = "Patch"
	// EphemeralContainer means that a container is ephemeral: no pod is created with one.
	EphemeralContainer SkipReason = "EphemeralContainer"
	// UnknownImage means that an object names an image, or makes its controller choose one, in a way that is not known.
	UnknownImage SkipReason = "UnknownImage"
)

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

// ReadJoined reads what was put together from files that were read. It may have the size of all of them.
func ReadJoined(name string, content []byte) (*File, error) {
	f := &File{Name: name, Content: content, lines: newLines(content)}
	if len(content) > 2*MaxTotalSize {
		return nil, fmt.Errorf("%s is larger than %d MiB, the limit", name, 2*MaxTotalSize>>20)
	}
	if err := f.parse(new(Reader)); err != nil {
		return nil, err
	}
	f.collect(placement{}, nil)
	return f, nil
}

// Values are the documents as kubectl decodes them, without those that are empty. They must not be changed.
func (f *File) Values() []any {
	return slices.DeleteFunc(f.Documents(), func(value any) bool { return value == nil })
}

// Documents are the documents as kubectl decodes them; nil for an empty one. They must not be changed.
func (f *File) Documents() []any {
	values := make([]any, 0, len(f.documents))
	for _, d := range f.documents {
		values = append(values, d.value)
	}
	return values
}

// Span returns where the value of a field is written: the offsets of the text of a scalar, without quotes, or twice that of the
// beginning of a mapping or a list. It is false if there is no such field, or its text cannot be edited.
func (f *File) Span(at Address) (start, end int, ok bool) {
	if at.Document >= len(f.documents) || f.documents[at.Document].refCounts != nil { // a text may have several uses
		return 0, 0, false
	}
	n, _, ok := f.documents[at.Document].root.find(at.Path)
	switch {
	case !ok || n == nil:
		return 0, 0, false
	case n.kind != scalar:
		return n.start, n.start, true
	default:
		return span(f.Content, n)
	}
}

// Line returns the line of a field, or of the nearest field around it, counted from 1.
func (f *File) Line(at Address) int {
	if at.Document >= len(f.documents) {
		return 1
	}
	_, named, _ := f.documents[at.Document].root.find(at.Path)
	if named == nil {
		return 1
	}
	line, _ := f.lines.position(f.Content, named.start)
	return line
}

// Reader reads files and streams, and limits what all of them together take. The zero value is ready to use.
type Reader struct {
	// ImageFields are fields in which objects name images besides those that are known.
	ImageFields []ImageField

	// Exclude are globs of the files and directories that are left out of directories, in which ** stands for any number of
	// directories. A path is relative to the directory that is read, or as messages have it; a glob without a slash is compared
	// with names. It must not be changed after the first call of ReadAll.
	Exclude []string
	// AllowEmpty allows paths without any object.
	AllowEmpty bool

	patterns patterns
	// size and elements of the files that were read.
	size, elements int
}

// Read reads a file or a stream to its end. The name is used in errors. The error is a *SyntaxError if the content is
// neither YAML nor JSON. Documents that are not objects are among the Errors of the file.
func (r *Reader) Read(name string, from io.Reader) (*File, error) {
	return r.read(name, from, placement{})
}

// read reads a file or a stream. The file is nil if it is a template of a chart that must be rendered.
func (r *Reader) read(name string, from io.Reader, at placement) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(from, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(content) > MaxFileSize {
		return nil, fmt.Errorf("%s: the file is larger than %d MiB, the limit", name, MaxFileSize>>20)
	}
	if r.size += len(content); r.size > MaxTotalSize {
		return nil, fmt.Errorf("%s: this file and those before it are larger than %d MiB, the limit; %w", name, MaxTotalSize>>20, errTotal)
	}
	if at.template && bytes.Contains(content, []byte("{{")) {
		return nil, nil //nolint:nilnil // described above
	}
	f := &File{Name: name, Content: content, lines: newLines(content)}
	before := r.elements
	if err := f.parse(r); err != nil {
		return nil, err
	}
	f.collect(at, r.ImageFields)
	if at.walked {
		if kept, ok := f.release(); ok {
			r.elements = before + kept
		}
	}
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
		return fmt.Errorf("%s: this file and those before it have more than %d elements (values, keys, lines), the limit; %w",
			f.Name, MaxTotalElements, errTotal)
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
		case r == byteOrderMark && at > 0 && f.joinedAt(at):
			return f.syntaxError(at, errors.New("a byte order mark (U+FEFF) within the file hides what follows it from some tools: "+
				"the file was joined from several; remove the mark"))
		case r == utf8.RuneError && size == 1:
			return f.syntaxError(at, errors.New("the text is not UTF-8"))
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			return f.syntaxError(at, fmt.Errorf("the text has the control character %U; remove it", r))
		}
		at += size
	}
	return nil
}

// byteOrderMark is the first character of some files.
const byteOrderMark = '\uFEFF'

// joinedAt reports whether the byte order mark at an offset is the first character of a file that was appended to another one, rather
// than a character of a text.
func (f *File) joinedAt(at int) bool {
	before, after := f.Content[at-1], f.Content[at+len("\uFEFF"):]
	return before == '\n' || before == '\r' || at == len("\uFEFF") ||
		bytes.HasPrefix(after, []byte(separator)) || bytes.HasPrefix(after, []byte(apiVersionField)) || bytes.HasPrefix(after, []byte(kindField))
}

func (f *File) syntaxError(offset int, err error) error {
	line, _ := f.lines.position(f.Content, offset)
	return &SyntaxError{Name: f.Name, Line: line, Err: err}
}
