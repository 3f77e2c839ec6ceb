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
	"regexp"
	"strings"
)

// maxLineText is how much of a line is looked at for a hint, in bytes.
const maxLineText = 500

// lineText returns the text of a line without its end, or the beginning of it.
func (f *File) lineText(line int) []byte {
	start, end := int(f.lines[line-1]), len(f.Content)
	if line < len(f.lines) {
		end = int(f.lines[line])
	}
	return bytes.TrimRight(f.Content[start:min(end, start+maxLineText)], "\r\n")
}

// What a value begins after (the mark of an item, a key or a bracket), and the rest of its first word.
const (
	valueBegins = `(?:^|-\s|:\s|[\[{,])\s*(`
	valueEnds   = `[^\s,\]}]*)`
)

// The mistakes that are told by the text of a line.
var (
	beginsWithStar    = regexp.MustCompile(valueBegins + `[*&]` + valueEnds)
	beginsWithBracket = regexp.MustCompile(valueBegins + `[\[{]` + valueEnds)
	beginsReserved    = regexp.MustCompile(valueBegins + "[@`%!|>]" + valueEnds)
	keyMark           = regexp.MustCompile(`:(?:\s|$)`)
	gluedSeparator    = regexp.MustCompile(`[^-\s]\s*---\s*$`)
)

// The problems that hints are about in more than one way.
const (
	wrongAlias  = "did not find expected alphabetic or numeric character"
	wrongValue  = "mapping values are not allowed in this context"
	wrongToken  = "found character that cannot start any token"
	noKeyFound  = "did not find expected key"
	noItemFound = "did not find expected '-' indicator"
)

// hints say what to write instead, by the problem.
var hints = map[string]string{ //nolint:gochecknoglobals // a constant
	"found unknown escape character":                  `write a text with backslashes in single quotes, as in '\.com'`,
	"found unexpected end of stream":                  "close the quotation marks or the bracket",
	"found a tab character that violates indentation": "write blanks instead of tabs",

	"found a tab character where an indentation space is expected": "write blanks instead of tabs",

	"block sequence entries are not allowed in this context": "write items on lines of their own, or quote a text that begins with a dash",
}

// hint says what to write instead of a line that cannot be read; empty if that is not known.
func (f *File) hint(problem string, line int) string {
	text := string(f.lineText(line))
	known, found := hints[problem]
	switch {
	case gluedSeparator.MatchString(text) || line > 1 && grammatical[problem] && gluedSeparator.Match(f.lineText(line-1)):
		return "; write the separator --- on a line of its own"
	case found:
		return "; " + known
	case strings.HasPrefix(problem, "unknown anchor "):
		return "; quote a text that begins with *"
	case problem == wrongAlias:
		return "; quote a text that begins with * or &" + example(beginsWithStar.FindStringSubmatch(text))
	case problem == wrongToken && strings.Contains(text, "\t"):
		return "; write blanks instead of tabs"
	case problem == wrongValue && len(keyMark.FindAllString(text, 2)) == 2:
		return "; quote a text in which a colon is followed by a blank"
	case problem == wrongValue:
		return "; the line is indented more than those before it, or the one before it has no colon"
	case strings.Contains(text, "{{"):
		return "" // the hint for templates suffices
	default:
		return hintOfText(problem, text)
	}
}

// hintOfText returns the hint for a text that must be quoted or indented in another way.
func hintOfText(problem, text string) string {
	reserved := beginsReserved.FindStringSubmatch(text)
	switch {
	case problem == "could not find expected ':'":
		return "; a key is followed by a colon and a blank, an item of a list begins with a dash and a blank"
	case len(reserved) > 0:
		return "; quote a text that begins with " + reserved[1][:1] + example(reserved)
	case beginsWithBracket.MatchString(text):
		return "; quote a text that begins with [ or {"
	case problem == noKeyFound || problem == noItemFound:
		return "; the line is indented otherwise than those before it, or a quotation mark before it is not closed"
	default:
		return ""
	}
}

// example shows how to quote the text that a pattern has found; empty if it is not that simple.
func example(found []string) string {
	if len(found) == 0 || len(found[1]) > maxExcerpt || strings.ContainsAny(found[1], `'"`) {
		return ""
	}
	return ": '" + found[1] + "'"
}

// templateHint is for a text from an offset that cannot be read.
func (f *File) templateHint(start int) string {
	if !bytes.Contains(f.Content[start:], []byte("{{")) {
		return ""
	}
	return " (if this is a template, render it first, for example with helm template)"
}
