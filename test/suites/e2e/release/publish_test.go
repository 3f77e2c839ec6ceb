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

package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const project = "karmada-io/image-trust"

// workflow is the identity of the workflow that makes releases, run for a ref.
func workflow(ref string) sigstore.Identity {
	return sigstore.GitHubWorkflow(project, "release.yaml", ref, labtest.Commit)
}

// released is who signs the release.
func released() sigstore.Identity { return workflow("refs/tags/" + version) }

// actions is what GitHub Actions tells the workflow in its environment.
func actions() []string {
	return []string{
		"GITHUB_ACTIONS=true", "GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=" + project, "GITHUB_REF=refs/tags/" + version,
		"GITHUB_WORKFLOW_REF=" + project + "/.github/workflows/release.yaml@refs/tags/" + version, "GITHUB_SHA=" + labtest.Commit,
		"GITHUB_RUN_ID=1", "GITHUB_RUN_ATTEMPT=1", "GITHUB_EVENT_NAME=push", "GITHUB_REPOSITORY_ID=1", "GITHUB_REPOSITORY_OWNER_ID=2",
		"RUNNER_ENVIRONMENT=github-hosted",
	}
}

// publish publishes the release to the lab's registry, signed by the real cosign as the workflow.
func publish(t *testing.T) {
	t.Helper()
	cosign := lab.NewCosignV3(t)
	helm, err := binaries.Find(binaries.Helm)
	if err != nil {
		t.Fatal(err)
	}
	server, err := lab.Sigstore.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	token, err := server.Token(released())
	if err != nil {
		t.Fatal(err)
	}
	env := slices.Concat(goEnvironment(t), cosign.Env, actions(), []string{"SIGSTORE_ID_TOKEN=" + token})
	args := []string{
		"VERSION=" + version, "COSIGN=" + cosign.Path, "HELM=" + helm,
		// What the workflow has, and the services of the lab's Sigstore.
		"COSIGN_ARGS=--use-signing-config=false --fulcio-url=" + server.URL + " --rekor-url=" + server.URL,
	}
	if err := built.dir.make(t.Context(), env, append(args, "release-publish")...); err != nil {
		t.Fatal(err)
	}
	// Without the environment of Actions nothing is published.
	err = built.dir.make(t.Context(), slices.Concat(env, []string{"GITHUB_RUN_ID="}), append(args, "IMAGE_REPOSITORY=ghcr.io/nobody/x", "release-publish")...)
	if err == nil || !strings.Contains(err.Error(), "not in a run of GitHub Actions: GITHUB_RUN_ID not set") {
		t.Errorf("published outside of a run of GitHub Actions: %v", err)
	}
}

// goEnvironment is where go finds its caches when HOME is another directory.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, name+"="+strings.TrimSpace(string(value)))
	}
	return out
}

// reader is a user who has downloaded the files of the release, and has the repository, cosign, kubectl and the plugin of the release.
type reader struct {
	dir string
	env []string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	cosign, plugin, dir := lab.NewCosignV3(t), lab.NewPlugin(t), t.TempDir()
	programs := t.TempDir()
	for name, target := range map[string]string{
		filepath.Join(programs, "cosign"): cosign.Path, filepath.Join(programs, "kubectl"): kubectl,
		filepath.Join(programs, program): plugin.Path, filepath.Join(dir, "config"): filepath.Join(root, "config"),
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(built.dir.artefact(""))); err != nil {
		t.Fatal(err)
	}
	return &reader{dir: dir, env: slices.Concat(cosign.Env, plugin.Env, []string{
		"PATH=" + programs + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + cosign.Dir, "VERSION=" + version,
		"TUF_MIRROR=" + lab.TUFURL(), "TUF_ROOT_JSON=" + lab.TUFRoot(),
	})}
}

// run runs a script, and returns what it prints.
func (r *reader) run(t *testing.T, script string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	command.Dir, command.Env = r.dir, r.env
	var printed strings.Builder
	command.Stdout, command.Stderr = &printed, &printed
	err := process.Run(command)
	return printed.String(), err
}

// documented returns the commands in a section of RELEASE.md.
func documented(t *testing.T, heading string) []string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "RELEASE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("RELEASE.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var out []string
	for _, block := range strings.Split(section, "```sh\n")[1:] {
		commands, _, _ := strings.Cut(block, "```")
		out = append(out, commands)
	}
	return out
}
