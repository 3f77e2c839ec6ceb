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
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// gaps in Karmada's manifests that its scripts fill with a version or a certificate.
var gaps = regexp.MustCompile(`\{\{\s*[a-z_A-Z]+\s*\}\}|\$\{[A-Z_]+\}`)

// karmada finds the sources of Karmada, which are downloaded but never built.
func karmada(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/karmada-io/karmada@v1.16.0").Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil || module.Dir == "" {
		t.Skipf("Karmada's sources cannot be had: %v", err)
	}
	return module.Dir
}

// TestUpstream pins Karmada's own manifests, and compares them line by line.
func TestUpstream(t *testing.T) {
	root := karmada(t)
	pinned := map[string]int{}
	for _, directory := range []string{"artifacts", "samples", "operator/config", "charts/karmada/_crds", "charts/karmada-operator/crds", "test"} {
		files := 0
		err := filepath.WalkDir(filepath.Join(root, directory), func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".yaml" {
				files++
				pinned[directory] += pinFile(t, path)
			}
			return err
		})
		if err != nil || files == 0 {
			t.Errorf("%d files in %s: %v", files, directory, err)
		}
	}
	// Eleven components and etcd, beside what the samples run.
	if pinned["artifacts"] < 12 || pinned["samples"] == 0 {
		t.Errorf("pinned %v", pinned)
	}
	total := 0
	for _, n := range pinned {
		total += n
	}
	fmt.Printf("figure: pinned_upstream_images %d\n", total)
}

// pinFile returns how many images were pinned: all of them.
func pinFile(t *testing.T, path string) int {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := manifests.Read(path, bytes.NewReader(gaps.ReplaceAll(content, []byte("v1.2.3"))))
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
				t.Errorf("%s:%d is no image: %s", path, n+1, line)
			}
			want = strings.Replace(want, image.Container.Image, image.Pinned, 1)
		}
		if want != string(after[n]) {
			t.Errorf("%s:%d: got %swant %s", path, n+1, after[n], want)
		}
	}
	return len(pins)
}
