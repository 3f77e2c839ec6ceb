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

package bounds

import "unicode/utf8"

// CountYAML returns the number of elements of a YAML text, or an *Error if it may exceed the limit on elements. It counts the
// characters that can begin a node in any style: line breaks, brackets, commas, and the indicators of keys, values and items. So
// a text is refused by its lines even if they are those of one long value, and no style hides nodes: an element costs at least
// one of these characters. Aliases count as what they are in the text, one element; who resolves them has to count again. The
// depth is not limited: a YAML parser limits it.
func (l Limits) CountYAML(text []byte) (elements int, err error) {
	elements = 1 // the first node has nothing before it
	for at := 0; at < len(text) && elements <= l.Elements; at++ {
		switch text[at] {
		case '\n', ',', '[', '{', ':', '?':
		case '\r':
			if at+1 < len(text) && text[at+1] == '\n' {
				continue
			}
		case '-':
			if at+1 < len(text) && !blank(text[at+1:]) {
				continue
			}
		case '\xc2', '\xe2':
			if !lineBreak(text[at:]) {
				continue
			}
		default:
			continue
		}
		elements++
	}
	if elements > l.Elements {
		return elements, &Error{What: "elements (lines, items and fields)", Limit: l.Elements}
	}
	return elements, nil
}

// blank reports whether a text begins with white space or a line break.
func blank(text []byte) bool {
	switch text[0] {
	case ' ', '\t', '\r', '\n':
		return true
	}
	return lineBreak(text)
}

// lineBreak reports whether a text begins with a line break of YAML 1.1 that is not in ASCII.
func lineBreak(text []byte) bool {
	if text[0] < utf8.RuneSelf {
		return false
	}
	r, _ := utf8.DecodeRune(text)
	return r == '\u0085' || r == '\u2028' || r == '\u2029'
}
