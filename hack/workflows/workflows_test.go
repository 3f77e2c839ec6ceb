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

// Package workflows tests the workflows of GitHub Actions in this repository, those of examples among them.
package workflows

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const root = "../.."

// files are the workflows in the repository: those in a directory workflows below .github, and those of examples that stand for one.
func files(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "dist"}, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Base(filepath.Dir(path)) != "workflows" || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)):
			return nil
		}
		found = append(found, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ci.yaml", "release.yaml"} {
		if !slices.Contains(found, filepath.Join(root, ".github", "workflows", name)) {
			t.Errorf("%s is not among the workflows that were found: %v", name, found)
		}
	}
	return found
}

// TestActionlint runs actionlint, whose version hack/tools/actionlint pins.
func TestActionlint(t *testing.T) {
	args := []string{"-C", filepath.Join(root, "hack", "tools", "actionlint"), "tool", "actionlint", "-no-color", "-shellcheck=", "-pyflakes="}
	for _, file := range files(t) {
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, absolute)
	}
	if printed, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, printed)
	}
}

// workflow is what the tests below read.
type workflow struct {
	Permissions any
	Jobs        map[string]struct {
		Uses  string
		Steps []struct{ Uses, Run string }
	}
}

func read(t *testing.T, file string) workflow {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out workflow
	if err := yaml.Unmarshal(content, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPinned checks that actions are pinned by commits, and that no workflow has the permissions that a repository gives by default.
func TestPinned(t *testing.T) {
	pinned := regexp.MustCompile(`^(\./.*|[^@]+@[0-9a-f]{40})$`)
	steps := 0
	for _, file := range files(t) {
		content := read(t, file)
		if permissions, ok := content.Permissions.(map[string]any); !ok {
			t.Errorf("%s: permissions are %v", file, content.Permissions)
		} else if diff := len(permissions); diff > 1 || diff == 1 && permissions["contents"] != "read" {
			t.Errorf("%s: permissions are %v: give them to the jobs that need them", file, permissions)
		}
		for name, job := range content.Jobs {
			for _, step := range job.Steps {
				steps++
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("%s: job %s uses %s", file, name, step.Uses)
				}
			}
		}
	}
	if steps == 0 {
		t.Error("no step was found")
	}
}

// TestTargets checks that the targets of make that this project's workflows run exist.
func TestTargets(t *testing.T) {
	targets := ""
	for _, file := range []string{"Makefile", "hack/release/release.mk"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		targets += string(content)
	}
	called := 0
	for _, file := range files(t) {
		if !strings.HasPrefix(file, filepath.Join(root, ".github")) {
			continue
		}
		for name, job := range read(t, file).Jobs {
			for _, step := range job.Steps {
				for _, match := range regexp.MustCompile(`\bmake ([a-z-]+)`).FindAllStringSubmatch(step.Run, -1) {
					called++
					if !strings.Contains(targets, "\n"+match[1]+":") {
						t.Errorf("%s: job %s runs make %s, which is no target", file, name, match[1])
					}
				}
			}
		}
	}
	if called == 0 {
		t.Error("no target was found")
	}
}
