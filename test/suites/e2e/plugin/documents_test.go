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

package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// shell runs commands in a directory with what the documents assume: kubectl with the plugin, the lab's Sigstore
// as the root of trust, and deploy/ with two Deployments.
type shell struct {
	dir string
	env []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	p := lab.NewPlugin(t)
	path := strings.Join([]string{filepath.Dir(p.Path), filepath.Dir(kubectl), os.Getenv("PATH")}, string(filepath.ListSeparator))
	sh := &shell{dir: t.TempDir(), env: slices.Concat(p.Env, []string{
		"TUF_MIRROR=" + lab.TUFURL(), "TUF_ROOT_JSON=" + lab.TUFRoot(), "PATH=" + path,
	})}
	const scheduler, dashboard = "docker.io/karmada/karmada-scheduler:v1.16.0", "docker.io/karmada/karmada-dashboard-web:v0.2.0"
	lab.PushSignedImage(t, scheduler, labtest.Release)
	lab.PushImage(t, dashboard)
	deploy := filepath.Join(sh.dir, "deploy")
	if err := os.Mkdir(deploy, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, container := range map[string]string{
		"scheduler": "name: scheduler\n        image: " + scheduler + " # the release",
		"dashboard": "name: web\n        image: " + dashboard,
	} {
		manifest := `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ` + name + `
  namespace: karmada-system
spec:
  selector:
    matchLabels: {app: ` + name + `}
  template:
    metadata:
      labels: {app: ` + name + `}
    spec:
      containers:
      - ` + container + "\n"
		if err := os.WriteFile(filepath.Join(deploy, name+".yaml"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return sh
}

// run runs a command line, and returns its output.
func (sh *shell) run(t *testing.T, line string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
	cmd.Dir, cmd.Env = sh.dir, sh.env
	var printed strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &printed
	err := process.Run(cmd)
	return printed.String(), err
}

// section returns a section of a page by its heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(content), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", page, heading)
	}
	out, _, _ := strings.Cut(after, "\n## ")
	return out
}

var block = regexp.MustCompile("(?s)```(console|sh)\n(.*?)```")

// codeBlocks returns the code blocks of a language.
func codeBlocks(t *testing.T, text, kind string) []string {
	t.Helper()
	var found []string
	for _, match := range block.FindAllStringSubmatch(text, -1) {
		if match[1] == kind {
			found = append(found, match[2])
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no code block of %s", kind)
	}
	return found
}

// TestWalkthrough runs the commands of the plugin's page and compares their output. An ellipsis in it matches anything.
func TestWalkthrough(t *testing.T) {
	sh := newShell(t)
	for _, one := range codeBlocks(t, section(t, "docs/kubectl-imagetrust.md", "Walkthrough"), "console") {
		for exchange := range strings.SplitSeq(one, "\n$ ") {
			line, want, _ := strings.Cut(strings.TrimPrefix(exchange, "$ "), "\n")
			got, _ := sh.run(t, line)
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", "(?s:.*)")
			if !regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got)) {
				t.Errorf("$ %s\nprints\n%s\nwant\n%s", line, got, want)
			}
		}
	}
}

// TestPipeline runs the pipelines of the plugin's page: before the images are pinned, afterwards, and with a trust
// that denies one of them.
func TestPipeline(t *testing.T) {
	sh := newShell(t)
	pipelines := codeBlocks(t, section(t, "docs/kubectl-imagetrust.md", "In a pipeline"), "sh")
	check, outage := pipelines[0], pipelines[1]
	must := func(line string) {
		t.Helper()
		if printed, err := sh.run(t, line); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, printed)
		}
	}
	must("kubectl imagetrust init | sed 's/Audit$/Enforce/' > trust.yaml")
	must("git init -q . && git add . && git -c user.name=a -c user.email=a@example.com commit -qm before")
	if printed, err := sh.run(t, check); err == nil || !strings.Contains(printed, "run: kubectl imagetrust pin") {
		t.Errorf("nothing is pinned; got %v\n%s", err, printed)
	}
	must("git -c user.name=a -c user.email=a@example.com commit -qam pinned")
	must(check)
	must(outage)
	must("sed -i 's|  images:|&\\n  - docker.io/karmada/karmada-dashboard-web|' trust.yaml")
	if printed, err := sh.run(t, outage); err == nil || !strings.Contains(printed, "1 of 2 workloads would be denied") {
		t.Errorf("one image is unsigned; got %v\n%s", err, printed)
	}
}
