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

// Package doctest runs the commands of a page of the documentation as a reader does: in the order of the page, in one
// shell, and compares what they print with what the page shows. It knows Markdown and bash, and nothing of what the
// commands are about.
//
// What a reader has already is made by fixtures, which a page names in comments that are not rendered:
//
//	<!-- test: namespace shop -->
//
// Each line of such a comment is a fixture with its arguments. It is made before the next block of commands.
package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Page is a page with its blocks of commands.
type Page struct {
	// Name is the path in the repository.
	Name   string
	Blocks []Block
}

// Block is a fenced block of commands: sh, bash or console.
type Block struct {
	// Line is the one of the opening fence.
	Line int
	// Console is true for a block with prompts and output.
	Console bool
	Text    string
	// Fixtures are to be made before: the lines of the comments since the previous block of commands.
	Fixtures []string
	// Files are to be written before: other blocks whose first line is a comment with the name of a file.
	Files []File
	// Output is the text block that follows directly; empty: none.
	Output string
}

// File is a file that the page shows.
type File struct{ Name, Content string }

// commands are the languages of blocks of commands.
var commands = []string{"sh", "bash", "shell", "console"}

var (
	fence    = regexp.MustCompile("^([ >]*)```([a-z]*)$")
	comment  = regexp.MustCompile(`^ *<!-- test:(.*)$`)
	fileName = regexp.MustCompile(`^(?:#|//) ([\w./-]+\.[a-z]+)$`)
)

// Read reads a page of the repository.
func Read(root, name string) (Page, error) {
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return Page{}, err
	}
	return Parse(name, string(content))
}

// Parse finds the blocks of commands in a page.
func Parse(name, content string) (Page, error) {
	p := parser{page: Page{Name: name}, lines: strings.Split(content, "\n")}
	for p.at < len(p.lines) {
		if err := p.next(); err != nil {
			return Page{}, fmt.Errorf("%s:%d: %w", name, p.at+1, err)
		}
	}
	if len(p.fixtures) > 0 {
		return Page{}, fmt.Errorf("%s: no commands follow the comment with %q", name, p.fixtures)
	}
	return p.page, nil
}

type parser struct {
	page     Page
	lines    []string
	at       int
	fixtures []string
	files    []File
	// directly is true while only blank lines have followed the last block of commands.
	directly bool
}

func (p *parser) next() error {
	line := p.lines[p.at]
	switch {
	case comment.MatchString(line):
		return p.comment()
	case fence.MatchString(line):
		return p.block()
	case strings.TrimSpace(line) != "":
		p.directly = false
	}
	p.at++
	return nil
}

func (p *parser) comment() error {
	text := comment.FindStringSubmatch(p.lines[p.at])[1]
	for !strings.Contains(text, "-->") {
		if p.at++; p.at == len(p.lines) {
			return fmt.Errorf("a comment does not end")
		}
		text += "\n" + p.lines[p.at]
	}
	text, _, _ = strings.Cut(text, "-->")
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			p.fixtures = append(p.fixtures, line)
		}
	}
	p.at++
	return nil
}

func (p *parser) block() error {
	match := fence.FindStringSubmatch(p.lines[p.at])
	prefix, language, begin := match[1], match[2], p.at
	var text strings.Builder
	for p.at++; ; p.at++ {
		if p.at == len(p.lines) {
			return fmt.Errorf("the block of line %d does not end", begin+1)
		}
		line := unquote(p.lines[p.at], prefix)
		if line == "```" {
			break
		}
		text.WriteString(line + "\n")
	}
	p.at++
	p.add(language, text.String(), begin+1)
	return nil
}

func (p *parser) add(language, text string, line int) {
	switch {
	case slices.Contains(commands, language):
		p.page.Blocks = append(p.page.Blocks, Block{
			Line: line, Console: language == "console", Text: text, Fixtures: p.fixtures, Files: p.files,
		})
		p.fixtures, p.files, p.directly = nil, nil, true
		return
	case language == "text" && p.directly:
		p.page.Blocks[len(p.page.Blocks)-1].Output = text
	default:
		first, _, _ := strings.Cut(text, "\n")
		if match := fileName.FindStringSubmatch(first); match != nil {
			p.files = append(p.files, File{Name: match[1], Content: text})
		}
	}
	p.directly = false
}

// unquote removes the indentation or the mark of a quotation that the fence has.
func unquote(line, prefix string) string {
	for i := range len(prefix) {
		if line == "" || line[0] != prefix[i] {
			break
		}
		line = line[1:]
	}
	return line
}

// Exchange is a command of a console block, and what it prints.
type Exchange struct{ Command, Output string }

// Exchanges are those of a console block. A line after a prompt that ends with a backslash goes on.
func (b Block) Exchanges() []Exchange {
	var out []Exchange
	for part := range strings.SplitSeq("\n"+b.Text, "\n$ ") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		command, output, _ := strings.Cut(part, "\n")
		for strings.HasSuffix(command, `\`) {
			var more string
			more, output, _ = strings.Cut(output, "\n")
			command += "\n" + more
		}
		out = append(out, Exchange{Command: command, Output: output})
	}
	return out
}
