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

// Package bounds limits what the parsing of a text from outside may yield. A limit on bytes alone does not limit memory:
// four bytes such as "{},{}" may become some hundred bytes of Go values each. So the elements of a text are counted, in one
// pass and in constant memory, before a parser sees it.
package bounds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of a text. A limit of zero allows nothing.
type Limits struct {
	// Elements is the number of values and keys.
	Elements int
	// Depth is the number of arrays and objects around a value.
	Depth int
	// Text is the size of a text in bytes, as it is written; zero if only the size of the whole limits it. The value of the
	// key LongText, as it is written, may be longer.
	Text     int
	LongText string
}

// maxNumber is the length of a number, in characters. A double needs at most some 25, or 1,100 if all of its digits are
// written; arithmetic on much longer ones is expensive.
const maxNumber = 1100

// Manifest returns the limits of a manifest, of an index of manifests, and of a list of referrers. An entry has 10 to 20
// elements, so that there is room for 1,000.
func Manifest() Limits { return Limits{Elements: 20_000, Depth: 32} }

// Document returns the limits of a small document that a registry or a signature holds, such as a token, the payload of a
// signature or an entry of the transparency log. Real ones have less than 100 elements.
func Document() Limits { return Limits{Elements: 2_000, Depth: 32} }

// Envelope returns the limits of a Sigstore bundle and of an envelope (DSSE), which have one long text: the payload.
func Envelope() Limits {
	limits := Document()
	limits.Text, limits.LongText = 256<<10, `"payload"`
	return limits
}

// Statement returns the limits of a statement that is attested. A large list of software has some ten thousand elements.
func Statement() Limits { return Limits{Elements: 75_000, Depth: 128} }

// TrustRoot returns the limits of a root of trust, and of the metadata of a TUF repository.
func TrustRoot() Limits { return Limits{Elements: 20_000, Depth: 32} }

// Error reports that a text exceeds a limit.
type Error struct {
	// What is exceeded, such as "elements".
	What string
	// Limit that is exceeded.
	Limit int
}

// Error returns a clause such as "it has more than 2000 elements, the limit".
func (e *Error) Error() string {
	return fmt.Sprintf("it has more than %d %s, the limit", e.Limit, e.What)
}

// errNotUTF8 is the error about a text that is not JSON (RFC 8259, section 8.1). encoding/json makes three bytes of each that
// does not belong there.
var errNotUTF8 = errors.New("it is not UTF-8")

// Unmarshal decodes a JSON text, unless it exceeds the limits. The error is an *Error if it does, otherwise it says why the text
// is not JSON.
func Unmarshal(text []byte, limits Limits, into any) error {
	if err := limits.JSON(text); err != nil {
		return err
	}
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	return json.Unmarshal(text, into)
}

// JSON returns an *Error if a JSON text exceeds the limits. It does not tell whether the text is valid: of an invalid one, a
// parser reads at most what was counted. Texts that follow each other are counted together.
func (l Limits) JSON(text []byte) error {
	_, err := l.CountJSON(text)
	return err
}

// CountJSON returns the number of elements of a JSON text, or the error of JSON.
func (l Limits) CountJSON(text []byte) (elements int, err error) {
	depth := 0
	var last, key []byte // the last text, and that before the last colon
	for at := 0; at < len(text); {
		began := at
		switch c := text[at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			switch c {
			case ':':
				key = last
			case ',':
				key = nil
			}
			at++
			continue
		case ']', '}':
			depth--
			at++
			continue
		case '[', '{':
			key = nil
			if depth++; depth > l.Depth {
				return elements, &Error{What: "levels of nested values", Limit: l.Depth}
			}
			at++
		case '"':
			at = endOfString(text, at+1)
			last = text[began:at]
			if l.Text > 0 && len(last) > l.Text && (l.LongText == "" || string(key) != l.LongText) {
				return elements, &Error{What: "bytes in a text", Limit: l.Text}
			}
		default:
			if at = endOfScalar(text, at); at-began > maxNumber {
				return elements, &Error{What: "characters in a number", Limit: maxNumber}
			}
		}
		if elements++; elements > l.Elements {
			return elements, &Error{What: "elements", Limit: l.Elements}
		}
	}
	return elements, nil
}

// endOfString returns the offset after the closing quote of a string, or the length of the text.
func endOfString(text []byte, at int) int {
	for at < len(text) {
		next := bytes.IndexByte(text[at:], '"')
		if next < 0 {
			return len(text)
		}
		at += next
		// The quote is part of the string if an odd number of backslashes precedes it.
		backslashes := 0
		for backslashes < next && text[at-1-backslashes] == '\\' {
			backslashes++
		}
		at++
		if backslashes%2 == 0 {
			return at
		}
	}
	return at
}

// endOfScalar returns the offset after a number or a literal.
func endOfScalar(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case ' ', '\t', '\r', '\n', ',', ':', '[', ']', '{', '}', '"':
			return at
		}
	}
	return at
}
