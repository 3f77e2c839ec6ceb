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
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeFiles writes files into a new directory and returns its path.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReadPath(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	root := writeFiles(t, map[string]string{
		"b.yaml": pod, "a/z.yml": pod, "a/b/c.json": `{"apiVersion":"v1","kind":"Pod"}`, "c/values.yaml": "x: 1\n",
		"README.md": "b: c: d", ".git/x.yaml": "b: c: d", "a/.x/x.yaml": "b: c: d", ".hidden.yaml": pod,
	})
	if err := os.Symlink("b.yaml", filepath.Join(root, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(root, "linked.yaml")); err != nil {
		t.Fatal(err)
	}
	files, err := new(Reader).ReadPath(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		name, err := filepath.Rel(root, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	want := []string{".hidden.yaml", "a/b/c.json", "a/z.yml", "b.yaml", "c/values.yaml", "link.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one, err := new(Reader).ReadPath(filepath.Join(root, "README.md"))
	if err == nil || len(one) != 0 {
		t.Errorf("a file is read whatever its extension: got %v", err)
	}
	above := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, above); err != nil {
		t.Fatal(err)
	}
	if linked, err := new(Reader).ReadPath(above); err != nil || len(linked) != len(want) {
		t.Errorf("through a link: %d files, %v", len(linked), err)
	}
}

func TestReadPathReportsEveryError(t *testing.T) {
	root := writeFiles(t, map[string]string{"a.yaml": "b: c: d", "b.yaml": "b: 1\n", "c.yaml": "a: 1\nb: c: d"})
	files, err := new(Reader).ReadPath(root)
	if len(files) != 1 {
		t.Errorf("%d files were read", len(files))
	}
	for _, want := range []string{"a.yaml:1: ", "c.yaml:2: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := new(Reader).ReadPath(filepath.Join(root, "none")); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}
