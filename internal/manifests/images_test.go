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
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show formats each image: its line, path, container, value, and its text in the file or why it is not editable.
func show(f *File) []string {
	var all []string
	for _, o := range f.Objects {
		for _, i := range o.Images() {
			text := string(f.Content[i.Start:i.End])
			if i.NotEditable != "" {
				text = "not editable: " + i.NotEditable
			}
			line, _ := o.Position(i.Path)
			all = append(all, fmt.Sprintf("%d %s %s %s = %s", line, i.Path, i.Container.Name, i.Container.Image, text))
		}
	}
	return all
}

func TestImages(t *testing.T) {
	const containers = "containers: [{name: a, image: x:1}]"
	tests := map[string]struct {
		content string
		want    []string
	}{
		"Pod": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: x:1\n  - image: 'x:2'\n  ephemeralContainers:\n  - {name: e, image: \"x:3\"}\n  initContainers:\n  - {image: x:4, name: i}\n",
			[]string{
				"11 spec.initContainers[0].image i x:4 = x:4", "6 spec.containers[0].image a x:1 = x:1",
				"7 spec.containers[1].image  x:2 = x:2", "9 spec.ephemeralContainers[0].image e x:3 = x:3",
			},
		},
		"an image volume": {
			"apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      " + containers + "\n      volumes:\n      - {name: c, configMap: {name: c}}\n      - name: v\n        image:\n          reference: x:2 # models\n      - {name: n, image: {}}\n      - {name: s, image: x:3}\n",
			[]string{"6 spec.template.spec.containers[0].image a x:1 = x:1", "11 spec.template.spec.volumes[1].image.reference v x:2 = x:2"},
		},
		"PodTemplate":           {"apiVersion: v1\nkind: PodTemplate\ntemplate: {spec: {" + containers + "}}", []string{"3 template.spec.containers[0].image a x:1 = x:1"}},
		"ReplicationController": {"apiVersion: v1\nkind: ReplicationController\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"Deployment":            {"apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"StatefulSet":           {"apiVersion: apps/v1\nkind: StatefulSet\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"DaemonSet":             {"apiVersion: apps/v1\nkind: DaemonSet\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"ReplicaSet":            {"apiVersion: apps/v1\nkind: ReplicaSet\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"Job":                   {"apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"CronJob":               {"apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {" + containers + "}}}}}", []string{"3 spec.jobTemplate.spec.template.spec.containers[0].image a x:1 = x:1"}},
		"of an unknown group":   {"apiVersion: example.com/v1\nkind: Job\nspec: {template: {spec: {" + containers + "}}}", []string{"3 spec.template.spec.containers[0].image a x:1 = x:1"}},
		"malformed":             {"apiVersion: v1\nkind: Pod\nspec: {containers: [1, {image: 5}, {image: ''}, {}, null], initContainers: {image: x}}", nil},
		"in a list": {
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, spec: {" + containers + "}}\n- {apiVersion: v1, kind: Pod, spec: {containers: [{name: b, image: x:2}]}}",
			[]string{"4 spec.containers[0].image a x:1 = x:1", "5 spec.containers[0].image b x:2 = x:2"},
		},
		"JSON": {
			"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"ä\\ud83d\\ude00\",\"image\" : \"docker.io\\/x:1\"}]}}",
			[]string{`1 spec.containers[0].image ä😀 docker.io/x:1 = docker.io\/x:1`},
		},
		"properties": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: &a !!str x:1\n  - image: !!str 'x:2'\n  - image: !!binary eDoz\n  - image: &b\n      x:4\n  - image: # why\n      \"x:5\"\n",
			[]string{
				"5 spec.containers[0].image  x:1 = x:1", "6 spec.containers[1].image  x:2 = x:2",
				"7 spec.containers[2].image  x:3 = not editable: its text in the file cannot be found; write it as plain text on the line of its key",
				"8 spec.containers[3].image  x:4 = x:4", "10 spec.containers[4].image  x:5 = x:5",
			},
		},
		"quotes": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: 'it''s'\n  - image: \"\\x78:1\"\n  - image: \"x\\\n     :2\"\n  - image: 'a\n      b'\n  - image: c\n      d\n  - image: \"q\\\"q\"\n",
			[]string{
				"5 spec.containers[0].image  it's = it''s", `6 spec.containers[1].image  x:1 = \x78:1`, "7 spec.containers[2].image  x:2 = x\\\n     :2",
				"9 spec.containers[3].image  a b = a\n      b", "11 spec.containers[4].image  c d = not editable: its YAML style is not supported; write it as plain text on the line of its key",
				`13 spec.containers[5].image  q"q = q\"q`,
			},
		},
		"blocks": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: |-\n      x:1\n  - image: >-\n      x:2\n",
			[]string{
				"5 spec.containers[0].image  x:1 = not editable: it is written as a block of text; write it on the line of its key",
				"7 spec.containers[1].image  x:2 = not editable: it is written as a block of text; write it on the line of its key",
			},
		},
		"aliases": {
			"apiVersion: v1\nkind: Pod\nspec:\n  initContainers: [{image: &x x:1}, {image: &y x:2}]\n  containers: [{image: *x}, {image: *y, name: *y}]\n",
			[]string{
				"4 spec.initContainers[0].image  x:1 = x:1",
				"4 spec.initContainers[1].image  x:2 = not editable: an alias uses the same text for a field that is not an image; write the image without an alias",
				"5 spec.containers[0].image  x:1 = x:1",
				"5 spec.containers[1].image x:2 x:2 = not editable: an alias uses the same text for a field that is not an image; write the image without an alias", //nolint:dupword // the name of the container is the image
			},
		},
		"merges": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &a {name: a, image: x:1}\n  - {<<: *a, name: b}\n  - {<<: *a, image: x:2}\n  - {image: x:3, <<: *a}\n",
			[]string{
				"5 spec.containers[0].image a x:1 = x:1", "5 spec.containers[1].image b x:1 = x:1",
				"7 spec.containers[2].image a x:2 = x:2", "5 spec.containers[3].image a x:1 = x:1",
			},
		},
		"a merge of several": {
			"apiVersion: v1\nkind: Pod\nspec:\n  initContainers: [&a {name: a, image: x:1}, &b {name: b, image: x:2, tty: true}]\n  containers: [{<<: [*a, *b], name: c}]\n",
			[]string{
				"4 spec.initContainers[0].image a x:1 = x:1", "4 spec.initContainers[1].image b x:2 = x:2", "4 spec.containers[0].image c x:1 = x:1",
			},
		},
		"a repeated image": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: x:1\n    image: x:2\n",
			[]string{"6 spec.containers[0].image  x:2 = x:2"},
		},
		"characters of several bytes, and CRLF": {
			"apiVersion: v1\r\nkind: Pod # ü\r\nspec:\r\n  containers: [{name: \"ü😀\", image: x:1}] # 𝄞\r\n",
			[]string{"4 spec.containers[0].image ü😀 x:1 = x:1"},
		},
		"line breaks of YAML 1.1": {
			"apiVersion: v1\nkind: Pod # \u2028\nspec:\n  containers: [{name: \"\u2029 \u0085 ü\", image: x:1}]\n",
			[]string{"4 spec.containers[0].image \u2029\nü x:1 = x:1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, show(read(t, tt.content))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	const before = "a: 1\nb: [x, {c: d}]\n---\nb: [1, 2]\ne: {f: 1}\n"
	got, err := Diff(read(t, before), read(t, "b: ['x', {c: e}] # more\na: 2\n---\nb: [1]\ne: {g: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{Address{0, "a"}, int64(1), int64(2)},
		{Address{0, "b[1].c"}, "d", "e"},
		{Address{1, "b"}, []any{int64(1), int64(2)}, []any{int64(1)}},
		{Address{1, "e"}, map[string]any{"f": int64(1)}, map[string]any{"g": int64(1)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Diff(read(t, before), read(t, "a: 1\n")); err == nil || !strings.Contains(err.Error(), "it has 1 documents, want 2") {
		t.Errorf("got %v", err)
	}
}
