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

package pin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/manifests"
)

func TestKustomize(t *testing.T) {
	tests := map[string]struct {
		content, entries string
		want             []string
	}{
		"empty": {"a: 1\n", "", nil},
		"several images": {
			pod + "  - image: redis:1.20\n  - image: localhost:5000/xx\n  - image: redis:1.20\n  - image: |-\n      docker.io/x/y:v1\n  - image: z/z:1@" + digestA,
			"- name: docker.io/x/y\n  newTag: v1\n  digest: A\n- name: localhost:5000/xx\n  digest: A\n- name: redis\n  newTag: \"1.20\"\n  digest: A\n- name: z/z\n  newTag: \"1\"\n  digest: A\n",
			[]string{"Pinned redis:1.20", "Pinned localhost:5000/xx", "Pinned redis:1.20", "Pinned docker.io/x/y:v1", "AlreadyPinned z/z:1@A"},
		},
		"different tags": {pod + "  - image: redis:1\n  - image: redis:1.0\n  - image: redis\n", "- name: redis\n  digest: A\n", []string{"Pinned redis:1", "Pinned redis:1.0", "Pinned redis"}},
		"a name that is not verified with each tag": {
			pod + "  - image: redis:1\n  - image: redis:bad\n  - image: nginx\n", "- name: nginx\n  digest: A\n", []string{
				"Conflicting redis:1: kustomize supports one digest for each name, and redis:bad in Pod p is not verified with this one",
				"NotVerified redis:bad: no signature found", "Pinned nginx",
			},
		},
		"a name with a placeholder as one tag": {
			pod + "  - image: redis:1\n  - image: redis:{{tag}}\n", "", []string{
				"Conflicting redis:1: kustomize supports one digest for each name, and redis:{{tag}} in Pod p is not verified with this one",
				`NotRead redis:{{tag}}: "redis:{{tag}}" is not an image reference: a tool is meant to replace the placeholder "{{tag}}"; ` +
					"use what that tool prints, such as helm template",
			},
		},
		"fields in which kustomize does not look": {
			"apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps: [{name: a, image: redis:1}, {name: b, image: nginx:bad}]\n---\n" + pod + "  - image: redis:2\n",
			"- name: redis\n  newTag: \"2\"\n  digest: A\n", []string{
				"NotEditable redis:1: kustomize does not look for images in spec.steps[0].image: pin the file with --in-place, or name the field " +
					"with --image-fields and in the configurations of the kustomization",
				"NotVerified nginx:bad: no signature found", "Pinned redis:2",
			},
		},
		"a name that is pinned otherwise": {
			pod + "  - image: redis:1\n  - image: redis:1@" + digestB, "", []string{
				"Conflicting redis:1: kustomize supports one digest for each name, and redis:1@B in Pod p is not verified with this one",
				"PinnedOtherwise redis:1@B: it is pinned to B, but the verified digest is A",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := read(t, strings.Replace(tt.content, "kind: Pod\n", "kind: Pod\nmetadata: {name: p}\n", 1))
			got, err := Kustomize([]*manifests.File{file}, verified)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if tt.entries != "" {
				want = header + "images:\n" + strings.ReplaceAll(tt.entries, ": A\n", ": "+digestA+"\n")
			}
			if diff := cmp.Diff(want, string(got.Content)); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, show(got.Images)); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKustomizeOfSeveralDigests(t *testing.T) {
	file := read(t, pod+"  - image: redis:1\n  - image: redis:2\n  - image: nginx:1\n")
	got, err := Kustomize([]*manifests.File{file}, distinct)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got.Content), "redis") || !strings.Contains(string(got.Content), "nginx") {
		t.Errorf("got\n%s", got.Content)
	}
	for i, want := range []string{"redis:2", "redis:1", ""} {
		if got := got.Images[i].Message; want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%d: got %q, want %q in it", i, got, want)
		}
	}
}
