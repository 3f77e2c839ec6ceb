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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

func readTree(t *testing.T, root string) *Set {
	t.Helper()
	set, err := new(Reader).ReadAll([]string{root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// names returns the paths of the files of a set below a directory.
func names(t *testing.T, root string, set *Set) []string {
	t.Helper()
	var got []string
	for _, f := range set.Files {
		got = append(got, relative(t, root, f.Name))
	}
	return got
}

func relative(t *testing.T, root, name string) string {
	t.Helper()
	relative, err := filepath.Rel(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return relative
}

// leftOut returns the paths of what was skipped, the reasons and the messages, with DIR for the directory.
func leftOut(t *testing.T, root string, set *Set) []string {
	t.Helper()
	var got []string
	for _, s := range set.Skipped() {
		got = append(got, fmt.Sprintf("%s %s: %s", relative(t, root, s.File), s.Reason, strings.ReplaceAll(s.Message, root, "DIR")))
	}
	return got
}

const podManifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestReadDirectory(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"b.yaml": podManifest, "a/z.yml": podManifest, "a/b/c.json": `{"apiVersion":"v1","kind":"Pod"}`, "c/values.yaml": "x: 1\n",
		"README.md": "b: c: d", ".git/x.yaml": "b: c: d", "..2026/x.yaml": podManifest, ".hidden.yaml": podManifest,
		".github/workflows/ci.yaml": "on: push", ".github/dependabot.yml": "version: 2", ".vscode/x.md": "x", "a/.x/y/x.yaml": podManifest, "..x/x.yaml": podManifest,
		"patch.yaml": "- {op: remove, path: /spec}\n", "k/kustomization.yaml": "resources: [../b.yaml]\n", "empty.yaml": "", "comment.yml": "# nothing\n",
	})
	link(t, "b.yaml", filepath.Join(root, "link.yaml"))
	link(t, "a", filepath.Join(root, "linked.yaml"))
	link(t, "a", filepath.Join(root, "linked"))
	link(t, "..2026", filepath.Join(root, "..data"))
	set := readTree(t, root)
	if len(set.Errors) > 0 {
		t.Errorf("got errors %v", set.Errors)
	}
	want := []string{
		"..x/x.yaml", ".github/dependabot.yml", ".github/workflows/ci.yaml", ".hidden.yaml", "a/.x/y/x.yaml", "a/b/c.json", "a/z.yml", "b.yaml", "c/values.yaml", "comment.yml", "empty.yaml", "k/kustomization.yaml", "link.yaml", "patch.yaml",
	}
	if diff := cmp.Diff(want, names(t, root, set)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"..2026 LinkedDirectory: it is a part of a mounted volume, whose files are read by the links to them; name it to have it read",
		"linked LinkedDirectory: it is a link to a directory; name it to have it read",
		"linked.yaml LinkedDirectory: it is a link to a directory; name it to have it read",
		".github/dependabot.yml NotAnObject: it has no apiVersion and kind",
		".github/workflows/ci.yaml NotAnObject: it has no apiVersion and kind",
		"c/values.yaml NotAnObject: it has no apiVersion and kind",
		"k/kustomization.yaml KustomizeInput: it is input of kustomize; use the output of kustomize build instead",
		"patch.yaml NotAnObject: it is a list, not an object",
	}, leftOut(t, root, set)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	above := filepath.Join(t.TempDir(), "link")
	link(t, root, above)
	if linked := readTree(t, above); len(linked.Files) != len(want) {
		t.Errorf("through a link: %d files, %v", len(linked.Files), linked.Errors)
	}
}

// TestReadDirectoryReportsEveryError: what cannot be read does not keep the others from being read.
func TestReadDirectoryReportsEveryError(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"a.yaml": "b: c: d", "b.yaml": podManifest, "c.yaml": "a: 1\nb: c: d", "d.yaml": "Error from server\n", "e.yaml": "x: 1\n---\n" + podManifest,
	})
	link(t, "nowhere/x.yaml", filepath.Join(root, "dangling.yaml"))
	link(t, "loop.yaml", filepath.Join(root, "loop.yaml"))
	link(t, "nowhere", filepath.Join(root, "README"))
	set := readTree(t, root)
	var got []string
	for _, err := range set.Errors {
		got = append(got, strings.ReplaceAll(err.Error(), root, "DIR"))
	}
	if diff := cmp.Diff([]string{
		"DIR/dangling.yaml: it is a link that leads to nothing that can be read: no such file or directory",
		"DIR/loop.yaml: it is a link that leads to nothing that can be read: too many levels of symbolic links",
		"DIR/a.yaml:1: mapping values are not allowed in this context; quote a text in which a colon is followed by a blank",
		"DIR/c.yaml:2: mapping values are not allowed in this context; quote a text in which a colon is followed by a blank",
		`DIR/d.yaml:1: the document is text, not an object: "Error from server"`,
		"DIR/e.yaml:1: the document has no apiVersion and no kind, so it is not an object",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b.yaml", "d.yaml", "e.yaml"}, names(t, root, set)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadChart(t *testing.T) {
	const action = "apiVersion: v1\nkind: Pod\nspec: {{ .Values.x }}\n"
	root := writeFiles(t, map[string]string{
		"app/Chart.yaml": "apiVersion: v2\nname: app\n", "app/values.yaml": "kind: DaemonSet\n", "app/crds/crd.yaml": podManifest,
		"app/templates/a.yaml": action, "app/templates/b/c.yaml": action, "app/templates/plain.yaml": podManifest,
		"app/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\n", "app/charts/sub/templates/a.yaml": action, "app/charts/x.tgz": "\x1f\x8b",
		"other/templates/a.yaml": podManifest,
	})
	set := readTree(t, root)
	if len(set.Errors) > 0 {
		t.Errorf("got errors %v", set.Errors)
	}
	if diff := cmp.Diff([]string{
		"app/Chart.yaml", "app/charts/sub/Chart.yaml", "app/crds/crd.yaml", "app/templates/plain.yaml", "app/values.yaml", "other/templates/a.yaml",
	}, names(t, root, set)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"app/charts/sub/templates ChartTemplate: it has 1 template of a chart; render the chart first: helm template DIR/app/charts/sub",
		"app/templates ChartTemplate: it has 2 templates of a chart; render the chart first: helm template DIR/app",
		"app/Chart.yaml NotAnObject: it has no apiVersion and kind",
		"app/charts/sub/Chart.yaml NotAnObject: it has no apiVersion and kind",
		"app/values.yaml NotAnObject: it has no apiVersion and kind",
	}, leftOut(t, root, set)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	// The chart itself may be what is named.
	if diff := cmp.Diff([]string{"Chart.yaml", "charts/sub/Chart.yaml", "crds/crd.yaml", "templates/plain.yaml", "values.yaml"},
		names(t, filepath.Join(root, "app"), readTree(t, filepath.Join(root, "app")))); diff != "" {
		t.Errorf("the chart (-want +got):\n%s", diff)
	}
}

func TestExclude(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"a.yaml": podManifest, "b/a.yaml": podManifest, "b/c/a.yaml": podManifest, "b/c/d.yml": podManifest, "e/c/a.yaml": podManifest,
	})
	for glob, want := range map[string]string{
		"a.yaml":            "b/c/d.yml",
		"./a.yaml":          "b/c/d.yml",
		"b/a.yaml":          "a.yaml b/c/a.yaml b/c/d.yml e/c/a.yaml",
		"b":                 "a.yaml e/c/a.yaml",
		"b/":                "a.yaml e/c/a.yaml",
		"b/*":               "a.yaml e/c/a.yaml",
		"b/**":              "a.yaml e/c/a.yaml",
		"c":                 "a.yaml b/a.yaml",
		"**/c/*.yaml":       "a.yaml b/a.yaml b/c/d.yml",
		"*/c/{a,d}.y*ml":    "a.yaml b/a.yaml",
		root + "/b/c/d.yml": "a.yaml b/a.yaml b/c/a.yaml e/c/a.yaml",
		"[ab]/c":            "a.yaml b/a.yaml e/c/a.yaml",
		"none":              "a.yaml b/a.yaml b/c/a.yaml b/c/d.yml e/c/a.yaml",
	} {
		reader := &Reader{Exclude: []string{glob}}
		set, err := reader.ReadAll([]string{root}, nil)
		if err != nil || len(set.Errors) > 0 {
			t.Fatalf("%s: %v, %v", glob, err, set.Errors)
		}
		if got := strings.Join(names(t, root, set), " "); got != want {
			t.Errorf("%s: got %s, want %s", glob, got, want)
		}
		if unmatched := reader.Unmatched(); (len(unmatched) > 0) != (glob == "none") {
			t.Errorf("%s: unmatched %q", glob, unmatched)
		}
		excluded := slices.ContainsFunc(set.Skipped(), func(s Skipped) bool { return s.Reason == Excluded })
		if excluded != (glob != "none") {
			t.Errorf("%s: skipped %v", glob, set.Skipped())
		}
	}
	for _, glob := range []string{"", "[", "a/{b", "a[b"} {
		if _, err := (&Reader{Exclude: []string{glob}}).ReadAll([]string{root}, nil); err == nil {
			t.Errorf("%q is accepted", glob)
		}
	}
	// A file that is named itself is read.
	if set, err := (&Reader{Exclude: []string{"**"}}).ReadAll([]string{filepath.Join(root, "a.yaml")}, nil); err != nil || len(set.Files) != 1 {
		t.Errorf("got %v, %v", set, err)
	}
}

func TestReadEmpty(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"empty/x.md": "", "comment.yaml": "# nothing\n---\n", "list.yaml": "apiVersion: v1\nkind: List\nitems: []\n", "values/values.yaml": "a: 1\n",
		"values/b.yaml": "a: 1\n", "kustomization.yaml": "resources: []\n", "ok/a.yaml": podManifest, "values.yaml": "a: 1\n",
	})
	for path, want := range map[string]string{
		"empty":              "DIR/empty has no Kubernetes object: it has no *.yaml, *.yml or *.json file",
		"comment.yaml":       "DIR/comment.yaml has no Kubernetes object",
		"list.yaml":          "DIR/list.yaml has no Kubernetes object",
		"values":             "DIR/values has no Kubernetes object: DIR/values/b.yaml was skipped: it has no apiVersion and kind; so were 1 more",
		"kustomization.yaml": "DIR/kustomization.yaml has no Kubernetes object: DIR/kustomization.yaml was skipped: it is input of kustomize; use the output of kustomize build instead",
		"-":                  "standard input has no Kubernetes object: the command that should write it may have failed",
		"ok":                 "",
		"none":               "DIR/none: no such file or directory",
		"values.yaml":        "DIR/values.yaml:1: the document has no apiVersion and no kind, so it is not an object",
	} {
		if path != "-" {
			path = filepath.Join(root, path)
		}
		for _, allow := range []bool{false, true} {
			set, err := (&Reader{AllowEmpty: allow}).ReadAll([]string{path}, strings.NewReader("\n"))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := errors.Join(set.Errors...); err != nil {
				got = strings.ReplaceAll(err.Error(), root, "DIR")
			}
			if _, isEmpty := errors.AsType[*EmptyError](errors.Join(set.Errors...)); isEmpty && allow {
				t.Errorf("%s with AllowEmpty: %s", path, got)
			}
			if !allow && got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
	}
}
