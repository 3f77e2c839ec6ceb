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
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// StandardInput stands for the name of a file in messages about a stream that is named with a dash.
const StandardInput = "standard input"

// Set is what was read from the files, directories and streams of a command line.
type Set struct {
	// Files that were read, in the order of the command line.
	Files []*File
	// Errors are about files that cannot be read, and documents that are not objects: one error each. One about a line is a
	// *SyntaxError. What else was read is complete.
	Errors []error

	// skipped are the files that were left out.
	skipped []Skipped
}

// Objects iterates over the objects of all files.
func (s *Set) Objects() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, file := range s.Files {
			for _, object := range file.Objects {
				if !yield(object) {
					return
				}
			}
		}
	}
}

// Skipped lists the files, documents and list items that were not looked at, in the order in which they were read.
func (s *Set) Skipped() []Skipped {
	all := slices.Clone(s.skipped)
	for _, file := range s.Files {
		all = append(all, file.Skipped...)
	}
	return all
}

// Warnings lists what is wrong in files although it can be read.
func (s *Set) Warnings() []Warning {
	var all []Warning
	for _, file := range s.Files {
		all = append(all, file.Warnings...)
	}
	return all
}

// Warning is about a text that probably does not mean what was intended, such as a key that is given twice.
type Warning struct {
	Kind WarningKind
	// File is the name of the file.
	File string
	// Line is counted from 1.
	Line int
	// Message is a sentence without a full stop.
	Message string
}

// ErrStandardInputTwice is returned if standard input is named more than once.
var ErrStandardInputTwice = errors.New("standard input (-) can be named only once")

// EmptyError is about a path that has no object to look at.
type EmptyError struct {
	// Path is the path, or StandardInput.
	Path string
	// Why is a clause.
	Why string
}

// Error says what is empty, and what may be the cause.
func (e *EmptyError) Error() string { return e.Path + " has no Kubernetes object" + e.Why }

// ReadAll reads files, directories and, for a dash, standard input. One that cannot be read does not keep the others from being
// read. The error is about the paths and patterns themselves.
func (r *Reader) ReadAll(paths []string, stdin io.Reader) (*Set, error) {
	if r.patterns == nil {
		var err error
		if r.patterns, err = newPatterns(r.Exclude); err != nil {
			return nil, err
		}
	}
	set := &Set{}
	read := false
	for _, path := range paths {
		if path == "-" && read {
			return nil, ErrStandardInputTwice
		}
		read = read || path == "-"
		files, skipped, errs := r.readPath(path, stdin)
		for _, f := range files {
			errs = append(errs, f.Errors...)
		}
		one := &Set{Files: files, Errors: errs, skipped: skipped}
		if empty := one.empty(path); empty != nil && !r.AllowEmpty {
			one.Errors = append(one.Errors, empty)
		}
		set.Files, set.Errors = append(set.Files, one.Files...), append(set.Errors, one.Errors...)
		set.skipped = append(set.skipped, one.skipped...)
		if slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errTotal) }) {
			break
		}
	}
	return set, nil
}

// readPath reads what a path of a command line names.
func (r *Reader) readPath(path string, stdin io.Reader) (files []*File, skipped []Skipped, errs []error) {
	name, from := StandardInput, stdin
	if path != "-" {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, nil, []error{pathError(path, err)}
		case info.IsDir():
			return r.readDirectory(path)
		}
		file, err := os.Open(path) //nolint:gosec // the file that the user asks for
		if err != nil {
			return nil, nil, []error{pathError(path, err)}
		}
		defer func() { _ = file.Close() }()
		name, from = path, file
	}
	f, err := r.Read(name, from)
	if err != nil {
		return nil, nil, []error{err}
	}
	return []*File{f}, nil, nil
}

// empty returns an error if a path has no object, unless other errors or an object that is left out say why.
func (s *Set) empty(path string) error {
	if len(s.Errors) > 0 {
		return nil
	}
	for range s.Objects() {
		return nil
	}
	skipped := s.Skipped()
	switch {
	case path == "-":
		path = StandardInput
		if len(skipped) == 0 {
			return &EmptyError{Path: path, Why: ": the command that should write it may have failed"}
		}
	case len(s.Files) == 0 && len(skipped) == 0:
		return &EmptyError{Path: path, Why: ": it has no *.yaml, *.yml or *.json file"}
	}
	switch len(skipped) {
	case 0:
		return &EmptyError{Path: path}
	case 1:
		return &EmptyError{Path: path, Why: fmt.Sprintf(": %s was skipped: %s", skipped[0].File, skipped[0].Message)}
	default:
		return &EmptyError{Path: path, Why: fmt.Sprintf(": %s was skipped: %s; so were %d more",
			skipped[0].File, skipped[0].Message, len(skipped)-1)}
	}
}
