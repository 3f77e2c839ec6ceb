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

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// TestGenerated compares the chart in the repository with what is generated.
func TestGenerated(t *testing.T) {
	want, err := chart("../..", published{})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join("..", "..", "charts", chartName, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(content, string(got)); diff != "" {
			t.Errorf("%s is not up to date, run make charts (-want +got):\n%s", name, diff)
		}
	}
}

// TestRelease: the archive of a release has its version and its image, and is the same each time.
func TestRelease(t *testing.T) {
	of := published{version: "1.2.3", image: types.Image{NewName: "registry.example.com/x", NewTag: "v1.2.3", Digest: "sha256:" + strings.Repeat("a", 64)}}
	files, err := chart("../..", of)
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct{ Version, AppVersion string }
	if err := yaml.Unmarshal([]byte(files["Chart.yaml"]), &metadata); err != nil {
		t.Fatal(err)
	}
	if metadata.Version != "1.2.3" || metadata.AppVersion != "v1.2.3" {
		t.Errorf("Chart.yaml has %+v", metadata)
	}
	var values struct {
		Image struct{ Repository, Tag, Digest string }
	}
	if err := yaml.Unmarshal([]byte(files["values.yaml"]), &values); err != nil {
		t.Fatal(err)
	}
	if values.Image.Repository != of.image.NewName || values.Image.Tag != of.image.NewTag || values.Image.Digest != of.image.Digest {
		t.Errorf("values.yaml has the image %+v", values.Image)
	}
	first, err := archive(files)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := archive(files); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the archives differ: %v", err)
	}
	if err := run([]string{"--root=../..", "--package=" + t.TempDir(), "--version=1.2.3"}); err == nil {
		t.Error("a version without v is taken")
	}
}

// TestTemplate replaces fields of an object in every position.
func TestTemplate(t *testing.T) {
	o := &unstructured.Unstructured{Object: map[string]any{
		"kind": "X", "metadata": map[string]any{"name": "{{ braces }}"},
		"list": []any{map[string]any{"args": []any{"a"}, "name": "manager"}},
	}}
	got, err := template(o, []edit{
		{[]any{"metadata", "namespace"}, "{{ .Release.Namespace }}"},
		{[]any{"list", 0, "args"}, "args:\n- {{ .Values.a }}\n"},
		{[]any{"metadata", "labels"}, with("labels", "labels")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `kind: X
list:
- args:
  - {{ .Values.a }}
  name: manager
metadata:
  {{- with .Values.labels }}
  labels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  name: '{{ "{{" }} braces }}'
  namespace: {{ .Release.Namespace }}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := template(o, []edit{{[]any{"list", 1, "args"}, ""}}); err == nil {
		t.Error("an element that does not exist is replaced")
	}
}
