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

package doctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "# A page\n\n" +
	"```yaml\n# trust.yaml\nkind: Trust\n```\n\n" +
	"<!-- test: namespace shop -->\n" +
	"```sh\ncat trust.yaml\n```\n\n```text\n…\nkind: Trust\n```\n\n" +
	"1. A step:\n\n   <!-- test:\n   signed image:v1\n   run true\n   -->\n   ```console\n   $ echo one \\\n     two\n   one two\n\n   $ true\n   ```\n\n" +
	"> ```bash\n> exit\n> ```\n\nProse.\n\n```text\nno output\n```\n"

func TestParse(t *testing.T) {
	got, err := Parse("page.md", page)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{
			Line: 9, Text: "cat trust.yaml\n", Fixtures: []string{"namespace shop"}, Output: "…\nkind: Trust\n",
			Files: []File{{Name: "trust.yaml", Content: "# trust.yaml\nkind: Trust\n"}},
		},
		{Line: 24, Console: true, Text: "$ echo one \\\n  two\none two\n\n$ true\n", Fixtures: []string{"signed image:v1", "run true"}},
		{Line: 32, Text: "exit\n"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Error(diff)
	}
	exchanges := []Exchange{{Command: "echo one \\\n  two", Output: "one two\n"}, {Command: "true"}}
	if diff := cmp.Diff(exchanges, got.Blocks[1].Exchanges()); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	for name, content := range map[string]string{
		"a block that does not end":   "```sh\ntrue\n",
		"a comment that does not end": "<!-- test: a\n",
		"a fixture for nothing":       "<!-- test: a -->\n",
	} {
		if got, err := Parse("page.md", content); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMatches(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0f", 32)
	for name, tc := range map[string]struct {
		page, printed string
		want          bool
	}{
		"equal":              {"a b\nc\n", "a b  \nc", true},
		"other":              {"a", "b", false},
		"more":               {"a", "a\nb", false},
		"less":               {"a\nb", "a", false},
		"an ellipsis":        {"a … c\n…\nd", "a b c\nx\ny\nd", true},
		"after an ellipsis":  {"… c", "a b d", false},
		"columns":            {"A    B\n1    2", "A         B\n1         2", true},
		"ages":               {"karmada   2d", "karmada   3m20s", true},
		"an age":             {"karmada   2d", "karmada   soon", false},
		"digests":            {"x@sha256:564f…: y", "x@" + digest + ": y", true},
		"no digest":          {"x@sha256:564f…: y", "x: y", false},
		"times":              {"2026-05-04T09:12:11Z", "2027-01-01T00:00:00Z", true},
		"regular expression": {"a.c (b)", "abc b", false},
	} {
		if got := Matches(tc.page, tc.printed); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestRun runs blocks in one shell: what they set lasts, and what fails or prints something else is an error.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	shell, err := NewShell(t.Context(), dir, t.TempDir(), []string{"PATH=" + os.Getenv("PATH")})
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	var made []string
	runner := Runner{Shell: shell, Fixtures: Fixtures{"a": func(args []string) error { made = args; return nil }}}
	steps := []struct {
		name  string
		block Block
		fails string
	}{
		{"files and variables", Block{Files: []File{{"sub/file.yaml", "content\n"}}, Text: "word=$(cat sub/file.yaml)\ncd sub\n"}, ""},
		{"last", Block{Text: "echo $word in $(basename $PWD)\n", Output: "content in sub\n"}, ""},
		{"a fixture", Block{Fixtures: []string{"a b c"}, Text: "true\n"}, ""},
		{"no such fixture", Block{Fixtures: []string{"z"}, Text: "true\n"}, `"z" does not exist`},
		{"a console", Block{Console: true, Text: "$ echo $word\ncontent\n\n$ true\n"}, ""},
		{"a command of a console that prints an error", Block{Console: true, Text: "$ ls /nowhere\nls: …\n"}, ""},
		{"a console that prints something else", Block{Console: true, Text: "$ echo a\nb\n"}, "the page shows:\nb"},
		{"a silent command of a console that fails", Block{Console: true, Text: "$ false\n"}, "exit code 1"},
		{"other output", Block{Text: "echo a\n", Output: "b\n"}, "the page shows:\nb"},
		{"a command that fails", Block{Text: "false\ntrue\n"}, "exit code 1"},
	}
	for _, step := range steps {
		err := runner.Run(step.block)
		if (err == nil) != (step.fails == "") || err != nil && !strings.Contains(err.Error(), step.fails) {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if diff := cmp.Diff([]string{"b", "c"}, made); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "sub", "file.yaml")); err != nil {
		t.Error(err)
	}
}
