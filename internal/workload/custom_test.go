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

package workload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCustoms compares the entries of the table of custom kinds with each other and with the first table.
func TestCustoms(t *testing.T) {
	for _, c := range Customs() {
		name := c.Kind + "." + c.Group
		if Find(c.Group, c.Kind) != nil || CreatesNoPods(c.Group, c.Kind) {
			t.Errorf("%s is in another table too", name)
		}
		if got, ok := FindCustom(c.Group, c.Kind); !ok || !cmp.Equal(c, got) {
			t.Errorf("%s is in the table twice (-want +got):\n%s", name, cmp.Diff(c, got))
		}
		seen := map[FieldPath]bool{}
		for _, paths := range [][]FieldPath{c.Pods, c.Images, c.Chosen} {
			for _, path := range paths {
				if err := path.Validate(); err != nil || seen[path] {
					t.Errorf("%s: path %s is given twice, or wrong: %v", name, path, err)
				}
				seen[path] = true
			}
		}
		if len(seen) == 0 {
			t.Errorf("%s has no paths", name)
		}
	}
	if c, ok := FindCustom("example.com", "Rollout"); ok {
		t.Errorf("a kind of another group is %v", c)
	}
}

func TestCreatesNoPods(t *testing.T) {
	for _, tc := range []struct {
		group, kind string
		want        bool
	}{
		{"", "ConfigMap", true}, {"kyverno.io", "ClusterPolicy", true}, {"", "Pod", false}, {"", "Deployment", false},
		{"apps.kruise.io", "ImagePullJob", true}, {"apps.kruise.io", "CloneSet", false}, {"example.com", "ConfigMap", false},
	} {
		if got := CreatesNoPods(tc.group, tc.kind); got != tc.want {
			t.Errorf("%s.%s: got %v, want %v", tc.kind, tc.group, got, tc.want)
		}
	}
}

func TestFieldPath(t *testing.T) {
	for path, want := range map[FieldPath][]Step{
		"spec/image":                      {{Name: "spec"}, {Name: "image"}},
		"spec/containers[]/image":         {{Name: "spec"}, {Name: "containers", Items: 1}, {Name: "image"}},
		"spec/steps[][]/inline":           {{Name: "spec"}, {Name: "steps", Items: 2}, {Name: "inline"}},
		"spec/images[]":                   {{Name: "spec"}, {Name: "images", Items: 1}},
		"spec/*/image":                    {{Name: "spec"}, {Each: true}, {Name: "image"}},
		"spec/*[]/image":                  {{Name: "spec"}, {Each: true, Items: 1}, {Name: "image"}},
		`metadata/annotations/a.b\/image`: {{Name: "metadata"}, {Name: "annotations"}, {Name: "a.b/image"}},
		`spec/a\/b\/c`:                    {{Name: "spec"}, {Name: "a/b/c"}},
		"image":                           {{Name: "image"}},
	} {
		if err := path.Validate(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if diff := cmp.Diff(want, path.Steps()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []FieldPath{
		"", "/spec/image", ".spec.image", "spec.image", "spec//image", "spec/image/", "spec/[]/image", "spec/containers[0]/image",
		"spec/containers[name=a]/image",
	} {
		if path.Validate() == nil {
			t.Errorf("path %q is accepted", path)
		}
	}
}
