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

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// parseYAML decodes each document twice: into nodes, which have positions, and as kubectl does. The latter limits the
// size of documents with aliases.
func (f *File) parseYAML(start int) ([]*document, error) {
	body := f.Content[start:]
	decoder := yamlv3.NewDecoder(bytes.NewReader(body))
	at := cursor{content: f.Content, at: start, line: 1, column: 1}
	var documents []*document
	var begins []int
	for {
		var parsed yamlv3.Node
		err := decode(decoder, &parsed)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, f.yamlError(start, at.at, err)
		}
		if len(documents) == MaxDocuments {
			return nil, f.syntaxError(at.at, fmt.Errorf("the file has more than %d documents, the limit", MaxDocuments))
		}
		begins = append(begins, at.offset(parsed.Line, 1))
		t := tree{at: &at, anchors: map[*yamlv3.Node]*node{}}
		d := &document{root: t.convert(&parsed)}
		if t.aliases {
			d.refCounts, d.imageRefCounts = map[*node]int{}, map[*node]int{}
		}
		documents = append(documents, d)
	}
	begins = append(begins, len(f.Content))
	for i, d := range documents {
		valid := true
		if d.refCounts != nil {
			var total int
			if d.refCounts, total, valid = d.root.countReferences(); total > maxReferences {
				return nil, f.syntaxError(begins[i], fmt.Errorf("aliases make more than %d elements of the document, the limit", maxReferences))
			}
		}
		if at, problem := d.root.unusable(); problem != "" {
			return nil, f.syntaxError(at.start, errors.New(problem+f.templateHint(begins[i])))
		}
		var err error
		if d.value, err = valueOf(f.Content[begins[i]:begins[i+1]]); err != nil {
			return nil, f.yamlError(begins[i], begins[i], err)
		}
		if !valid {
			return nil, f.syntaxError(begins[i], errors.New("aliases refer to nothing, or to themselves"))
		}
	}
	return documents, nil
}

// decode turns a panic into an error: the parser panics on some comments.
func decode(decoder *yamlv3.Decoder, into *yamlv3.Node) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("yaml: %v", cause)
		}
	}()
	return decoder.Decode(into)
}

// valueOf decodes the first document in a text, as kubectl does.
func valueOf(text []byte) (any, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	return value, nil
}

// tree converts the nodes of the parser.
type tree struct {
	at *cursor
	// anchors are the nodes with an anchor.
	anchors map[*yamlv3.Node]*node
	aliases bool
}

func (t *tree) convert(parsed *yamlv3.Node) *node {
	if parsed.Kind == yamlv3.DocumentNode {
		if len(parsed.Content) == 0 {
			return nil
		}
		return t.convert(parsed.Content[0])
	}
	n := &node{start: t.at.offset(parsed.Line, parsed.Column), value: parsed.Value}
	if parsed.Anchor != "" {
		t.anchors[parsed] = n
	}
	switch parsed.Kind {
	case yamlv3.MappingNode:
		n.kind = mapping
	case yamlv3.SequenceNode:
		n.kind = sequence
	case yamlv3.AliasNode:
		n.kind, n.target, t.aliases = alias, t.anchors[parsed.Alias], true
	case yamlv3.ScalarNode, yamlv3.DocumentNode:
		n.style = styleOf(parsed.Style)
		n.merge = parsed.Value == "<<" && parsed.ShortTag() == "!!merge"
	}
	for _, child := range parsed.Content {
		n.children = append(n.children, t.convert(child))
	}
	return n
}

func styleOf(s yamlv3.Style) style {
	switch {
	case s&yamlv3.DoubleQuotedStyle != 0:
		return doubleQuoted
	case s&yamlv3.SingleQuotedStyle != 0:
		return singleQuoted
	case s&(yamlv3.LiteralStyle|yamlv3.FoldedStyle) != 0:
		return block
	default:
		return plain
	}
}
