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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, content string) *File {
	t.Helper()
	f, err := Read("m.yaml", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// outline returns the position, kind and name of each object in a file, and what was skipped or is an error.
func outline(f *File) (objects, others []string) {
	for _, o := range f.Objects {
		line, column := o.Position("")
		objects = append(objects, fmt.Sprintf("%d:%d %s %s", line, column, o.GetKind(), o.GetName()))
	}
	for _, s := range f.Skipped {
		others = append(others, fmt.Sprintf("%d: %s", s.Line, s.Message))
	}
	for _, err := range f.Errors {
		others = append(others, err.Error())
	}
	return objects, others
}

func TestRead(t *testing.T) {
	tests := map[string]struct {
		content string
		objects []string
		others  []string
	}{
		"empty":    {"", nil, nil},
		"comments": {"# one\n---\n# two\n---\n", nil, nil},
		"one":      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", []string{"1:1 Pod a"}, nil},
		"output of Helm": {
			"---\n# Source: a.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n---\n# Source: empty.yaml\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: b\n",
			[]string{"3:1 Pod a", "10:1 Pod b"}, nil,
		},
		"on the line of the marker": {"--- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n--- # b\napiVersion: v1\nkind: Pod\n", []string{"1:5 Pod a", "3:1 Pod "}, nil},
		"an end, and directives":    {"apiVersion: v1\nkind: Pod\n...\n%YAML 1.1\n---\napiVersion: v1\nkind: Job\n", []string{"1:1 Pod ", "6:1 Job "}, nil},
		"indented":                  {"  apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n", []string{"1:3 Pod a"}, nil},
		"a marker within a block":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ---\n    apiVersion: v1\n    kind: Pod\n", []string{"1:1 ConfigMap a"}, nil},
		"CRLF":                      {"---\r\napiVersion: v1\r\nkind: Pod\r\n---\r\napiVersion: v1\r\nkind: Job\r\n", []string{"2:1 Pod ", "5:1 Job "}, nil},
		"a byte order mark":         {"\xef\xbb\xbfapiVersion: v1\nkind: Pod\n", []string{"1:2 Pod "}, nil},
		"JSON":                      {"{\n\t\"kind\": \"Pod\", \"apiVersion\": \"v1\",\n\t\"metadata\": {\"name\": \"a\\ud83d\\ude00\"}\n}", []string{"1:1 Pod a😀"}, nil},
		"a stream of JSON":          {"{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}{\"kind\":\"Job\",\"apiVersion\":\"v1\"}\n\n{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}\n", []string{"1:1 Pod ", "1:33 Job ", "3:1 Pod "}, nil},
		"JSON between markers":      {"{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}\n---\n{\"kind\":\"Job\",\"apiVersion\":\"v1\"}\n", []string{"1:1 Pod ", "3:1 Job "}, nil},
		"a list": {
			"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- kind: List\n  apiVersion: v1\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n- just text\n",
			[]string{"4:3 Pod a", "10:5 Pod b"}, []string{`m.yaml:11: the item of the List is text, not an object: "just text"`},
		},
		"a typed list": {"apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n", []string{"4:3 Deployment a", "5:3 Deployment b"}, nil},
		"a list of another kind": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n", []string{"5:3 Pod b"}, nil,
		},
		"an empty list":            {"apiVersion: v1\nkind: List\n", nil, nil},
		"a kind that ends in List": {"apiVersion: example.com/v1\nkind: AllowList\nspec: {}\n", []string{"1:1 AllowList "}, nil},
		"not objects": {
			"replicas: 3\n---\n- 1\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n---\nkind: Pod\n",
			nil, []string{
				"5: it is input of kustomize; use the output of kustomize build instead",
				"m.yaml:1: the document has no apiVersion and no kind, so it is not an object",
				"m.yaml:3: the document is a list, not an object",
				"m.yaml:8: the document has no apiVersion, so it is not an object",
			},
		},
		"of other types": {
			"Error: no such chart\n---\njust text\n---\n3\n---\ntrue\n---\n- {apiVersion: v1, kind: Pod}\n---\n" +
				"apiVersion: 1\nkind: Pod\n---\napiVersion: v1\nkind: []\n---\napiVersion: v1\nkind: \"\"\n---\napiVersion: v1\nkind: PodList\nitems: {}\n",
			[]string{"20:1 PodList "}, []string{
				`m.yaml:1: the document is what a command printed when it failed, not an object: "Error: no such chart"`,
				`m.yaml:3: the document is text, not an object: "just text"`,
				"m.yaml:5: the document is the number 3, not an object",
				"m.yaml:7: the document is true, not an object",
				"m.yaml:9: the document is a list of objects, which kubectl does not read: write them as documents of their own, " +
					"or as the items of an object of apiVersion v1 and kind List",
				"m.yaml:11: the document has the apiVersion 1, which is not text: quote it",
				"m.yaml:14: the document has the wrong type of kind: it must be text",
				"m.yaml:17: the document has no kind, so it is not an object",
			},
		},
		"a JSON array": {
			"[{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}]", nil, []string{
				"m.yaml:1: the document is a list of objects, which kubectl does not read: write them as documents of their own, " +
					"or as the items of an object of apiVersion v1 and kind List",
			},
		},
		"a repeated key": {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nmetadata: {name: b}\n", []string{"1:1 Pod b"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects, others := outline(read(t, tt.content))
			if diff := cmp.Diff(tt.objects, objects); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.others, others); diff != "" {
				t.Errorf("others (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("apiVersion: v1\nkind: Pod\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i-1), 10), ","))
	}
	tests := map[string]struct {
		name, content string
		line          int
		want          string
	}{
		"invalid YAML":              {"m.yaml", "a: 1\nb: c: d\n", 2, "m.yaml:2: mapping values are not allowed in this context"},
		"invalid on the first line": {"m.yaml", "b: c: d\n", 1, "m.yaml:1: mapping values are not allowed in this context"},
		"an invalid document":       {"m.yaml", "a: 1\n---\nb: 1\n---\nc: [\n", 5, "m.yaml:5: did not find expected node content"},
		"a tab":                     {"m.yaml", "a:\n\tb: 1\n", 2, "found character that cannot start any token"},
		"a template":                {"m.yaml", "a: 1\n{{- if .Values.x }}\nb: 1\n{{- end }}\n", 2, "render it first, for example with helm template"},
		"a placeholder":             {"m.yaml", "a: 1\n---\nb: {{x}}\n", 3, "render it first"},
		"invalid JSON":              {"m.json", "{\n\"a\": 1,\n]\n", 3, "m.json:3: invalid JSON: invalid character ']'"},
		"truncated JSON":            {"m.json", "{\n\"a\": 1,\n", 1, "m.json:1: invalid JSON: unexpected EOF"},
		"an alias without anchor":   {"m.yaml", "a: &x 1\n---\nb: *y\n", 3, "unknown anchor 'y' referenced"},
		"an alias across documents": {"m.yaml", "a: &x 1\n---\nb: *x\n", 3, "unknown anchor 'x' referenced"},
		"an alias of itself":        {"m.yaml", "a: &x [*x]\n", 1, "anchor 'x' value contains itself"},
		"exponential aliases":       {"m.yaml", bomb.String(), 1, "aliases make more than 300000 elements of the document, the limit"},
		"UTF-16":                    {"m.yaml", "\xff\xfea\x00", 1, "the file is UTF-16; save it as UTF-8"},
		"Latin 1":                   {"m.yaml", "a: 1\nb: \xe4\n", 2, "the text is not UTF-8"},
		"binary":                    {"m.yaml", "a: 1\nb: \x00\n", 2, "control character U+0000"},
		"too many documents":        {"m.yaml", strings.Repeat("---\na: 1\n", MaxDocuments+1), 20000, "more than 10000 documents"},
		"too much JSON":             {"m.json", strings.Repeat("{}\n", MaxDocuments+1), 10001, "more than 10000 documents"},
		"too deep JSON":             {"m.json", strings.Repeat("[", 20000), 1, "exceeded max depth"},
		"too deep YAML":             {"m.yaml", strings.Repeat("[", 20000), 1, "exceeded max depth"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(tt.name, strings.NewReader(tt.content))
			syntax, ok := errors.AsType[*SyntaxError](err)
			if !ok {
				t.Fatalf("got %v, want a syntax error", err)
			}
			if !strings.Contains(err.Error(), tt.want) || syntax.Line != tt.line {
				t.Errorf("line %d: %v\nwant line %d and %q", syntax.Line, err, tt.line, tt.want)
			}
		})
	}
}

// endless is a reader without an end. Its value is the number of bytes that were read.
type endless int

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	*e += endless(len(p))
	return len(p), nil
}

func TestReadLimitsSize(t *testing.T) {
	var r endless
	_, err := Read("standard input", &r)
	if err == nil || !strings.Contains(err.Error(), "standard input: the file is larger than 8 MiB") {
		t.Errorf("got %v", err)
	}
	if r > MaxFileSize+1 {
		t.Errorf("%d bytes were read", r)
	}
}

func TestPosition(t *testing.T) {
	const content = `# a trust
apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata:
  name: karmada
  labels:
    example.com/größe: "ü"
    app.kubernetes.io/name: &n karmada
spec:
  images: # globs
  - docker.io/karmada/*
  -   "docker.io/x/*"
  issuer: https://example.com
  "ö": {a: 1, b: *n, identity: x}
  attestations:
    - name: p
      cue: |
        a: 1
`
	o := read(t, content).Objects[0]
	for path, want := range map[string]string{
		"":                                   "2:1",
		"spec":                               "9:1",
		"spec.images":                        "10:3",
		"spec.images[0]":                     "11:5",
		"spec.images[1]":                     "12:7",
		"spec.images[2]":                     "10:3", // absent
		"spec.issuer":                        "13:3",
		"spec.identity.x.y":                  "9:1", // absent
		"spec.attestations[0]":               "16:7",
		"spec.attestations[0].cue":           "17:7",
		"spec.ö.identity":                    "14:22",
		"spec.ö.b":                           "14:15",
		"metadata.labels[example.com/größe]": "7:5",
		"metadata.labels[app.kubernetes.io/name]": "8:5",
		"status": "2:1", // absent
	} {
		line, column := o.Position(path)
		if got := fmt.Sprintf("%d:%d", line, column); got != want {
			t.Errorf("%q is at %s, want %s", path, got, want)
		}
	}
}
