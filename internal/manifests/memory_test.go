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
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/memory"
)

// TestReadAllocatesLittle: what would take much memory is refused before it is parsed, in each style.
func TestReadAllocatesLittle(t *testing.T) {
	texts := map[string][]byte{
		"flow sequence":  append([]byte("a: ["), bytes.Repeat([]byte("1,"), 4<<20-8)...),
		"block sequence": bytes.Repeat([]byte("- 1\n"), 2<<20-8),
		"dashes":         bytes.Repeat([]byte("- - - -\n"), 1<<20-8),
		"mappings":       append([]byte("a: ["), bytes.Repeat([]byte("{},"), 2<<20)...),
		"documents":      bytes.Repeat([]byte("---\n"), 2<<20-8),
		"comments":       bytes.Repeat([]byte("#\n"), 4<<20-8),
		"question marks": bytes.Repeat([]byte("? \n"), 2<<20),
		"line breaks":    append([]byte("a: 1"), bytes.Repeat([]byte("\n"), 4<<20-8)...),
		"separators":     bytes.Repeat([]byte("\u2028"), 2<<20),
	}
	for shape, text := range memory.Emptiest("items", MaxFileSize-64) {
		texts["JSON of "+shape] = text
	}
	for shape, text := range texts {
		for _, name := range []string{"m.yaml", "m.json"} {
			var err error
			took := memory.Allocated(func() { _, err = Read(name, bytes.NewReader(text)) })
			if took > memory.Limit+2*MaxFileSize || err == nil {
				t.Errorf("%s as %s: %d MiB, %v", shape, name, took>>20, err)
			}
		}
	}
}

// TestReaderLimitsAllFiles: files that are within the limits one by one are not so together.
func TestReaderLimitsAllFiles(t *testing.T) {
	elements := "apiVersion: v1\nkind: ConfigMap\na: [" + strings.Repeat("1,", MaxElements/3) + "]\n"
	size := "a: " + strings.Repeat("x", MaxFileSize-16) + "\n"
	for what, test := range map[string]struct {
		text  string
		files int // that are read
		want  string
	}{
		"elements": {elements, 2, "2.yaml: this file and those before it have more than 300000 elements"},
		"bytes":    {size, 4, "4.yaml: this file and those before it are larger than 32 MiB, the limit"},
	} {
		var reader Reader
		for i := range test.files {
			if _, err := reader.Read("file", strings.NewReader(test.text)); err != nil {
				t.Fatalf("%s, file %d: %v", what, i, err)
			}
		}
		if _, err := reader.Read(fmt.Sprintf("%d.yaml", test.files), strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
		dir := t.TempDir()
		for i := range test.files + 1 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		set, err := (&Reader{AllowEmpty: true}).ReadAll([]string{dir}, nil)
		if err != nil || len(set.Errors) != 1 || !strings.Contains(set.Errors[0].Error(), test.want) || len(set.Files) != test.files {
			t.Errorf("%s in a directory: got %d files, %v, %v", what, len(set.Files), set.Errors, err)
		}
	}
}

// TestAliasesAreCounted: aliases count as often as they are used, before they are resolved.
func TestAliasesAreCounted(t *testing.T) {
	text := "a: &a [" + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + "]\nb: [" + strings.TrimSuffix(strings.Repeat("*a,", 1000), ",") + "]\n"
	var err error
	took := memory.Allocated(func() { _, err = Read("m.yaml", strings.NewReader(text)) })
	if err == nil || !strings.Contains(err.Error(), "aliases make more than 300000 elements") || took > memory.Limit {
		t.Errorf("%d MiB, %v", took>>20, err)
	}
}
