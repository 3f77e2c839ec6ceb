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
	"bytes"
	"encoding/json"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// span returns the offsets of a scalar's text, without quotes. It does not rely on the parser: it only returns a text
// that decodes to the value.
func span(content []byte, n *node) (start, end int, ok bool) {
	start = skipProperties(content, n.start)
	switch n.style {
	case plain:
		end = start + len(n.value)
		return start, end, n.value != "" && bytes.HasPrefix(content[start:], []byte(n.value))
	case singleQuoted:
		end, ok = closing(content, start, '\'')
	case doubleQuoted:
		end, ok = closing(content, start, '"')
	case block:
	}
	if !ok || !decodesTo(content[start:end+1], n.value) {
		return 0, 0, false
	}
	return start + 1, end, true
}

// skipProperties returns the offset after an anchor and a tag, which may precede a value.
func skipProperties(content []byte, at int) int {
	const blank = " \t\r\n"
	for at < len(content) && (content[at] == '&' || content[at] == '!') {
		length := bytes.IndexAny(content[at:], blank)
		if length < 0 {
			return len(content)
		}
		at += length
		at += len(content[at:]) - len(bytes.TrimLeft(content[at:], blank))
	}
	return at
}

// closing returns the offset of the closing quote of a text that begins with a quote.
func closing(content []byte, start int, quote byte) (at int, ok bool) {
	if start >= len(content) || content[start] != quote {
		return 0, false
	}
	for at = start + 1; at < len(content); at++ {
		switch {
		case quote == '"' && content[at] == '\\':
			at++
		case content[at] != quote:
		case quote == '\'' && at+1 < len(content) && content[at+1] == quote:
			at++
		default:
			return at, true
		}
	}
	return 0, false
}

// decodesTo reports whether a quoted text decodes to a value.
func decodesTo(quoted []byte, value string) bool {
	if inner := string(quoted[1 : len(quoted)-1]); inner == value && !strings.ContainsAny(inner, "\\'\r\n") {
		return true
	}
	var text string
	if quoted[0] == '"' && json.Unmarshal(quoted, &text) == nil && text == value {
		return true // JSON may escape a slash
	}
	var parsed yamlv3.Node
	err := decode(yamlv3.NewDecoder(bytes.NewReader(quoted)), &parsed)
	return err == nil && len(parsed.Content) == 1 && parsed.Content[0].Value == value
}
