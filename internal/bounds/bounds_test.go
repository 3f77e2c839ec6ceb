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

package bounds_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// TestJSONCountsElements compares the count with that of the decoder of the standard library.
func TestJSONCountsElements(t *testing.T) {
	for name, text := range map[string]string{
		"empty object":            `{}`,
		"empty array":             `[]`,
		"scalars":                 `[1,-2.5e3,true,false,null,"x"]`,
		"objects":                 `{"a":{"b":[{},{},[]]},"c":""}`,
		"white space":             " { \"a\" :\r\n[ 1 ,\t2 ] } ",
		"escaped quotes":          `{"a\"b":"\"","c":"\\\\","d":"\\\\\\\"","e":[]}`,
		"structure within a text": `["{[,:]}","]","[[[["]`,
		"repeated keys":           `{"a":1,"a":2,"a":3}`,
		"two texts":               `[1][2]`,
	} {
		want := 0
		for decoder := json.NewDecoder(strings.NewReader(text)); ; {
			token, err := decoder.Token()
			if err != nil {
				break
			}
			if token != json.Delim(']') && token != json.Delim('}') {
				want++
			}
		}
		if err := (bounds.Limits{Elements: want, Depth: 10}).JSON([]byte(text)); err != nil {
			t.Errorf("%s: got %v with a limit of %d", name, err, want)
		}
		var exceeded *bounds.Error
		if err := (bounds.Limits{Elements: want - 1, Depth: 10}).JSON([]byte(text)); !errors.As(err, &exceeded) || exceeded.Limit != want-1 {
			t.Errorf("%s: got %v with a limit of %d", name, err, want-1)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	limits := bounds.Limits{Elements: 100, Depth: 3}
	for name, test := range map[string]struct{ text, want string }{
		"depth":               {"[[[]]]", ""},
		"one level too deep":  {`{"a":{"b":{"c":[]}}}`, "it has more than 3 levels of nested values, the limit"},
		"only closed":         {"]]]]]]]]", ""},
		"a long text":         {`"` + strings.Repeat("[", 5000) + `"`, ""},
		"a text without end":  {`"` + strings.Repeat("[", 5000), ""},
		"a long number":       {"[" + strings.Repeat("9", 1101) + "]", "it has more than 1100 characters in a number, the limit"},
		"too many elements":   {"[" + strings.Repeat("{},", 100) + "{}]", "it has more than 100 elements, the limit"},
		"too many in a row":   {strings.Repeat("1 ", 101), "it has more than 100 elements, the limit"},
		"nothing":             {"", ""},
		"only a backslash":    {`"\`, ""},
		"backslashes, no end": {`"` + strings.Repeat(`\`, 5000) + `"`, ""},
	} {
		got := ""
		if err := limits.JSON([]byte(test.text)); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	limits = bounds.Limits{Elements: 100, Depth: 9, Text: 10, LongText: `"payload"`}
	long := strings.Repeat("x", 11)
	for text, ok := range map[string]bool{
		`{"payload":"` + long + `"}`:                 true,
		`{"a":1,"payload" : "` + long + `","b":"x"}`: true,
		`{"payload":"x","b":"` + long + `"}`:         false,
		`{"` + long + `":1}`:                         false,
		`["` + long + `"]`:                           false,
		`{"xpayload":"` + long + `"}`:                false,
		`{"payload":"x","` + long + `":"payload"}`:   false,
		`{"payload":["` + long + `"]}`:               false,
	} {
		if err := limits.JSON([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if err := (bounds.Limits{}).JSON([]byte("1")); err == nil {
		t.Error("the zero value allows an element")
	}
}

func TestUnmarshal(t *testing.T) {
	var into []int
	if err := bounds.Unmarshal([]byte("[1,2]"), bounds.Limits{Elements: 3, Depth: 1}, &into); err != nil || len(into) != 2 {
		t.Errorf("got %v, %v", into, err)
	}
	into = nil
	var exceeded *bounds.Error
	if err := bounds.Unmarshal([]byte("[1,2]"), bounds.Limits{Elements: 2, Depth: 1}, &into); !errors.As(err, &exceeded) || into != nil {
		t.Errorf("got %v, %v", into, err)
	}
	if err := bounds.Unmarshal([]byte("[\"\xff\"]"), bounds.Limits{Elements: 3, Depth: 1}, &into); err == nil || err.Error() != "it is not UTF-8" {
		t.Errorf("got %v", err)
	}
	var syntax *json.SyntaxError
	if err := bounds.Unmarshal([]byte("[1,"), bounds.Limits{Elements: 3, Depth: 1}, &into); !errors.As(err, &syntax) {
		t.Errorf("got %v", err)
	}
}

// FuzzJSON: what a parser yields is never more than what was counted.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,{"b":null}]}`, `["\\\"",{}]`, "[1 2", "\"\\\"\"", "{\"a\":\"[\"}[]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		yielded := 0
		for decoder := json.NewDecoder(strings.NewReader(text)); ; {
			token, err := decoder.Token()
			if err != nil {
				break
			}
			if token != json.Delim(']') && token != json.Delim('}') {
				yielded++
			}
		}
		limits := bounds.Limits{Elements: yielded - 1, Depth: len(text)}
		if yielded > 0 && limits.JSON([]byte(text)) == nil {
			t.Errorf("%q: %d elements were not counted", text, yielded)
		}
	})
}

// nodesOf counts the nodes of all documents that the parser reads before an error.
func nodesOf(text string) (nodes int) {
	defer func() { _ = recover() }() // the parser panics on some comments
	var count func(*yamlv3.Node)
	count = func(n *yamlv3.Node) {
		nodes++
		for _, child := range n.Content {
			count(child)
		}
	}
	for decoder := yamlv3.NewDecoder(strings.NewReader(text)); ; {
		var document yamlv3.Node
		if decoder.Decode(&document) != nil {
			return nodes
		}
		count(&document)
	}
}

// nodesPerElement is the greatest number of nodes for one element that is counted in YAML: a comma of a flow sequence
// before a pair without key and value.
const nodesPerElement = 3

// FuzzYAML: a parser yields no more nodes than the elements that were counted allow.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		"a: b\nc: [1, 2, {d: e}]\n", "- - - - -\n", "[[[[]]]]", "{a,b,c,d}", "[?,?,?,?]", "[:,:,:]", "{\"a\":1,\"b\":2}", "[a: b, c: d]",
		"? \n? \n? \n", "a: &x [1]\nb: *x\nc: [*x,*x,*x]\n", "---\n---\n---\n", "!!seq [!!str ,!!str ]", "a: |\n  [,,]\n", "\"a\":\"b\"",
		"-\u0085-\u2028-\u2029-\n", "-\r-\r-\r", "a: 'x\n\n  y'\n", "- ? - ? - ?\n", "{: : :}", "- : : :\n", "[{},{},[],[]]", "%YAML 1.1\n--- a\n...\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nodes := nodesOf(text)
		elements := (nodes - 1) / nodesPerElement
		if _, err := (bounds.Limits{Elements: elements}).CountYAML([]byte(text)); nodes > 0 && err == nil {
			t.Errorf("%q: %d nodes, but at most %d elements were counted", text, nodes, elements)
		}
	})
}

func TestYAML(t *testing.T) {
	limits := bounds.Limits{Elements: 10}
	for text, ok := range map[string]bool{
		"":                           true,
		"a: b":                       true,
		strings.Repeat("x-y", 1000):  true,
		strings.Repeat("a\n", 9):     true,
		strings.Repeat("a\n", 10):    false,
		strings.Repeat("a\r\n", 9):   true,
		strings.Repeat("- ", 10):     false,
		strings.Repeat("[", 10):      false,
		strings.Repeat(",", 10):      false,
		strings.Repeat("\u2028", 10): false,
		strings.Repeat("\u0085", 10): false,
		strings.Repeat("é", 10):      true,
		strings.Repeat("…", 10):      true,
		strings.Repeat("*a,", 10):    false,
	} {
		if _, err := limits.CountYAML([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	text := []byte("[" + strings.Repeat(`{"a":"some text of a usual length","b":123456},`, 20_000) + "{}]")
	limits := bounds.Limits{Elements: 1 << 30, Depth: 10}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := limits.JSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
