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

package verify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of text, in bytes. Those of a signer's facts are the API's bounds in characters, so they
// are kept whatever the characters are.
const (
	maxMessage   = 1 << 10
	maxQuoted    = 300
	maxName      = 1024
	maxFact      = 512
	maxShortFact = 128
)

const ellipsis = "…"

// bounded makes text fit to be shown: it has at most limit bytes, and nothing in it that is not printable, such
// as control characters or marks that change the direction of writing.
func bounded(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) <= limit {
		return text
	}
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
