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

package text_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/text"
)

// hostile has one of each kind of character that must not reach a terminal.
const hostile = "a\x00\x07\x08\x1b[2J\r\n\t\x7f\u0085\u009b\u200b\u200d\u2028\u2029\u202e\u2066\ufeff\ufe0f\u3164\U000e0041\xff\xc3z"

func TestPrintable(t *testing.T) {
	if got, want := text.Printable("a\x1b[31m\u202eb\n\xff ü"), "a?[31m?b?? ü"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := text.Printable(hostile), "a????[2J"+strings.Repeat("?", 18)+"z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, same := range []string{"", "docker.io/karmada/app:v1@sha256:00", "✓ é 漢 😀 · → – …"} {
		if got := text.Printable(same); got != same {
			t.Errorf("got %q, want %q", got, same)
		}
	}
}

type verdict string

type object struct {
	Name    string
	Verdict verdict
	Pointer *object
	List    []object
	Texts   [1]string
	Labels  map[string]string
	Any     any
	hidden  string
	Count   int
}

func TestClean(t *testing.T) {
	const bad, good = "a\nb", "a?b"
	value := func(s string) object {
		return object{
			Name: s, Verdict: verdict(s), Pointer: &object{Name: s}, List: []object{{Name: s}}, Texts: [1]string{s},
			Labels: map[string]string{"key": s}, Any: []any{map[string]any{"key": s}, &object{Name: s}}, Count: 3,
		}
	}
	got, want := value(bad), value(good)
	got.hidden, want.hidden = bad, bad
	text.Clean(&got)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(object{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text.Clean((*object)(nil))
}

// TestPrinter: values stay on their lines, whatever their type and the verb.
func TestPrinter(t *testing.T) {
	var p text.Printer
	p.Printf("%s|%v|%-6s|%q|%d|%v\n", hostile[:3], verdict("x\ny"), "é\n", "q\n", 7, errors.New("e\x1b[2J\nf"))
	p.Printf("%s %s\n", text.Coloured{Value: "plain\x1b"}, text.Coloured{Colour: 31, Value: "red\x1b\n"})
	p.Table([]string{"A", "B"}, [][]string{{"1\t2", "3\n4"}, {"é", "\xff\x0b\x0c"}})
	want := "a??|x?y|é?    |\"q\\n\"|7|e?[2J?f\nplain? \x1b[31mred??\x1b[0m\nA     B\n1?2   3?4\né     ???\n"
	if diff := cmp.Diff(want, p.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCommands: neither a value nor a library gives a command to a CI system.
func TestCommands(t *testing.T) {
	for in, want := range map[string]string{
		"::add-mask::x\n":            "?:add-mask::x\n",
		"a\n \t::stop-commands::x":   "a\n \t?:stop-commands::x",
		"a ::add-mask::x":            "a ::add-mask::x",
		"a ##[error]x ##VSO[task.x]": "a ?#[error]x ?#VSO[task.x]",
		"###[x] ## [x]":              "#?#[x] ## [x]",
	} {
		if got := text.Sprintf("%s", in).String(); got != strings.NewReplacer("\n", "?", "\t", "?").Replace(want) && strings.Count(in, "\n") == 0 {
			t.Errorf("printed %q, want %q", got, want)
		}
		var b bytes.Buffer
		w := text.NewWriter(&b)
		for _, c := range []byte(in) {
			if _, err := w.Write([]byte{c}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil || b.String() != want {
			t.Errorf("passed on %q and %v, want %q", b.String(), err, want)
		}
		if text.Harmless(in) != (in == want) {
			t.Errorf("Harmless(%q) is %t", in, text.Harmless(in))
		}
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := text.NewWriter(&b)
	if n, err := w.Write([]byte("a\tb\n\x1b[2Jc\xe2\x9c")); n != 11 || err != nil || b.String() != "a\tb\n" {
		t.Errorf("got %d, %v and %q: a line that has not ended must wait", n, err, b.String())
	}
	if _, err := w.Write([]byte("\x93\n")); err != nil || b.String() != "a\tb\n?[2Jc✓\n" {
		t.Errorf("got %v and %q", err, b.String())
	}
	b.Reset()
	if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil || b.Len() != 1<<20 {
		t.Errorf("got %v and %d bytes of an endless line", err, b.Len())
	}
}

// TestEscapeJSON: what was encoded is decoded again, and the text holds nothing that a terminal acts upon.
func TestEscapeJSON(t *testing.T) {
	for _, value := range []string{"", "plain é ✓ 😀", strings.ToValidUTF8(hostile, ""), "##[error] ### ##vso[x]", "\u2028", "\U000e0041\u009b"} {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(map[string]string{value: value}); err != nil {
			t.Fatal(err)
		}
		escaped := text.EscapeJSON(b.Bytes())
		if !text.Harmless(string(escaped)) {
			t.Errorf("%q is not harmless", escaped)
		}
		var got map[string]string
		if err := json.Unmarshal(escaped, &got); err != nil || got[value] != value {
			t.Errorf("%q became %q: %v", value, got, err)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	const password = "p@ss"
	for in, want := range map[string]string{
		`Get "https://user:` + password + `@host.test/x?token=1": EOF`:  `Get "https://[redacted]@host.test/x?[redacted]": EOF`,
		"failed to download http://u:p@h/1.root.json, status code: 404": "failed to download http://[redacted]@h/1.root.json, status code: 404",
		"Authorization: Basic dTpw0w==, Bearer abc1.d-e":                "Authorization: [redacted], [redacted]",
		"bearer abcdefghijklmnop":                                       "[redacted]",
		"https://host.test/a@b":                                         "https://host.test/a@b",
		"no basic auth: did you mean x?":                                "no basic auth: did you mean x?",
	} {
		if got := text.WithoutSecrets(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
