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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const definitionHead = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n"

// TestRelease reads directories whose files have more elements together than may be kept.
func TestRelease(t *testing.T) {
	many := "[" + strings.Repeat("1,", MaxElements/3) + "1]\n"
	const few = MaxElements / 16 / keptOfObject
	pod := "---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: b}]}}\n"
	for name, test := range map[string]struct {
		text string
		// objects that are read; 0 if the limit is exceeded.
		objects int
	}{
		"definitions":             {"# one\n" + definitionHead + "spec: " + many, 5},
		"no manifests":            {"a: " + many, 1},
		"other objects":           {"apiVersion: v1\nkind: ConfigMap\nspec: " + many, 0},
		"definitions and a pod":   {definitionHead + "spec: " + many + pod, 0},
		"another group":           {"apiVersion: example.com/v1\nkind: CustomResourceDefinition\nspec: " + many, 0},
		"keys given twice":        {"a: 1\na: 2\na: 3\nb: " + many, 0},
		"many small definitions":  {strings.Repeat(definitionHead+"---\n", MaxElements/4/keptOfObject+1), 0},
		"fewer small definitions": {strings.Repeat(definitionHead+"---\n", few), 4*few + 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i := range 4 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "z.yaml"), []byte(pod), 0o600); err != nil {
				t.Fatal(err)
			}
			set, err := new(Reader).ReadAll([]string{dir}, nil)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for o := range set.Objects() {
				n++
				if line, _ := o.Position("spec"); name == "definitions" && o.GetKind() != "Pod" && line != 2 {
					t.Errorf("a definition is in line %d, want 2", line)
				}
			}
			total := errors.Is(errors.Join(set.Errors...), errTotal)
			if total != (test.objects == 0) || !total && n != test.objects {
				t.Errorf("%d objects, want %d; errors: %v", n, test.objects, set.Errors)
			}
		})
	}
}
