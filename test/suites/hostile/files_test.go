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

package hostile

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// fileSize is that of the files, in bytes. Files may not be larger.
const fileSize = 8<<20 - 1024

// atMostFile is what reading such a file may take, in MiB.
const atMostFile = 256

// files are hostile files by name.
func files() map[string][]byte {
	const deployment = `
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: "%[1]d"}
  spec:
    template:
      spec:
        containers: [{name: a, image: "127.0.0.1:1/app/x%[1]d:v1"}]
`
	var workloads strings.Builder
	workloads.WriteString("apiVersion: v1\nkind: List\nitems:")
	for i := range 10_000 {
		fmt.Fprintf(&workloads, deployment, i)
	}
	// An object of a kind that nobody knows, and a list in it.
	const custom = "apiVersion: example.com/v1\nkind: Custom\nmetadata: {name: a}\nspec:\n"
	// The elements that may be read at most.
	const most = 299_000
	return map[string][]byte{
		"flow.yaml":       text("a: [", "1,", "1]", fileSize),
		"most-flow.yaml":  text("a: [", "1,", "1]", 2*most),
		"block.yaml":      text("", "- 1\n", "", fileSize),
		"most-block.yaml": text("", "- 1\n", "", 2*most),
		"nested.yaml":     text("", "- - - - - - - - -\n", "", most),
		"pairs.yaml":      text("[", "a: b, ", "a: b]", fileSize),
		"tags.yaml":       text("[", "!!str a,", "a]", 8*most),
		"anchors.yaml":    text("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: [", "*a,", "1]", fileSize),
		"brackets.yaml":   text("", "[", "", fileSize),
		"text.yaml":       text("a: \"", "x", "\"", fileSize),
		"literal.yaml":    text("a: |\n", " x\n", "", 3*most),
		"comments.yaml":   text("", "#\n", "", 2*most),
		"lines.yaml":      text("a: 1", "\n", "", fileSize),
		"keys.yaml":       fields("{", "}", fileSize),
		"array.json":      text("[", "1,", "1]", fileSize),
		"most-array.json": text("[", "1,", "1]", 2*most),
		"objects.json":    text("[", "{},", "{}]", 3*most),
		"keys.json":       fields("{", "}", 5*most),
		"text.json":       text("\"", "x", "\"", fileSize),
		"lines.json":      text("[]", "\n", "", fileSize),
		"nested.json":     text("", "[", "", fileSize),
		"workloads.yaml":  []byte(workloads.String()),
		"shapes.yaml":     text(custom, "- {containers: [{image: registry.test/a}]}\n", "", 4*most),
		"images.yaml":     text(custom, "- {image: registry.test/a}\n", "", 5*most),
		"patches.yaml":    text(custom, "- {containers: [{image: registry.test/a}, {name: a}]}\n", "", 4*most),
		"repeated.yaml":   text(custom, "- {a: 1, a: 1}\n", "", 2*most),
	}
}

// TestHostileFiles reads hostile files as trusts and as manifests.
func TestHostileFiles(t *testing.T) {
	dir := t.TempDir()
	trust := filepath.Join(dir, "trust.yaml")
	write(t, trust, fmt.Appendf(nil, "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata: {name: a}\n"+
		"spec: {images: [registry.test/**], issuer: %q, identity: %q}\n", release.Issuer, release.Subject))
	var worst int64
	for name, written := range files() {
		file := filepath.Join(dir, name)
		write(t, file, written)
		for _, args := range [][]string{
			{"lint", "-f", file},
			{"pin", "-f", trust, "--manifests", file},
			{"plan", "-f", trust, "--manifests", file},
		} {
			t.Run(name+" "+args[0], func(t *testing.T) {
				got := plugin(t, args...)
				if got.Exit < exitVerified || got.Exit > exitUnknown {
					t.Errorf("the program ended with %s:\n%s", got.End, got.Output)
				}
				if mib(got.PeakKiB) >= atMostFile {
					t.Errorf("%d MiB, want less than %d", mib(got.PeakKiB), atMostFile)
				}
				worst = max(worst, got.PeakKiB)
				end := got.Output[max(0, len(got.Output)-200):]
				t.Logf("%d MiB; %s: %s", mib(got.PeakKiB), got.End, end)
			})
		}
	}
	fmt.Printf("figure: hostile_memory_mib_file %d MiB\n", mib(worst))
}
