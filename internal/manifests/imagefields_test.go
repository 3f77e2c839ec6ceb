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

func TestImageFields(t *testing.T) {
	const box = "apiVersion: example.com/v1\nkind: Box\nmetadata: {name: a, annotations: {example.com/image: y:1}}\nspec:\n  image: x:1\n  parts: {b: {image: x:2}, c: {image: x:3}}\n  images: [x:4, x:5]\n  init: [{name: init, image: x:6}]\n"
	image := func(line int, path, name, image string) string {
		return fmt.Sprintf("  %d %s: containers %q %s", line, path, name, image)
	}
	const user = `User "" labels=map[]`
	for name, tc := range map[string]struct {
		fields, content string
		want            []string
	}{
		"a field":          {"images:\n- path: spec/image\n  group: example.com\n  version: v1\n  kind: Box\n  create: true\n", box, []string{user, image(5, "spec.image", "spec.image", "x:1")}},
		"each of a map":    {"images: [{path: spec/parts/*/image, kind: Box}]", box, []string{user, image(6, "spec.parts.b.image", "spec.parts.b.image", "x:2"), image(6, "spec.parts.c.image", "spec.parts.c.image", "x:3")}},
		"a list of texts":  {"images: [{path: 'spec/images[]'}]", box, []string{user, image(7, "spec.images[0]", "spec.images[0]", "x:4"), image(7, "spec.images[1]", "spec.images[1]", "x:5")}},
		"a list":           {"images: [{path: 'spec/init[]/image'}]", box, []string{user, image(8, "spec.init[0].image", "init", "x:6")}},
		"an annotation":    {`images: [{path: metadata/annotations/example.com\/image}]`, box, []string{user, image(3, "metadata.annotations[example.com/image]", "metadata.annotations[example.com/image]", "y:1")}},
		"twice":            {"images: [{path: spec/image}, {path: spec/image, kind: Box}]", box, []string{user, image(5, "spec.image", "spec.image", "x:1")}},
		"two documents":    {"images: [{path: spec/image, kind: Other}]\n---\nimages: [{path: spec/image}]\n", box, []string{user, image(5, "spec.image", "spec.image", "x:1")}},
		"of other kinds":   {"images: [{path: spec/image, kind: Other}, {path: spec/image, group: other.com}, {path: spec/image, version: v2}]", box, nil},
		"no such field":    {"images: [{path: spec/none/image}, {path: 'spec/image[]/x'}, {path: spec/parts}]", box, nil},
		"other transforms": {"namePrefix: [{path: metadata/name}]\nimages: [{path: spec/image}]", box, []string{user, image(5, "spec.image", "spec.image", "x:1")}},
		"of a known kind": {
			"images: [{path: spec/sidecarImage}, {path: 'spec/containers[]/image'}]", "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{name: a, image: x:1}]\n  sidecarImage: x:2\n",
			[]string{`Kind "spec" labels=map[]`, image(4, "spec.containers[0].image", "a", "x:1"), user, image(5, "spec.sidecarImage", "spec.sidecarImage", "x:2")},
		},
		"of a kind that creates no pods": {"images: [{path: data/image}]", "apiVersion: v1\nkind: ConfigMap\ndata: {image: x:1}\n", []string{user, image(3, "data.image", "data.image", "x:1")}},
	} {
		t.Run(name, func(t *testing.T) {
			var r Reader
			if err := r.ReadImageFields("fields.yaml", strings.NewReader(tc.fields)); err != nil {
				t.Fatal(err)
			}
			f, err := r.Read("m.yaml", strings.NewReader(tc.content))
			if err != nil {
				t.Fatal(err)
			}
			f.Skipped = nil
			if diff := cmp.Diff(tc.want, templates(f)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, o := range f.Objects {
				for _, i := range o.Images() {
					if i.Origin != OfUser {
						t.Errorf("%s is of %s", i.Path, i.Origin)
					}
					if got := string(f.Content[i.Start:i.End]); got != i.Image {
						t.Errorf("%s: the text is %q", i.Path, got)
					}
				}
			}
		})
	}
}

func TestImageFieldsErrors(t *testing.T) {
	const none = "it has no images, want a list such as images: [{kind: Rollout, path: spec/image}]"
	for name, tc := range map[string]struct{ content, want string }{
		"nothing":           {"", "f.yaml: " + none},
		"no images":         {"\nnamePrefix: []\n", "f.yaml:2: " + none},
		"an empty list":     {"images: []\n", "f.yaml: " + none},
		"another shape":     {"# x\nimages: {path: a}\n", "f.yaml:2: images is a mapping and must be a list"},
		"a text":            {"images: [spec/image]\n", "f.yaml:1: images[0]: it is a text and must be a mapping with path, group, version and kind"},
		"a field too much":  {"images:\n- {path: spec/image}\n- {paths: a}\n", `f.yaml:3: images[1]: it has a field "paths", which is not known; want path, group, version and kind`},
		"a number":          {"images: [{path: spec/image, version: 1}]\n", "f.yaml:1: images[0]: version is a number and must be a text"},
		"no path":           {"images: [{kind: Box}]\n", `f.yaml:1: images[0]: path "": it is empty, want a path such as spec/image`},
		"dots":              {"images: [{path: spec.image}]\n", `f.yaml:1: images[0]: path "spec.image": its fields are separated by dots: separate them by slashes`},
		"a slash":           {"images: [{path: /spec/image}]\n", `f.yaml:1: images[0]: path "/spec/image": it begins with a slash: write it without`},
		"an item":           {"images: [{path: 'spec/a[0]/image'}]\n", `f.yaml:1: images[0]: path "spec/a[0]/image": it selects an item of a list: only [], all items, is possible`},
		"several":           {"images: [{path: ''}, 1]\n", "f.yaml:1: images[0]: path \"\": it is empty, want a path such as spec/image\nf.yaml:1: images[1]: it is a number and must be a mapping with path, group, version and kind"},
		"a broken file":     {"images: [\n", "f.yaml:"},
		"only a text there": {"spec/image\n", "f.yaml:1: " + none},
	} {
		t.Run(name, func(t *testing.T) {
			var r Reader
			err := r.ReadImageFields("f.yaml", strings.NewReader(tc.content))
			if err == nil || err.Error() != tc.want && (name != "a broken file" || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
