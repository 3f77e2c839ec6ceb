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
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
)

// The parser returns lines and the names of anchors only in the text of its errors.
var (
	lineOf  = regexp.MustCompile(`^line (\d+): `)
	aliasOf = regexp.MustCompile(`^(?:unknown anchor '(.*)' referenced|anchor '(.*)' value contains itself)$`)
)

// yamlError converts an error of the parser. The text that it parsed begins at offset start; reached is the offset that
// it had parsed to.
func (f *File) yamlError(start, reached int, err error) error {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	if found := aliasOf.FindStringSubmatch(problem); found != nil {
		reached += max(0, bytes.Index(f.Content[reached:], []byte("*"+found[1]+found[2])))
	}
	line, _ := f.lines.position(f.Content, reached)
	first, _ := f.lines.position(f.Content, start)
	if found := lineOf.FindStringSubmatch(problem); found != nil {
		if n, err := strconv.Atoi(found[1]); err == nil {
			line = min(first+n-1, len(f.lines))
			problem = strings.TrimPrefix(problem, found[0])
		}
	}
	hint := f.hint(problem, line)
	if grammatical[problem] {
		begins := line + 1 // of the collection
		if n, found := grammarLine(f.Content[start:]); found {
			line = first + n - 1
		}
		line = f.lastLine(line)
		hint = f.hint(problem, line)
		if begins < line && strings.HasPrefix(problem, "did not find expected ','") {
			problem += fmt.Sprintf(" of what begins on line %d", begins)
		}
	}
	return &SyntaxError{Name: f.Name, Line: line, Err: errors.New(problem + hint + f.templateHint(start))}
}

// grammatical are the problems that the parser finds in a sequence of tokens. It reports them at the beginning of the collection
// around them, counted from 0. (The others it finds in characters, and reports where they are.)
var grammatical = map[string]bool{ //nolint:gochecknoglobals // a constant
	"did not find expected ',' or ']'":       true,
	"did not find expected ',' or '}'":       true,
	"did not find expected '-' indicator":    true,
	"did not find expected <document start>": true,
	"did not find expected key":              true,
	"did not find expected node content":     true,
	"found duplicate %TAG directive":         true,
	"found duplicate %YAML directive":        true,
	"found incompatible YAML document":       true,
	"found undefined tag handle":             true,
}

// grammarLine returns the line of the first grammatical problem in a text, from 1. The parser for YAML 1.1, which kubectl uses,
// reports the place of the problem itself.
func grammarLine(text []byte) (line int, found bool) {
	decoder := yamlv2.NewDecoder(bytes.NewReader(text))
	for range MaxDocuments + 1 {
		err := decodeNothing(decoder)
		if _, isType := errors.AsType[*yamlv2.TypeError](err); err == nil || isType {
			continue
		}
		if errors.Is(err, io.EOF) {
			return 0, false
		}
		problem := strings.TrimPrefix(err.Error(), "yaml: ")
		at := lineOf.FindStringSubmatch(problem)
		if at == nil {
			return 1, grammatical[problem]
		}
		n, err := strconv.Atoi(at[1])
		return n + 1, err == nil && grammatical[strings.TrimPrefix(problem, at[0])]
	}
	return 0, false
}

// decodeNothing parses a document, and leaves its values alone.
func decodeNothing(decoder *yamlv2.Decoder) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("yaml: %v", cause)
		}
	}()
	var nothing struct{}
	return decoder.Decode(&nothing)
}

// lastLine returns the line, or the last one before it that is not blank.
func (f *File) lastLine(line int) int {
	line = min(line, len(f.lines))
	for line > 1 && len(bytes.TrimSpace(f.lineText(line))) == 0 {
		line--
	}
	return line
}
