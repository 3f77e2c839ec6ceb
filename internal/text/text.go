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

// Package text formats text for people: status messages, events, logs and terminals. Much of it comes from elsewhere: from
// manifests, tenants, registries and certificates. What such text may contain is decided here only: see Printable for a
// value, Clean for all values of an object, Printer for the output of a program, Writer for what libraries write, and EscapeJSON.
package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const ellipsis = "…"

// Truncate shortens s to at most limit bytes without splitting a character. A shortened text ends with an ellipsis,
// which counts towards the limit.
func Truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if limit < len(ellipsis) {
		return ""
	}
	return s[:end] + ellipsis
}

// Count formats a number and its noun: "1 image", "2 images". The plural is the noun with an s.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// List joins at most limit items with commas, and counts the rest: "a, b and 3 more".
func List(items []string, limit int) string {
	return ListFirst(items[:min(len(items), limit)], len(items))
}

// ListFirst lists the first items of n, and counts the rest.
func ListFirst(first []string, n int) string {
	if n <= len(first) {
		return strings.Join(first, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(first, ", "), n-len(first))
}

// Alternatives joins items as "a", "a or b", or "a, b or c".
func Alternatives(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " or " + items[last]
}
