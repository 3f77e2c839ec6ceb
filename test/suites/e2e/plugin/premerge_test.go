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
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/sarifschema"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// workflow is what is read of a workflow file of GitHub.
type workflow struct {
	// On is so named in the file: the word is a boolean in YAML 1.1.
	On   map[string]any    `json:"true"`
	Env  map[string]string `json:"env"`
	Jobs map[string]struct {
		Permissions map[string]string `json:"permissions"`
		Steps       []struct {
			Name string `json:"name"`
			Uses string `json:"uses"`
			Run  string `json:"run"`
		} `json:"steps"`
	} `json:"jobs"`
	Permissions map[string]string `json:"permissions"`
}

// preMerge is a repository like the example, in which the steps of the example's workflow are run.
type preMerge struct {
	*shell

	steps            map[string]string
	results, summary string
}

const workloadFile = "workloads/scheduler.yaml"

func newPreMerge(t *testing.T) *preMerge {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(root, "docs", "examples", "gitops")
	content, err := os.ReadFile(filepath.Join(example, ".github", "workflows", "image-trust.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file workflow
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	checkSafe(t, &file)
	p := &preMerge{shell: newShell(t), steps: map[string]string{}}
	for _, job := range file.Jobs {
		for _, step := range job.Steps {
			p.steps[step.Name] = step.Run
		}
	}
	p.prepare(t, example, file.Env)
	return p
}

// prepare replaces the directory by the example, and sets what GitHub sets.
func (p *preMerge) prepare(t *testing.T, example string, env map[string]string) {
	t.Helper()
	temporary := t.TempDir()
	p.results, p.summary = filepath.Join(temporary, "results"), filepath.Join(temporary, "summary.md")
	p.env = append(p.env, "RUNNER_TEMP="+temporary, "GITHUB_STEP_SUMMARY="+p.summary)
	for name, value := range env {
		p.env = append(p.env, name+"="+value)
	}
	if err := errors.Join(os.Mkdir(p.results, 0o750), os.RemoveAll(p.dir), os.CopyFS(p.dir, os.DirFS(example))); err != nil {
		t.Fatal(err)
	}
}

// checkSafe checks what makes the workflow safe on a pull request of a fork.
func checkSafe(t *testing.T, file *workflow) {
	t.Helper()
	if _, ok := file.On["pull_request"]; !ok || len(file.On) != 1 {
		t.Errorf("the workflow is started by %v", file.On)
	}
	if len(file.Permissions) != 1 || file.Permissions["contents"] != "read" {
		t.Errorf("the permissions are %v", file.Permissions)
	}
	for name, job := range file.Jobs {
		for permission, value := range job.Permissions {
			if value == "write" && permission != "security-events" {
				t.Errorf("%s may write %s", name, permission)
			}
		}
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: what is between ${{ and }} becomes a part of the script", step.Name)
			}
		}
	}
}

// step runs a step as GitHub does, and returns what it printed.
func (p *preMerge) step(t *testing.T, name string, fails bool) string {
	t.Helper()
	script := p.steps[name]
	if script == "" {
		t.Fatalf("the workflow has no step %q", name)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.summary), "step.sh"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	printed, err := p.run(t, `bash --noprofile --norc -e -o pipefail "$RUNNER_TEMP/step.sh"`)
	if exit, ok := errors.AsType[*exec.ExitError](err); (err != nil) != fails || err != nil && !ok || ok && exit.ExitCode() != 1 {
		t.Errorf("%s: %v, want failure %t\n%s\n%s", name, err, fails, printed, p.read(t, p.summary))
	}
	return printed
}

func (p *preMerge) read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

func (p *preMerge) write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, file), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *preMerge) commit(t *testing.T) {
	t.Helper()
	const commit = "git init -q . && git add -A && git -c user.name=a -c user.email=a@example.com commit -qm change"
	if printed, err := p.run(t, commit); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
}

// TestPreMergeCheck runs the scripts of the example's workflow on good and bad changes to the example.
func TestPreMergeCheck(t *testing.T) {
	const dashboard = "docker.io/karmada/karmada-dashboard-web:v0.2.0"
	scheduler := "docker.io/karmada/karmada-scheduler:v1.16.0"
	replaceImage := func(image string) func(*testing.T, *preMerge) {
		return func(t *testing.T, p *preMerge) {
			t.Helper()
			p.write(t, workloadFile, strings.Replace(p.read(t, filepath.Join(p.dir, workloadFile)), scheduler, image, 1))
		}
	}
	widen := func(t *testing.T, p *preMerge) {
		t.Helper()
		const file = "trusts/karmada.yaml"
		p.write(t, file, strings.Replace(p.read(t, filepath.Join(p.dir, file)), "images:\n", "images:\n  - docker.io/karmada/karmada-dashboard-web\n", 1))
	}
	pin := func(t *testing.T, p *preMerge) {
		t.Helper()
		if printed, err := p.run(t, "kubectl imagetrust pin -f trusts --manifests workloads --in-place"); err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
	}
	validate := sarifschema.New(t)
	for name, tc := range map[string]struct {
		change          []func(*testing.T, *preMerge)
		outage          bool
		lint, plan, pin bool // which of them fail
		summary         []string
	}{
		"pinned":   {change: []func(*testing.T, *preMerge){pin}, summary: []string{"0 of 1 workload would be denied", "1 unchanged"}},
		"unpinned": {pin: true, summary: []string{"    kubectl imagetrust pin -f trusts --manifests workloads --in-place", "    +        image: " + scheduler + "@sha256:"}},
		"unsigned": {
			change: []func(*testing.T, *preMerge){widen, replaceImage(dashboard)}, lint: true, plan: true, pin: true,
			summary: []string{"1 of 1 workload would be denied", "| **denied** | `Deployment karmada-example/karmada-scheduler` |", "Unsigned"},
		},
		"outage": {outage: true, summary: []string{"1 undetermined", "RegistryUnreachable"}},
		"hostile": {
			change: []func(*testing.T, *preMerge){replaceImage("docker.io/karmada/karmada-scheduler:v1$(touch pwned)`touch pwned`|</table><script>"), func(t *testing.T, p *preMerge) {
				t.Helper()
				p.write(t, "workloads/::error::$(touch pwned)\n# `x`.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
			}},
			// Nothing of that name can run.
			summary: []string{"1 undetermined", "Placeholder", "0 of 1 image pinned"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPreMerge(t)
			for _, change := range tc.change {
				change(t, p)
			}
			p.commit(t)
			if tc.outage {
				lab.Intercept(t, labtest.RepositoryOf(t, scheduler), labtest.RespondWith(http.StatusServiceUnavailable))
			}
			printed := p.step(t, "Lint", tc.lint) + p.step(t, "Plan", tc.plan) + p.step(t, "Pin", tc.pin)
			summary := p.read(t, p.summary)
			for _, want := range tc.summary {
				if !strings.Contains(summary, want) {
					t.Errorf("the summary does not contain %q:\n%s", want, summary)
				}
			}
			if _, err := os.Stat(filepath.Join(p.dir, "pwned")); err == nil {
				t.Error("a name was executed")
			}
			for line := range strings.Lines(printed) {
				if strings.HasPrefix(strings.TrimSpace(line), "::") && !strings.HasPrefix(line, "::warning title=Image trust::Some images") {
					t.Errorf("a command to GitHub: %q", line)
				}
			}
			for _, file := range []string{"lint.sarif", "plan.sarif"} {
				if err := validate([]byte(p.read(t, filepath.Join(p.results, file)))); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			if name == "hostile" && strings.Contains(summary, "\n# `x`") {
				t.Errorf("a name in a file became a heading:\n%s", summary)
			}
		})
	}
}

// TestGitLabPipeline runs the script of the example for GitLab, as its runner does.
func TestGitLabPipeline(t *testing.T) {
	p := newPreMerge(t)
	var file map[string]struct {
		Script       []string `json:"script"`
		AllowFailure struct {
			ExitCodes int `json:"exit_codes"`
		} `json:"allow_failure"`
	}
	if err := yaml.Unmarshal([]byte(p.read(t, filepath.Join(p.dir, ".gitlab-ci.yml"))), &file); err != nil {
		t.Fatal(err)
	}
	p.commit(t)
	run := func(want int) string {
		t.Helper()
		printed, err := p.run(t, "set -eo pipefail\n"+strings.Join(file["image-trust"].Script, "\n"))
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		}
		if code != want {
			t.Errorf("exit code %d, want %d: %v\n%s", code, want, err, printed)
		}
		return printed
	}
	if printed := run(1); !strings.Contains(printed, "+        image: docker.io/karmada/karmada-scheduler:v1.16.0@sha256:") {
		t.Errorf("the digest is not shown:\n%s", printed)
	}
	p.commit(t)
	run(0)
	lab.Intercept(t, labtest.RepositoryOf(t, "docker.io/karmada/karmada-scheduler:v1.16.0"), labtest.RespondWith(http.StatusServiceUnavailable))
	run(file["image-trust"].AllowFailure.ExitCodes)
}
