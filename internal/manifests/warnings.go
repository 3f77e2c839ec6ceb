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
	"fmt"
	"strings"
)

// WarningKind is a class of warnings.
type WarningKind string

const (
	// RepeatedKey means that a mapping has the same key twice.
	RepeatedKey WarningKind = "RepeatedKey"
	// GluedSeparator means that a separator of documents follows a value on the same line, so that it is a part of the value.
	GluedSeparator WarningKind = "GluedSeparator"
)

// maxWarnings is the number of warnings about a file. The last one says that there are more.
const maxWarnings = 100

// warn adds the warnings about a value. Aliases are looked at where their anchor is.
func (f *File) warn(n *node) {
	if n == nil || len(f.Warnings) > maxWarnings {
		return
	}
	for i, value := range n.children {
		if n.kind == sequence || i%2 == 1 {
			f.warnGlued(value)
		}
	}
	if n.kind == mapping {
		f.warnRepeated(n)
	}
	for _, below := range n.children {
		f.warn(below)
	}
}

// fewKeys is the number of keys up to which comparing them all is cheaper than a map.
const fewKeys = 16

func (f *File) warnRepeated(n *node) {
	keys := len(n.children) / 2
	if keys < 2 {
		return
	}
	var first map[string]*node
	if keys > fewKeys {
		first = make(map[string]*node, keys)
	}
	for i := 0; i+1 < len(n.children); i += 2 {
		key := n.children[i].resolved()
		if key == nil || key.kind != scalar {
			continue
		}
		var before *node
		if first == nil {
			before = sameKey(n.children[:i], key.value)
		} else if before = first[key.value]; before == nil {
			first[key.value] = n.children[i]
		}
		if before == nil {
			continue
		}
		message := fmt.Sprintf("the key %s is given twice, first on line %d; kubectl uses the last one, Flux and Argo CD reject the file",
			shorten(key.value), f.lineOf(before))
		if key.value == apiVersionField || key.value == kindField {
			message += " (perhaps the separator --- of two documents is missing)"
		}
		f.addWarning(RepeatedKey, f.lineOf(n.children[i]), message)
	}
}

func sameKey(children []*node, value string) *node {
	for i := 0; i+1 < len(children); i += 2 {
		if key := children[i].resolved(); key != nil && key.kind == scalar && key.value == value {
			return children[i]
		}
	}
	return nil
}

// separator is what separates two documents of YAML.
const separator = "---"

// warnGlued warns of a plain text that ends with a separator, if the next line could begin a document.
func (f *File) warnGlued(n *node) {
	if n.kind != scalar || n.style != plain || !strings.HasSuffix(n.value, separator) || strings.Trim(n.value, "-") == "" {
		return
	}
	end, found := f.separatorAtEnd(n)
	if !found {
		return
	}
	_, after, more := bytes.Cut(f.Content[end:], []byte("\n"))
	after = bytes.TrimLeft(after, "\r\n")
	if !more || len(after) == 0 || after[0] == ' ' || after[0] == '\t' || after[0] == '-' {
		return
	}
	f.addWarning(GluedSeparator, f.lines.line(end),
		"the value ends with ---; if this is meant to separate two documents, write it on a line of its own")
}

// separatorAtEnd returns the offset of the end of the first separator in a plain text that is at the end of a line. It looks at a
// part of the file that is in proportion to the text, so that many texts on one line cost little.
func (f *File) separatorAtEnd(n *node) (int, bool) {
	const foldedLines = 200
	end := n.start
	for end-n.start <= 2*len(n.value)+foldedLines {
		next := bytes.Index(f.Content[end:], []byte(separator))
		if next < 0 {
			return 0, false
		}
		end += next + len(separator)
		rest := bytes.TrimLeft(f.Content[end:], " \t")
		if len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '#' {
			return end, true
		}
	}
	return 0, false
}

func (f *File) addWarning(kind WarningKind, line int, message string) {
	switch {
	case len(f.Warnings) < maxWarnings:
	case len(f.Warnings) == maxWarnings:
		message = "the file has more such problems"
	default:
		return
	}
	f.Warnings = append(f.Warnings, Warning{Kind: kind, File: f.Name, Line: line, Message: message})
}
