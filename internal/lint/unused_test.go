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

package lint

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestUnusedGlobs(t *testing.T) {
	written := []string{
		"ghcr.io/a/app:v1", "ghcr.io/a/app:v2", "ghcr.io/a/pinned@sha256:4e1d1d5f6ad0b54b4a8e2e6a5e8c0a5f7c5fb1a1c0c2d1f0e9e8d7c6b5a49382",
		"nginx", "ghcr.io/a/placeholder:${TAG}",
	}
	globs := []any{
		"ghcr.io/a/app", "ghcr.io/a/ap", "ghcr.io/a/pinned", "docker.io/library/nginx", "nginx", "ghcr.io/a/placeholder", "ghcr.io/b/**",
		"ghcr.io/a/app@sha256:0000000000000000000000000000000000000000000000000000000000000000", "*/a/*", "ghcr.io/a/app:v1", "quay.io/*",
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"images": globs}}}
	for unknown, suffix := range map[int]string{0: "", 2: ", unless it is for one of 2 fields that may name images and that plan lists"} {
		var want []Finding
		for field, glob := range map[string]string{"spec.images[1]": "ghcr.io/a/ap", "spec.images[6]": "ghcr.io/b/**", "spec.images[10]": "quay.io/*"} {
			want = append(want, Finding{RuleUnusedGlob, LevelWarning, field, `"` + glob +
				`" matches no image in the manifests (4 image names): correct or remove it` + suffix})
		}
		got := NewImages(written, unknown).Unused(object)
		if diff := cmp.Diff(byField(want), byField(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if got := NewImages(nil, 0).Unused(object); len(got) != len(globs)-1 { // one of them is not valid
		t.Errorf("without images, %d globs are unused, want all %d", len(got), len(globs)-1)
	}
	if got := NewImages(nil, 0).Unused(&unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"images": 1}}}); got != nil {
		t.Errorf("a trust that is not valid: %v", got)
	}
}

func byField(findings []Finding) map[string]Finding {
	all := map[string]Finding{}
	for _, f := range findings {
		all[f.Field] = f
	}
	return all
}
