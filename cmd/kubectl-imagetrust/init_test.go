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

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// karmadaModule is the version that the presets and the workflows in testdata are from.
const karmadaModule = "github.com/karmada-io/karmada@v1.16.0"

// workflow is the part of a GitHub Actions workflow that determines which images it signs.
type workflow struct {
	Jobs map[string]struct {
		Permissions map[string]string
		Strategy    struct{ Matrix struct{ Target []string } }
		Steps       []struct{ Env map[string]any }
	}
}

// readWorkflow reads one of Karmada's workflows from testdata.
func readWorkflow(t *testing.T, file string) workflow {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "karmada", file))
	if err != nil {
		t.Fatal(err)
	}
	var read workflow
	if err := yaml.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// images returns the images that a workflow signs.
func (w workflow) images(t *testing.T) []v1alpha1.ImageGlob {
	t.Helper()
	var images []v1alpha1.ImageGlob
	for _, job := range w.Jobs {
		if job.Permissions["id-token"] != "write" {
			continue
		}
		for _, step := range job.Steps {
			if fmt.Sprint(step.Env["SIGN_IMAGE"]) != "1" {
				continue
			}
			for _, target := range job.Strategy.Matrix.Target {
				images = append(images, v1alpha1.ImageGlob(fmt.Sprintf("docker.io/%v/%s", step.Env["REGISTRY"], target)))
			}
		}
	}
	slices.Sort(images)
	if len(images) == 0 {
		t.Fatal("the workflow signs no images")
	}
	return images
}

// preset prints a preset and reads it back.
func preset(t *testing.T, name string) v1alpha1.KarmadaImageTrustSpec {
	t.Helper()
	got := runPlugin(t, "", "init", "--preset", name)
	if got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	var trust v1alpha1.KarmadaImageTrust
	if err := yaml.UnmarshalStrict([]byte(got.stdout), &trust); err != nil {
		t.Fatal(err)
	}
	if trust.Name != name || trust.Spec.Enforcement != v1alpha1.EnforcementAudit {
		t.Errorf("trust %s with enforcement %s", trust.Name, trust.Spec.Enforcement)
	}
	if _, err := policy.Compile(trust.Spec); err != nil {
		t.Error(err)
	}
	return trust.Spec
}

// TestKarmadaPresets compares the presets with the images and the signers of Karmada's workflows.
func TestKarmadaPresets(t *testing.T) {
	const repository = "https://github.com/karmada-io/karmada/.github/workflows/"
	for name, tc := range map[string]struct{ file, ref string }{
		"karmada-release": {"dockerhub-released-image.yml", "refs/tags/v1.16.0"},
		"karmada-latest":  {"dockerhub-latest-image.yml", "refs/heads/master"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := preset(t, name)
			if diff := cmp.Diff(readWorkflow(t, tc.file).images(t), spec.Images); diff != "" {
				t.Errorf("images (-workflow +preset):\n%s", diff)
			}
			compiled, err := policy.Compile(spec)
			if err != nil {
				t.Fatal(err)
			}
			if identity := repository + tc.file + "@" + tc.ref; !compiled.Signers[0].Rule.Matcher().SubjectMatches(identity) {
				t.Errorf("%s may not sign", identity)
			}
			for _, identity := range []string{
				repository + "ci.yml@" + tc.ref, repository + tc.file + "@refs/pull/1/merge", repository + tc.file + "@refs/heads/other",
				strings.Replace(repository, "github.com", "githubxcom", 1) + tc.file + "@" + tc.ref, repository + tc.file + "@" + tc.ref + "x",
			} {
				if compiled.Signers[0].Rule.Matcher().SubjectMatches(identity) {
					t.Errorf("%s may sign", identity)
				}
			}
		})
	}
}

func TestKubernetesPreset(t *testing.T) {
	spec := preset(t, "kubernetes-release")
	if !regexp.MustCompile(`^[^@]+@[^@]+$`).MatchString(spec.Identity) {
		t.Errorf("%s is not an e-mail address", spec.Identity)
	}
}

// TestGitHubPreset reads the preset for GitHub back: two signers, attestations alone, and GitHub's root of trust.
func TestGitHubPreset(t *testing.T) {
	const workflow, ref = "/.github/workflows/build.yml", "@refs/heads/main"
	for name, tc := range map[string]struct {
		args   []string
		trust  string
		images []v1alpha1.ImageGlob
		may    []string
		mayNot []string
	}{
		"repository": {
			args: []string{"Acme/my.app"}, trust: "acme-my-app", images: []v1alpha1.ImageGlob{"ghcr.io/acme/**"},
			may:    []string{"https://github.com/Acme/my.app" + workflow + ref},
			mayNot: []string{"https://github.com/Acme/my-app" + workflow + ref, "https://github.com/Acme/other" + workflow + ref},
		},
		"owner": {
			args: []string{"acme", "--images", "docker.io/acme/*", "--images", "**"}, trust: "acme",
			images: []v1alpha1.ImageGlob{"docker.io/acme/*", "**"},
			may:    []string{"https://github.com/acme/app" + workflow + ref, "https://github.com/acme/other" + workflow + ref},
			mayNot: []string{
				"https://github.com/acme-evil/app" + workflow + ref, "https://github.com/acme/a/b" + workflow + ref, "https://github.com/Acme/app" + workflow,
				"https://evil.example/https://github.com/acme/app" + workflow, "https://githubxcom/acme/app" + workflow,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := runPlugin(t, "", append([]string{"init", "--preset", "github"}, tc.args...)...)
			if got.code != exitOK {
				t.Fatalf("exit code %d: %s", got.code, got.stderr)
			}
			first, second, _ := strings.Cut(got.stdout, "\n---\n")
			root := &unstructured.Unstructured{}
			if err := yaml.UnmarshalStrict([]byte(first), &root.Object); err != nil {
				t.Fatal(err)
			}
			var trust v1alpha1.KarmadaImageTrust
			if err := yaml.UnmarshalStrict([]byte(second), &trust); err != nil {
				t.Fatal(err)
			}
			compiled, err := policy.Compile(trust.Spec)
			if err != nil {
				t.Fatal(err)
			}
			if root.GetName() != "github" || root.GroupVersionKind() != policy.TrustRootKind {
				t.Errorf("the first object is %s %s", root.GetKind(), root.GetName())
			}
			if trust.Name != tc.trust || trust.Spec.Enforcement != v1alpha1.EnforcementAudit ||
				trust.Spec.Signature != v1alpha1.SignatureNotRequired || len(compiled.Signers) != 2 {
				t.Errorf("got trust %s with %+v", trust.Name, trust.Spec)
			}
			if diff := cmp.Diff([]string{"github", ""}, compiled.TrustRoots()); diff != "" {
				t.Errorf("roots of trust (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.images, trust.Spec.Images); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			for _, signer := range compiled.Signers {
				for _, subject := range tc.may {
					if !signer.Rule.Matcher().SubjectMatches(subject) {
						t.Errorf("%s may not attest", subject)
					}
				}
				for _, subject := range tc.mayNot {
					if signer.Rule.Matcher().SubjectMatches(subject) {
						t.Errorf("%s may attest", subject)
					}
				}
			}
		})
	}
}

// TestGitHubRoot: what the preset has is a root.json of GitHub's TUF repository, signed by its own keys.
func TestGitHubRoot(t *testing.T) {
	root, err := (&metadata.Metadata[metadata.RootType]{}).FromBytes(githubTUFRoot)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.VerifyDelegate(metadata.ROOT, root); err != nil || root.Signed.Version != 3 {
		t.Errorf("version %d: %v", root.Signed.Version, err)
	}
}

// TestInitArguments: what is not an argument of a preset is refused.
func TestInitArguments(t *testing.T) {
	for _, args := range [][]string{
		{"--preset", "github"}, {"--preset", "github", "a", "b"}, {"--preset", "github", "a b/c"}, {"--preset", "github", "acme/.."},
		{"--preset", "github", "acme/app/x"}, {"--preset", "github", "acme\n"}, {"--preset", "github", "acme", "--images", "Bad Glob"},
		{"acme"}, {"--images", "x"},
	} {
		if got := runPlugin(t, "", append([]string{"init"}, args...)...); got.code != exitUsage || got.stdout != "" {
			t.Errorf("%q: exit code %d, %s%s", args, got.code, got.stdout, got.stderr)
		}
	}
}

// TestKarmadaWorkflowsUpstream compares the workflows in testdata with their origin. It needs the network.
func TestKarmadaWorkflowsUpstream(t *testing.T) {
	if os.Getenv("TEST_UPSTREAM") == "" {
		t.Skip("set TEST_UPSTREAM=1 to download Karmada's sources and compare them")
	}
	// The directory is outside of this module, which does not depend on Karmada.
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", karmadaModule)
	download.Dir = t.TempDir()
	out, err := download.Output()
	if err != nil {
		t.Fatalf("downloading %s: %v\n%s", karmadaModule, err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"dockerhub-released-image.yml", "dockerhub-latest-image.yml"} {
		upstream, err := os.ReadFile(filepath.Join(module.Dir, ".github", "workflows", file))
		if err != nil {
			t.Fatal(err)
		}
		vendored, err := os.ReadFile(filepath.Join("testdata", "karmada", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(upstream), string(vendored)); diff != "" {
			t.Errorf("%s (-upstream +testdata):\n%s", file, diff)
		}
	}
}
