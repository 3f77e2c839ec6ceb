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
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/memory"
)

// TestTrees plans the whole tree of each module. What is planned is what is planned of its files, but for those that a walk through
// directories leaves out.
func TestTrees(t *testing.T) {
	c := downloaded(t)
	p := newPlugin(t)
	measured := filepath.Join(t.TempDir(), "peak.json")
	files, peak := 0, int64(0)
	for name, directory := range c.directories {
		t.Run(name, func(t *testing.T) {
			var inside []*reading
			for _, r := range c.readings {
				if strings.HasPrefix(r.file, directory+string(filepath.Separator)) {
					inside = append(inside, r)
				}
			}
			ran, err := p.run(programs.peak, measured, programs.plugin, "plan", "-f", p.trust, "-o", "json", "--manifests", directory)
			if err != nil {
				t.Fatal(err)
			}
			var usage memory.Usage
			written, err := os.ReadFile(measured)
			if err == nil {
				err = json.Unmarshal(written, &usage)
			}
			if err != nil {
				t.Fatal(err)
			}
			peak = max(peak, usage.PeakKiB)
			ran.code = usage.Exit
			got, err := outcomeOf(ran, inside)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(ran.stderr, "limit") {
				t.Errorf("the tree exceeds a limit: %s", ran.stderr)
			}
			for _, r := range inside {
				var want []planned
				if r.leftOut == "" && !isHidden(directory, r.file) {
					want = r.workloads()
				}
				missing, unexpected := difference(want, got.workloads[r.file])
				for _, one := range missing {
					t.Errorf("not planned: %v", one)
				}
				for _, one := range unexpected {
					t.Errorf("planned: %v", one)
				}
			}
			files += len(inside)
			t.Logf("%d files, %d errors, exit code %d, %d MiB", len(inside), len(got.told), ran.code, usage.PeakKiB>>10)
		})
	}
	fmt.Printf("figure: planned_corpus_files %d\n", files)
	fmt.Printf("figure: planned_corpus_memory_mib %d MiB\n", peak>>10)
}

// isHidden reports whether a file is in a directory whose name begins with a dot.
func isHidden(root, file string) bool {
	relative, err := filepath.Rel(root, filepath.Dir(file))
	return err == nil && strings.Contains("/"+filepath.ToSlash(relative), "/.") && relative != "."
}
