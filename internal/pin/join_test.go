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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// joinable is a file, and the names of the objects in it. NAME stands for a name that is different for each use.
type joinable struct {
	content string
	// values are those of the fields v, in the order of the documents. Each document has one.
	values []string
	// refused is a part of the error if the file cannot be printed with others.
	refused string
}

func joinables() map[string]joinable {
	const a = "v: a\n"
	one := []string{"a"}
	return map[string]joinable{
		"plain":                           {content: a, values: one},
		"no line break":                   {content: "v: a", values: one},
		"a comment at the end":            {content: a + "# end", values: one},
		"a comment on the last line":      {content: "v: a # end", values: one},
		"comments only":                   {content: "# nothing"},
		"nothing":                         {content: ""},
		"a byte order mark only":          {content: "\xef\xbb\xbf"},
		"blank lines":                     {content: "\n\n  \n"},
		"blank lines around":              {content: "\n\n" + a + "\n\n", values: one},
		"a byte order mark":               {content: "\xef\xbb\xbf" + a, values: one},
		"a byte order mark, a separator":  {content: "\xef\xbb\xbf---\n" + a, values: one},
		"a byte order mark, a comment":    {content: "\xef\xbb\xbf# why\n" + a + "...", values: one},
		"a byte order mark, JSON":         {content: "\xef\xbb\xbf" + `{"v": "a"}`, values: one},
		"a separator first":               {content: "---\n" + a, values: one},
		"a separator with a comment":      {content: "# head\n--- # first\n" + a, values: one},
		"a separator last":                {content: a + "---", values: one},
		"a separator and blanks last":     {content: a + "--- ", values: one},
		"separators only":                 {content: "---\n---\n"},
		"a document end":                  {content: a + "...", values: one},
		"a document end, a comment":       {content: a + "... # end", values: one},
		"a document end, a separator":     {content: a + "...\n---\nv: b", values: []string{"a", "b"}},
		"a YAML directive":                {content: "%YAML 1.1\n---\n" + a, values: one},
		"a YAML directive, a comment":     {content: "%YAML 1.1 # why\n# what\n---\nv: a", values: one},
		"a comment, a YAML directive":     {content: "# why\r\n\r\n%YAML 1.1\r\n---\r\nv: a", values: one},
		"a YAML directive within":         {content: a + "...\n%YAML 1.1\n---\nv: b\n", values: []string{"a", "b"}},
		"an unused TAG directive":         {content: "%TAG !e! tag:example.com,2000:\n---\n" + a, values: one, refused: "kubectl would not read it"},
		"a TAG directive":                 {content: "%TAG !y! tag:yaml.org,2002:\n---\nv: !y!str a\n", values: one, refused: "kubectl would not read it"},
		"a TAG directive that matters":    {content: "%TAG !y! tag:yaml.org,2002:\n---\nv: !y!int 1\n", values: []string{"1"}, refused: "kubectl would not read it"},
		"CRLF":                            {content: "v: a\r\n---\r\nv: b\r\n", values: []string{"a", "b"}},
		"CRLF, no line break":             {content: "v: a\r\n---\r\nv: b", values: []string{"a", "b"}},
		"CR":                              {content: "# x\rv: a\r", values: one},
		"several documents":               {content: "v: a\n---\nv: b\n---\n# c\n---\nv: d", values: []string{"a", "b", "d"}},
		"JSON":                            {content: `{"v": "a"}`, values: one},
		"JSON, tabs":                      {content: "{\n\t\"v\":\t\"a\"\n}\n", values: one},
		"a stream of JSON":                {content: `{"v": "a"}{"v": "b"} {"v": "c"}` + "\n", values: []string{"a", "b", "c"}},
		"a stream of JSON, line by line":  {content: "{\"v\": \"a\"}\n{\"v\": \"b\"}\n", values: []string{"a", "b"}},
		"JSON and YAML":                   {content: "{\"v\": \"a\"}\n---\nv: b\n", values: []string{"a", "b"}},
		"a flow mapping":                  {content: "{v: a}", values: one},
		"a literal block, kept":           {content: "v: |+\n  a\n\n\n", values: []string{"a\n\n\n"}},
		"a literal block, kept, one":      {content: "v: |+\n  a\n", values: []string{"a\n"}},
		"a literal block, kept, no end":   {content: "v: |+\n  a", values: one, refused: "end each file with a line break"},
		"a literal block":                 {content: "v: |\n  a\n", values: []string{"a\n"}},
		"a literal block, no end":         {content: "v: |\n  a", values: one, refused: "end each file with a line break"},
		"a literal block, stripped":       {content: "v: |-\n  a", values: one},
		"a folded block":                  {content: "v: >-\n  a\n  b", values: []string{"a b"}},
		"a block with a separator in it":  {content: "v: |-\n  a\n  ---\n  b\n", values: []string{"a\n---\nb"}},
		"a block that ends in three dots": {content: "v: |-\n  ...", values: []string{"..."}},
		"a quoted text":                   {content: "v: 'a\n\n  b'", values: []string{"a\nb"}},
		"a document beside its separator": {content: "--- {v: a}\n", values: one, refused: "kubectl would not read it"},
	}
}

func (j joinable) read(t *testing.T, name string) *Result {
	t.Helper()
	file, err := manifests.ReadJoined(name, []byte(j.content))
	if err != nil {
		t.Fatalf("%q: %v", j.content, err)
	}
	return &Result{Name: name, Content: file.Content, HasObjects: len(j.values) > 0}
}

// kubectlValues returns the fields v of the documents that kubectl reads.
func kubectlValues(t *testing.T, stream []byte) []string {
	t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	var values []string
	for {
		var document map[string]any
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return values
		} else if err != nil {
			t.Fatalf("kubectl: %v\n%q", err, stream)
		}
		if document != nil {
			values = append(values, fmt.Sprint(document["v"]))
		}
	}
}

// documentValues returns the same as another reader of the Kubernetes libraries sees them. It takes the line break before a
// separator for a part of the separator, so line breaks at the end of a value are left out.
func documentValues(t *testing.T, stream []byte) []string {
	t.Helper()
	decoder := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(stream)))
	buffer := make([]byte, 1<<20)
	var values []string
	for {
		n, err := decoder.Read(buffer)
		if errors.Is(err, io.EOF) {
			return values
		} else if err != nil {
			t.Fatal(err)
		}
		asJSON, err := sigsyaml.YAMLToJSON(buffer[:n])
		if err != nil {
			t.Fatalf("%v\n%q", err, buffer[:n])
		}
		var document map[string]any
		if err := json.Unmarshal(asJSON, &document); err != nil {
			t.Fatalf("%v\n%q", err, asJSON)
		}
		if document != nil {
			values = append(values, strings.TrimRight(fmt.Sprint(document["v"]), "\n"))
		}
	}
}

func trimmed(values []string) []string {
	var all []string
	for _, value := range values {
		all = append(all, strings.TrimRight(value, "\n"))
	}
	return all
}

// TestJoin prints each file before and after each other one, and compares with what kubectl reads.
func TestJoin(t *testing.T) {
	all := joinables()
	pairs := 0
	for first, one := range all {
		for second, other := range all {
			results := []*Result{one.read(t, "1.yaml"), other.read(t, "2.yaml"), all["plain"].read(t, "3.yaml")}
			joined, err := Join(results)
			name := first + " + " + second
			// Behind an empty document, kubectl ignores a directive.
			unused := strings.Contains(second, "unused") && err == nil
			if refused := one.refused + other.refused; refused != "" && !unused {
				part, file := one.refused, "1.yaml"
				if part == "" {
					part, file = other.refused, "2.yaml"
				}
				if !errors.Is(err, ErrNotJoined) || !strings.Contains(err.Error(), part) || !strings.HasPrefix(err.Error(), file) {
					t.Errorf("%s: got %q and %v, want %s and %q", name, joined, err, file, part)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			pairs++
			want := append(append(append([]string(nil), one.values...), other.values...), "a")
			if diff := cmp.Diff(want, kubectlValues(t, joined)); diff != "" {
				t.Errorf("%s: kubectl (-want +got):\n%s\n%q", name, diff, joined)
			}
			if !bytes.HasPrefix(joined, []byte("{")) { // a stream of JSON has no separators
				if diff := cmp.Diff(trimmed(want), documentValues(t, joined)); diff != "" {
					t.Errorf("%s: at separators (-want +got):\n%s\n%q", name, diff, joined)
				}
			}
			if bytes.Contains(joined, []byte(byteOrderMark)) {
				t.Errorf("%s: a byte order mark in %q", name, joined)
			}
		}
	}
	fmt.Printf("figure: joined_pairs %d\n", pairs)
}
