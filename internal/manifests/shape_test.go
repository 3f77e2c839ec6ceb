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
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/workload"
)

// randomValue makes a value of the names that the search knows. It counts the images in specifications of pods.
func randomValue(r *rand.Rand, depth int) any {
	names := []string{
		"containers", "initContainers", "ephemeralContainers", "image", "imageName", "volumes", "spec", "template", "metadata", "labels",
		"name", "repository", "tag", "steps", "sidecars", "a.b/c", "a]b", "[0]", "",
	}
	if depth == 0 {
		return []any{"x:1", "", 1, true, nil, "y"}[r.IntN(6)]
	}
	switch r.IntN(5) {
	case 0, 1:
		items := []any{}
		for range r.IntN(4) {
			items = append(items, randomValue(r, depth-1))
		}
		return items
	case 2, 3:
		fields := map[string]any{}
		for range r.IntN(5) {
			fields[names[r.IntN(len(names))]] = randomValue(r, depth-1)
		}
		return fields
	default:
		return randomValue(r, 0)
	}
}

// wanted counts the images of containers in lists that the shape of a pod has, without those that a search would not look at.
func wanted(value any, depth int) int {
	count := 0
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			count += wanted(item, depth+1)
		}
	case map[string]any:
		isPod := isSpec(&place{value: v})
		for name, field := range v {
			if depth == 0 && (name == "metadata" || name == "status") || isPod && name == workload.Volumes {
				continue
			}
			items, _ := field.([]any)
			for _, item := range items {
				container, _ := item.(map[string]any)
				if image, _ := container["image"].(string); image != "" && strings.HasSuffix(strings.ToLower(name), "containers") {
					count++
				}
			}
			count += wanted(field, depth+1)
		}
	}
	return count
}

// FuzzShape searches objects of random values: nothing panics, each container with an image in a list of containers is found once,
// and what is found is where it says.
func FuzzShape(f *testing.F) {
	for seed := range uint64(3000) {
		f.Add(seed, seed%3 == 0)
	}
	kinds := [][2]string{{"example.com/v1", "Box"}, {"v1", "pod"}}
	for _, c := range workload.Customs() {
		kinds = append(kinds, [2]string{c.Group + "/v1", c.Kind})
	}
	f.Fuzz(func(t *testing.T, seed uint64, custom bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		object := map[string]any{"spec": randomValue(r, 8)}
		kind := kinds[r.IntN(2)]
		if custom {
			kind = kinds[r.IntN(len(kinds))]
		}
		object["apiVersion"], object["kind"] = kind[0], kind[1]
		content, err := json.MarshalIndent(object, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		file, err := Read("m.json", strings.NewReader(string(content)))
		if err != nil {
			t.Skip(err) // an empty name of a key or the like
		}
		for _, o := range file.Objects {
			seen := map[string]bool{}
			found := 0
			for _, image := range o.Images() {
				if seen[image.Path] {
					t.Errorf("%s is found twice", image.Path)
				}
				seen[image.Path] = true
				if text := string(file.Content[image.Start:image.End]); text != image.Image && image.NotEditable == "" {
					t.Errorf("%s: the text is %q, want %q", image.Path, text, image.Image)
				}
				if image.Field != workload.Volumes {
					found++
				}
			}
			if want := wanted(o.Object, 0); found < want || !custom && found > want {
				t.Errorf("%d images, want %d:\n%s", found, want, content)
			}
			if len(file.Skipped) > maxUnknown+1 {
				t.Errorf("%d fields are told", len(file.Skipped))
			}
		}
	})
}

// TestManyImages reads a file that is as large as files may be, with as many fields beside as images: it takes time in proportion.
func TestManyImages(t *testing.T) {
	const count = 40_000
	for name, kind := range map[string]string{"of a known kind": "kind: Pod\napiVersion: v1\n", "of an unknown kind": "kind: Box\napiVersion: example.com/v1\n"} {
		var b strings.Builder
		b.WriteString(kind + "spec:\n")
		for i := range count {
			fmt.Fprintf(&b, "  f%d: 1\n", i)
		}
		b.WriteString("  containers:\n")
		for range count {
			b.WriteString("  - image: x\n")
		}
		f := read(t, b.String())
		images := f.Objects[0].Images()
		if len(images) != count || images[count-1].Line != 2*count+4 {
			t.Errorf("%s: %d images, the last in line %d", name, len(images), images[len(images)-1].Line)
		}
	}
}
