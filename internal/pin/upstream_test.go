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
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// placeholders in Karmada's manifests, which its scripts replace with a version or a certificate.
var placeholders = regexp.MustCompile(`\{\{\s*[a-z_A-Z]+\s*\}\}|\$\{[A-Z_]+\}`)

// TestUpstream pins Karmada's own manifests, and compares them line by line.
func TestUpstream(t *testing.T) {
	root := filepath.Join("testdata", "karmada-v1.16.0")
	pinned := map[string]int{}
	total := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		directory, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		n := pinFile(t, path)
		pinned[directory] += n
		total += n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The files in test have images of other kinds: a Volcano Job and a FlinkDeployment.
	want := map[string]int{"artifacts": 14, "operator": 1, "samples": 1, "test": 2}
	if diff := cmp.Diff(want, pinned); diff != "" {
		t.Errorf("pinned images (-want +got):\n%s", diff)
	}
	fmt.Printf("figure: pinned_upstream_images %d\n", total)
}

// pinFile pins all images of a file, and returns their number.
func pinFile(t *testing.T, path string) int {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := manifests.Read(path, bytes.NewReader(placeholders.ReplaceAll(content, []byte("v1.2.3"))))
	if err != nil {
		t.Errorf("%v", err)
		return 0
	}
	got, err := Rewrite(file, distinct)
	if err != nil {
		t.Errorf("%v", err)
		return 0
	}
	pins := map[int]Image{}
	for _, i := range got.Images {
		if i.Outcome != Pinned {
			t.Errorf("%s: %s: %s %s", path, i.Container.Image, i.Outcome, i.Message)
			continue
		}
		line, _ := i.Object.Position(i.Path)
		pins[line] = i
	}
	before, after := bytes.SplitAfter(file.Content, []byte("\n")), bytes.SplitAfter(got.Content, []byte("\n"))
	if len(before) != len(after) {
		t.Fatalf("%s: %d lines instead of %d", path, len(after), len(before))
	}
	for n, line := range before {
		want := string(line)
		if image, ok := pins[n+1]; ok {
			if !strings.Contains(want, "image:") {
				t.Errorf("%s:%d is not an image: %s", path, n+1, line)
			}
			want = strings.Replace(want, image.Container.Image, image.Pinned, 1)
		}
		if want != string(after[n]) {
			t.Errorf("%s:%d: got %swant %s", path, n+1, after[n], want)
		}
	}
	return len(pins)
}
