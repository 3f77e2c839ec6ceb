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

package imagename

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxQuoted is how many characters of a text are quoted in a message.
const maxQuoted = 200

// InvalidError is the error about a text that is not an image reference. Its text is a sentence for the one who wrote it; it is
// bounded, printable, and contains no password of an address.
type InvalidError struct {
	// Written is the text.
	Written string
	// Placeholder is the part that a tool is meant to replace before the manifest is applied, such as ${TAG}; empty if there
	// is none. Like Problem, it is printable and bounded.
	Placeholder string
	// Problem is a clause that says what is wrong with the text, and what to write instead.
	Problem string
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s is not an image reference: %s", quote(withoutPassword(e.Written)), e.Problem)
}

// Parse parses an image reference, and says of any other text why it is none. What Parse returns is what
// name.ParseReference returns, and with it admission has. It rejects more than admission does: a text that
// name.ParseReference takes for the name of a registry, but that names no host, such as oci://ghcr.io/x, which would be asked of
// a registry named "oci:". The error is an *InvalidError.
func Parse(written string) (name.Reference, error) {
	ref, err := name.ParseReference(written)
	if err == nil && checkParsed(written, ref) == "" {
		return ref, nil
	}
	invalid := &InvalidError{Written: written}
	if found := placeholder(written); found != "" {
		invalid.Placeholder = shorten(found)
		invalid.Problem = placeholderProblem(found)
		return nil, invalid
	}
	if invalid.Problem = problem(written); invalid.Problem == "" && err == nil {
		invalid.Problem = checkParsed(written, ref)
	}
	if invalid.Problem == "" {
		invalid.Problem = "its form is REPOSITORY:TAG or REPOSITORY@sha256:DIGEST"
	}
	return nil, invalid
}

// valid reports whether Parse accepts a text.
func valid(text string) bool {
	ref, err := name.ParseReference(text)
	return err == nil && checkParsed(text, ref) == ""
}

// instead returns the end of a clause that says what to write; nothing if that would not be an image reference either.
func instead(text string) string {
	if !valid(text) {
		return ""
	}
	return "; write " + quote(text)
}

// shorten bounds a text that is part of a message, and escapes what is not printable.
func shorten(text string) string {
	quoted := quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// quote returns a text in quotation marks, bounded, with what is not printable escaped.
func quote(text string) string {
	if short := fmt.Sprintf("%.*s", maxQuoted, text); short != text {
		text = short + "…"
	}
	return fmt.Sprintf("%q", text)
}

// withoutPassword hides the user and password of a text that is written as an address.
func withoutPassword(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	host, path, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(host, '@')
	if at < 0 || strings.HasPrefix(host[at+1:], "sha") {
		return text
	}
	return scheme + "://***@" + strings.TrimSuffix(host[at+1:]+"/"+path, "/")
}
