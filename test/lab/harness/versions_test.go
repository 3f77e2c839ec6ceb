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

package harness

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
)

// TestVersions installs each version of policy-controller over the one before, from its own manifests.
func TestVersions(t *testing.T) {
	t.Cleanup(func() {
		// The other tests of the package go on with the default.
		if err := shared.PolicyController.Upgrade(context.Background(), "", nil); err != nil {
			t.Error(err)
		}
	})
	for _, release := range binaries.PolicyControllerReleases() {
		t.Run(release.Version, func(t *testing.T) {
			if err := shared.PolicyController.Upgrade(t.Context(), release.Version, nil); err != nil {
				t.Fatal(err)
			}
			if got := shared.PolicyController.Version(); got != release.Version {
				t.Errorf("version %s, want %s", got, release.Version)
			}
			checkProgram(t, release)
			checkDeployment(t, policycontroller.FromChart(release.Version))
			testAdmission(t, release.Version)
		})
	}
	t.Run("other looks", func(t *testing.T) {
		want := policycontroller.FromRelease("sha256:1111111111111111111111111111111111111111111111111111111111111111")
		if err := shared.PolicyController.Upgrade(t.Context(), "", &want); err != nil {
			t.Fatal(err)
		}
		checkDeployment(t, want)
	})
	if err := shared.PolicyController.Upgrade(t.Context(), "v0.0.1", nil); err == nil {
		t.Error("an unknown version is installed")
	}
}

// TestReleaseManifests makes the manifest of each version's release as its Makefile does, except for the image, and has
// kubectl apply it as our documentation says, though without storing it.
func TestReleaseManifests(t *testing.T) {
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	for _, release := range binaries.PolicyControllerReleases() {
		t.Run(release.Version, func(t *testing.T) {
			source, err := binaries.SourceDir(t.Context(), release.Webhook)
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := exec.CommandContext(t.Context(), kubectl, "kustomize", filepath.Join(source, "config")).Output()
			if err != nil {
				t.Fatal(err)
			}
			deployment, err := os.ReadFile(filepath.Join(source, "config", "webhook.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			apply := exec.CommandContext(t.Context(), kubectl, "--kubeconfig", shared.Kubeconfig(), "apply", "--dry-run=server", "-f", "-")
			apply.Stdin = io.MultiReader(bytes.NewReader(manifest), strings.NewReader("\n---\n"), bytes.NewReader(deployment))
			output, err := apply.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			if want := "deployment.apps/webhook configured (server dry run)"; !strings.Contains(string(output), want) {
				t.Errorf("%s\nwant %s", output, want)
			}
		})
	}
}

// checkProgram checks that the program is built from the release's module.
func checkProgram(t *testing.T, release binaries.PolicyControllerRelease) {
	t.Helper()
	path, err := binaries.Find(release.Webhook)
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The module of the main package is the main module in programs that go install builds only.
	for _, module := range append(info.Deps, &info.Main) {
		if module.Path == "github.com/sigstore/policy-controller" {
			if module.Version != release.Version {
				t.Errorf("%s is of %s, want %s", path, module.Version, release.Version)
			}
			return
		}
	}
	t.Errorf("%s is not of policy-controller", path)
}

func checkDeployment(t *testing.T, want policycontroller.Deployment) {
	t.Helper()
	c := newClient(t, shared.Config())
	deployment := &appsv1.Deployment{}
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: policycontroller.Namespace, Name: "webhook"}, deployment); err != nil {
		t.Fatal(err)
	}
	got := policycontroller.Deployment{Image: deployment.Spec.Template.Spec.Containers[0].Image, Labels: deployment.Labels}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the Deployment differs (-want +got):\n%s", diff)
	}
}
