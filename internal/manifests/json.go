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
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

func (f *File) namedJSON() bool { return strings.HasSuffix(f.Name, ".json") }

func (f *File) looksLikeJSON(start int) bool {
	return f.namedJSON() || bytes.HasPrefix(bytes.TrimLeft(f.Content[start:], " \t\r\n"), []byte("{"))
}

// parseJSON reads a stream of JSON values, as kubectl does. A YAML parser would read neither a stream without separators
// nor surrogate pairs.
func (f *File) parseJSON(start int) ([]*document, error) {
	decoder := stdjson.NewDecoder(bytes.NewReader(f.Content[start:]))
	var documents []*document
	for {
		var raw stdjson.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			at := start + int(decoder.InputOffset())
			if syntax, ok := errors.AsType[*stdjson.SyntaxError](err); ok {
				at = start + int(syntax.Offset)
			}
			return nil, f.syntaxError(min(at, len(f.Content)), fmt.Errorf("invalid JSON: %w", err))
		}
		if len(documents) == MaxDocuments {
			return nil, f.syntaxError(start+int(decoder.InputOffset()), fmt.Errorf("the file has more than %d documents, the limit", MaxDocuments))
		}
		begin := start + int(decoder.InputOffset()) - len(raw)
		d := &document{}
		if err := json.Unmarshal(raw, &d.value); err != nil {
			return nil, f.syntaxError(begin, fmt.Errorf("invalid JSON: %w", err))
		}
		t := jsonTree{Decoder: stdjson.NewDecoder(bytes.NewReader(raw)), raw: raw, begin: begin}
		t.UseNumber()
		if d.root, err = t.next(); err != nil {
			return nil, f.syntaxError(begin, fmt.Errorf("invalid JSON: %w", err))
		}
		documents = append(documents, d)
	}
}

// jsonTree converts a JSON value into nodes. The value must be valid: the decoder has limited its depth.
type jsonTree struct {
	*stdjson.Decoder
	raw   []byte
	begin int
}

func (t *jsonTree) next() (*node, error) {
	rest := t.raw[t.InputOffset():]
	n := &node{start: t.begin + len(t.raw) - len(bytes.TrimLeft(rest, " \t\r\n,:"))}
	token, err := t.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case stdjson.Delim:
		n.kind = sequence
		if token == '{' {
			n.kind = mapping
		}
		for t.More() {
			child, err := t.next()
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
		_, err = t.Token()
		return n, err
	case string:
		n.style, n.value = doubleQuoted, token
	default:
		n.value = fmt.Sprint(token)
	}
	return n, nil
}
