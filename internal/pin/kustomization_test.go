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
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// build builds overlay with kustomize, and returns its images.
func build(t *testing.T, files map[string]string) []string {
	t.Helper()
	tree := filesys.MakeFsInMemory()
	for name, content := range files {
		if err := tree.MkdirAll(path.Dir(name)); err != nil {
			t.Fatal(err)
		}
		if err := tree.WriteFile(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(tree, "overlay")
	if err != nil {
		t.Fatal(err)
	}
	content, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, object := range read(t, string(content)).Objects {
		for _, image := range object.Images() {
			images = append(images, strings.NewReplacer(digestA, "A", digestB, "B").Replace(image.Container.Image))
		}
	}
	return images
}

const builtPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [{name: a, image: redis}]\n  containers:\n" +
	"  - {name: b, image: 'docker.io/x/y:1.20'}\n  - {name: c, image: 'localhost:5000/zz:v1'}\n  - {name: d, image: 'nginx:1'}\n  - {name: e, image: 'nginx:2'}\n"

// TestComponentBuild uses the component with kustomize itself, beside an overlay that has images of its own.
func TestComponentBuild(t *testing.T) {
	k, err := Kustomize([]*manifests.File{read(t, builtPod)}, verified)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"base/pod.yaml": builtPod, "base/kustomization.yaml": "resources: [pod.yaml]\n",
		"components/pins/kustomization.yaml": string(k.Content),
		"overlay/kustomization.yaml":         "resources: [../base]\ncomponents: [../components/pins]\nimages:\n- name: nginx\n  newTag: v2\n- name: redis\n  newName: mirror/redis\n",
	}
	// The overlay's own entries apply afterwards.
	want := []string{"mirror/redis@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx:v2", "nginx:v2"}
	if diff := cmp.Diff(want, build(t, files)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	undoing := ReadOverrides(read(t, files["overlay/kustomization.yaml"])).Undoing(pointers(k.Images))
	if len(undoing) != 2 || undoing[0].Line != 4 || undoing[0].Name != "nginx" || undoing[1].Line != 6 {
		t.Errorf("got %+v", undoing)
	}
	files["overlay/kustomization.yaml"] = "resources: [../base]\ncomponents: [../components/pins]\n"
	want = []string{"redis@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx@A", "nginx@A"}
	if diff := cmp.Diff(want, build(t, files)); diff != "" {
		t.Errorf("alone (-want +got):\n%s", diff)
	}
}

func pointers(images []Image) []*Image {
	all := make([]*Image, 0, len(images))
	for i := range images {
		all = append(all, &images[i])
	}
	return all
}

// TestKustomizeFile edits an overlay. ♦ stands for text that is added; what is built is what was verified.
func TestKustomizeFile(t *testing.T) {
	const resources = "resources:\n- ../base # the base\n"
	const nginx = "- name: nginx\n  digest: A\n"
	const rest = "- name: docker.io/x/y\n  newTag: \"1.20\"\n  digest: A\n- name: localhost:5000/zz\n  newTag: v1\n  digest: A\n"
	const redis = "- name: redis\n  digest: A\n"
	const all = rest + nginx + redis
	plain := []string{"redis@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx@A", "nginx@A"}
	changed := func(at int, image string) []string {
		images := append([]string(nil), plain...)
		images[at] = image
		return images
	}
	const others = "{name: \"docker.io/x/y\", newTag: \"1.20\", digest: \"A\"}, {name: \"localhost:5000/zz\", newTag: \"v1\", digest: \"A\"}, "
	for name, tt := range map[string]struct {
		before, after string
		built         []string
	}{
		"no images":        {resources, resources + "images:\n" + all, plain},
		"no line break":    {"resources: [../base] # why", "resources: [../base] # why\nimages:\n" + all, plain},
		"entries of other": {resources + "images:\n- name: other\n  newTag: v9 # why\nnamePrefix: x-\n", resources + "images:\n- name: other\n  newTag: v9 # why\n" + all + "namePrefix: x-\n", plain},
		"a new tag": {
			resources + "images:\n# why\n- name: nginx # the server\n  newTag: v2 # the tag\n\n- newTag: v9\n  name: other\n",
			resources + "images:\n# why\n- name: nginx # the server\n  newTag: v2 # the tag\n  digest: A\n\n- newTag: v9\n  name: other\n" + rest + redis,
			[]string{"redis@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx:v2@A", "nginx:v2@A"},
		},
		"a new name": {
			resources + "images:\n  - newName: ghcr.io/mirror/redis\n    name: redis\n",
			resources + "images:\n  - newName: ghcr.io/mirror/redis\n    name: redis\n    digest: A\n" + indented(rest+nginx),
			changed(0, "ghcr.io/mirror/redis@A"),
		},
		"CRLF": {
			strings.ReplaceAll(resources+"images:\n- name: redis\n  newTag: v3\n", "\n", "\r\n"),
			strings.ReplaceAll(resources+"images:\n- name: redis\n  newTag: v3\n  digest: A\n"+rest+nginx, "\n", "\r\n"), changed(0, "redis:v3@A"),
		},
		"in brackets": {
			resources + "images: [{name: redis, newTag: 'v3'}] # all\n",
			resources + "images: [{name: redis, newTag: 'v3', digest: A}, " + others + "{name: \"nginx\", digest: \"A\"}] # all\n", changed(0, "redis:v3@A"),
		},
		"empty brackets": {
			resources + "images: []\n",
			resources + "images: [" + others + "{name: \"nginx\", digest: \"A\"}, {name: \"redis\", digest: \"A\"}]\n", plain,
		},
		"braces in a list": {
			resources + "images:\n- {name: redis, newTag: v3}\n",
			resources + "images:\n- {name: redis, newTag: v3, digest: A}\n" + rest + nginx, changed(0, "redis:v3@A"),
		},
		"pinned":   {resources + "images:\n" + all, resources + "images:\n" + all, plain},
		"outdated": {resources + "images:\n- name: redis\n  digest: \"B\"\n  newTag: v3\n" + rest + nginx, resources + "images:\n- name: redis\n  digest: \"A\"\n  newTag: v3\n" + rest + nginx, changed(0, "redis:v3@A")},
		"a pattern": {
			resources + "images:\n- name: (nginx|redis)\n  newTag: v3\n", resources + "images:\n- name: (nginx|redis)\n  newTag: v3\n  digest: A\n" + rest,
			[]string{"redis:v3@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx:v3@A", "nginx:v3@A"},
		},
		"a chain": {
			resources + "images:\n- name: redis\n  newName: mirror/redis\n- name: mirror/redis\n  newTag: v3\n",
			resources + "images:\n- name: redis\n  newName: mirror/redis\n- name: mirror/redis\n  newTag: v3\n  digest: A\n" + rest + nginx,
			changed(0, "mirror/redis:v3@A"),
		},
		"one that is not verified": {
			resources + "images:\n- name: nginx\n  newTag: bad\n", resources + "images:\n- name: nginx\n  newTag: bad\n" + rest + redis,
			[]string{"redis@A", "docker.io/x/y:1.20@A", "localhost:5000/zz:v1@A", "nginx:bad", "nginx:bad"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			digests := strings.NewReplacer(": A", ": "+digestA, "\"A\"", "\""+digestA+"\"", "\"B\"", "\""+digestB+"\"")
			before, want := digests.Replace(tt.before), digests.Replace(tt.after)
			renew := func(image string) Verdict {
				verdict := verified(image)
				verdict.Renewal = verdict.Digest
				return verdict
			}
			overlay := readKustomization(t, before)
			k, err := KustomizeFile(overlay, []*manifests.File{read(t, builtPod)}, renew)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(k.Content)); diff != "" || k.Changed != (before != want) {
				t.Errorf("changed: %t (-want +got):\n%s", k.Changed, diff)
			}
			files := map[string]string{"base/pod.yaml": builtPod, "base/kustomization.yaml": "resources: [pod.yaml]\n", "overlay/kustomization.yaml": string(k.Content)}
			if diff := cmp.Diff(tt.built, build(t, files)); diff != "" {
				t.Errorf("built (-want +got):\n%s", diff)
			}
			again, err := KustomizeFile(readKustomization(t, want), []*manifests.File{read(t, builtPod)}, renew)
			if err != nil || again.Changed {
				t.Errorf("pinning twice changes something: %v\n%s", err, again.Content)
			}
		})
	}
}

func readKustomization(t *testing.T, content string) *manifests.File {
	t.Helper()
	file, err := manifests.Read("kustomization.yaml", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func indented(text string) string {
	return "  " + strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n  "), "  ")
}

// TestKustomizeFileNotEditable: what cannot be edited safely is an error, and never guessed.
func TestKustomizeFileNotEditable(t *testing.T) {
	for name, content := range map[string]string{
		"no list":          "images: redis\n",
		"null":             "images:\n",
		"an anchor":        "x: &x {name: redis}\nimages:\n- *x\n",
		"a document end":   "resources: [x]\n...\n",
		"another document": "resources: [x]\n---\nresources: [y]\n",
		"JSON":             "{\"resources\": [\"x\"]}",
		"a block of text":  "images:\n- newTag: v1\n  name: >-\n    redis\n",
		"a comment within": "images: [{name: redis # }\n  }]\n",
	} {
		t.Run(name, func(t *testing.T) {
			k, err := KustomizeFile(readKustomization(t, content), []*manifests.File{read(t, builtPod)}, verified)
			if !errors.Is(err, ErrNotEditable) || !strings.HasPrefix(err.Error(), "kustomization.yaml: ") {
				t.Errorf("got %v\n%s", err, k.Content)
			}
		})
	}
}

// TestTagSuffix: kustomize 5 appends a suffix twice, so what is built is not the image that was meant.
func TestTagSuffix(t *testing.T) {
	overlay := readKustomization(t, "resources: [x]\nimages:\n- name: nginx\n  tagSuffix: -alpine\n")
	_, err := KustomizeFile(overlay, []*manifests.File{read(t, builtPod)}, verified)
	if want := "kustomization.yaml:3: "; !errors.Is(err, ErrTagSuffix) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	overlay = readKustomization(t, "resources: [x]\nimages:\n- name: other\n  tagSuffix: -alpine\n")
	if _, err := KustomizeFile(overlay, []*manifests.File{read(t, builtPod)}, verified); err != nil {
		t.Errorf("of another image: %v", err)
	}
}

// TestOverrides compares what is expected of kustomize with what it does.
func TestOverrides(t *testing.T) {
	for _, image := range []string{"redis", "redis:v1", "redis@" + digestB, "redis:v1@" + digestB, "localhost:5000/redis:v1", "rediss:v1", "x/redis", "redis:{{tag}}"} {
		for _, entry := range []string{
			"{name: redis, newTag: v2}", "{name: redis, newName: ghcr.io/x/y}", "{name: redis, digest: '" + digestA + "'}", "{name: redis, newTag: v2, digest: '" + digestA + "'}", "{name: localhost:5000/redis, newName: redis, newTag: v3}", "{name: 're.*', newTag: v4}",
			"{name: redis, newTag: v2, tagSuffix: -x}", "{name: redis, newName: x/redis}, {name: x/redis, newTag: v5}", "{name: redis}",
		} {
			pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: '" + image + "'}]}\n"
			kustomization := "resources: [pod.yaml]\nimages: [" + entry + "]\n"
			want := build(t, map[string]string{"overlay/pod.yaml": pod, "overlay/kustomization.yaml": kustomization})
			got := ReadOverrides(readKustomization(t, kustomization)).Build(image)
			if got = strings.NewReplacer(digestA, "A", digestB, "B").Replace(got); len(want) != 1 || got != want[0] {
				t.Errorf("%s with %s: got %s, kustomize %v", image, entry, got, want)
			}
		}
	}
}
