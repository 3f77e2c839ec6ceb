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

// Package condition reads conditions in CUE on in-toto statements: which of them are taken, and how they are evaluated. Those
// are taken that every supported version of policy-controller decides alike: a subset of the language, which Check describes by
// what it refuses.
//
// CUE has no limits of its own: a short text may take all time and memory, or end the process by overflowing the stack. Check is
// safe, since it only parses. Compile and Evaluate are not: only the process that internal/condition/child starts calls them.
package condition

import (
	"errors"
	"fmt"

	"cuelang.org/go/cue/ast"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// MaxSize is the size of the largest condition that is taken, in bytes. It is that of the field in the API.
const MaxSize = 8192

var (
	// ErrInvalid is wrapped by errors about a condition that is not CUE, or that contradicts itself.
	ErrInvalid = errors.New("it is not valid CUE")
	// ErrMalformed is wrapped by errors about content that is not an in-toto statement.
	ErrMalformed = errors.New("it is not an in-toto statement")
	// ErrFailed is wrapped by errors about a condition whose evaluation took too much, or crashed. It is not evaluated again.
	ErrFailed = errors.New("it cannot be evaluated")
	// ErrUnavailable is wrapped by errors that say nothing about the condition: it may be evaluated later.
	ErrUnavailable = errors.New("it could not be evaluated now")
)

// UnmetError says why a statement does not meet a condition, in CUE's words.
type UnmetError struct{ Message string }

func (e *UnmetError) Error() string { return e.Message }

// UnsupportedError is the error about a condition outside of the subset of CUE.
type UnsupportedError struct {
	// Line and Column of what is not supported, from 1; the column counts bytes.
	Line, Column int
	// Message names the construct and what to write instead.
	Message string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Check returns why a condition is not taken: the error wraps ErrInvalid if it is not CUE, and is an *UnsupportedError if it is
// outside of the subset on which the supported versions of policy-controller agree. It does not evaluate anything, so that a
// condition without an error may still contradict itself. It takes time in proportion to the text.
func Check(source string) error {
	if len(source) > MaxSize {
		return unsupported(token.NoPos, "the condition has %d bytes; shorten it to at most %d", len(source), MaxSize)
	}
	if err := checkTokens(source); err != nil {
		return err
	}
	file, err := parser.ParseFile("", source)
	if err != nil {
		return invalid(err)
	}
	c := &checker{imports: map[string]*imported{}, references: map[ast.Expr][]ast.Expr{}, validators: map[ast.Expr]bool{}}
	if err := c.file(file); err != nil {
		return err
	}
	return c.checkCost(file)
}

// invalid is the error about a condition that CUE rejects: the first of CUE's, with its position.
func invalid(err error) error {
	all := cueerrors.Errors(err)
	if len(all) == 0 {
		return NewInvalid(err.Error())
	}
	if at := all[0].Position(); at.IsValid() {
		return NewInvalid(fmt.Sprintf("line %d, column %d: %s", at.Line(), at.Column(), all[0].Error()))
	}
	return NewInvalid(all[0].Error())
}

type invalidError struct{ message string }

// NewInvalid returns an error with a message of CUE that wraps ErrInvalid.
func NewInvalid(message string) error { return &invalidError{message} }

func (e *invalidError) Error() string { return e.message }
func (e *invalidError) Unwrap() error { return ErrInvalid }

func unsupported(at token.Pos, format string, args ...any) error {
	line, column := 1, 1
	if at.IsValid() {
		line, column = at.Line(), at.Column()
	}
	return &UnsupportedError{Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}
