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

package pin

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// ErrNotJoined is returned if a reader of the joined files would read other objects than they have.
var ErrNotJoined = errors.New("printing these files one after another would change what is read of them")

const byteOrderMark = "\xef\xbb\xbf"

// versionDirective matches the beginning of a file with a %YAML directive, which names the version that is assumed anyway. kubectl
// takes it for a document of its own.
var versionDirective = regexp.MustCompile(`\A((?:[ \t]*(?:#[^\n]*)?\r?\n)*)%YAML[^\n]*\n`)

// Join returns the contents of several files as one stream, of which kubectl reads the objects of all files. It reads the
// stream again, as this program does and as kubectl does, and returns ErrNotJoined with the name of a file if the stream has
// other values than the files. Files without any object are left out. The content of a single file is returned as it is.
func Join(results []*Result) ([]byte, error) {
	if len(results) == 1 {
		return results[0].Content, nil
	}
	parts, err := partsOf(results)
	if err != nil {
		return nil, err
	}
	joined := join(parts)
	var want []any
	for _, part := range parts {
		want = append(want, part.values...)
	}
	err = same(joined, want)
	if err == nil {
		return joined, nil
	}
	// Name the file that causes it.
	for i, part := range parts {
		if problem := same(join(parts[i:i+1]), part.values); problem != nil {
			return nil, fmt.Errorf("%s: %w: %w", part.name, ErrNotJoined, problem)
		}
	}
	for i, next := range parts[1:] {
		one := parts[i]
		if problem := same(join(parts[i:i+2]), slices.Concat(one.values, next.values)); problem != nil {
			return nil, fmt.Errorf("%s and %s: %w: %w", one.name, next.name, ErrNotJoined, problem)
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrNotJoined, err)
}

// part is a file in a stream.
type part struct {
	name string
	// documents of the file: those of a stream of JSON, or the whole content.
	documents [][]byte
	json      bool
	// values are those of the file.
	values []any
}

// partsOf prepares files for a stream. Files without any object are left out.
func partsOf(results []*Result) ([]part, error) {
	var parts []part
	for _, result := range results {
		content := bytes.TrimPrefix(result.Content, []byte(byteOrderMark))
		if !result.HasObjects {
			continue
		}
		file, err := manifests.ReadJoined(result.Name, result.Content)
		if err != nil {
			return nil, err
		}
		one := part{name: result.Name, values: file.Values()}
		if one.documents, one.json = splitJSON(content); !one.json {
			one.documents = [][]byte{versionDirective.ReplaceAll(content, []byte("$1"))}
		}
		parts = append(parts, one)
	}
	return parts, nil
}

// splitJSON returns the values in a stream of JSON; false if it is none.
func splitJSON(content []byte) ([][]byte, bool) {
	decoder := stdjson.NewDecoder(bytes.NewReader(content))
	var values [][]byte
	for {
		var raw stdjson.RawMessage
		switch err := decoder.Decode(&raw); {
		case errors.Is(err, io.EOF):
			return values, len(values) > 0
		case err != nil, raw[0] != '{':
			return nil, false
		}
		values = append(values, raw)
	}
}

// join puts files together: JSON as a stream of values, anything else as documents of YAML.
func join(parts []part) []byte {
	onlyJSON := true
	for _, part := range parts {
		onlyJSON = onlyJSON && part.json
	}
	var b bytes.Buffer
	for i, part := range parts {
		for k, document := range part.documents {
			switch first := i == 0 && k == 0; {
			case onlyJSON:
			case !first, part.json: // kubectl takes a stream that begins with a brace for JSON
				b.WriteString("---\n")
			}
			b.Write(document)
			if !bytes.HasSuffix(document, []byte("\n")) {
				b.WriteString("\n")
			}
		}
	}
	return b.Bytes()
}

// same is an error if a stream has other values than it should have, for this program or for kubectl.
func same(stream []byte, want []any) error {
	if len(stream) == 0 {
		return nil
	}
	ours, err := manifests.ReadJoined("the result", stream)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(ours.Values(), want) {
		return errors.New("its values would change; end each file with a line break, or pin the files one by one")
	}
	return sameForKubectl(stream, want)
}

// sameForKubectl is an error if kubectl reads other values of a stream.
func sameForKubectl(stream []byte, want []any) error {
	errOther := errors.New("kubectl would read other values; separate documents with --- on a line of its own, or pin the files one by one")
	const buffer = 4096 // as kubectl's
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), buffer)
	for {
		var raw stdjson.RawMessage
		switch err := decoder.Decode(&raw); {
		case errors.Is(err, io.EOF) && len(want) > 0:
			return errOther
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("kubectl would not read it (%w); pin the files one by one", err)
		}
		if raw = bytes.TrimSpace(raw); len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		file, err := manifests.ReadJoined("the result", raw)
		if err != nil {
			return err
		}
		if len(want) == 0 || !reflect.DeepEqual(file.Values(), want[:1]) {
			return errOther
		}
		want = want[1:]
	}
}
