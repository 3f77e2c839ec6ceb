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

package rollout

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	trustName = "karmada-release"
	// The trust refers to the first image, and the second one is not signed.
	signed, unsigned = "docker.io/karmada/karmada-scheduler:v1.16.0", "docker.io/karmada/karmada-search:v1.16.0"
)

// root is the directory of the repository.
func root(t *testing.T) string {
	t.Helper()
	directory, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// program returns a program that is run against the control plane, with kubectl and its plugin in the path.
func program(t *testing.T, path string) *labtest.Program {
	t.Helper()
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	plugin := canary.NewPlugin(t)
	return &labtest.Program{
		Path: path,
		Env: []string{
			"HOME=" + t.TempDir(), "KUBECONFIG=" + fleet.Kubeconfig(),
			"PATH=" + strings.Join([]string{filepath.Dir(kubectl), filepath.Dir(plugin.Path), os.Getenv("PATH")}, string(os.PathListSeparator)),
		},
	}
}

// kubectl runs kubectl against the control plane.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	path, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	got := program(t, path).Run(t, "", args...)
	if got.Code != 0 {
		t.Fatalf("kubectl %s: exit code %d\n%s%s", strings.Join(args, " "), got.Code, got.Stdout, got.Stderr)
	}
	return got.Stdout
}

// step runs the script of the rollout once.
func step(t *testing.T) labtest.Result {
	t.Helper()
	return program(t, filepath.Join("config", "karmada", "rollout", "rollout.sh")).Run(t, "")
}

// advance runs the script until it does the step with these words: the clusters report a moment after they changed.
func advance(t *testing.T, words string) {
	t.Helper()
	waitfor.State(t, func(context.Context) (labtest.Result, error) { return step(t), nil }, func(got labtest.Result) string {
		if got.Code != 0 || !strings.Contains(got.Stdout, words) {
			return "the script does not say " + words + ": " + got.Stdout + got.Stderr
		}
		return ""
	})
}

// mode of the ClusterImagePolicy in a member; empty if there is none.
func mode(ctx context.Context, lab *labtest.Lab) (string, error) {
	got, err := lab.Policy(trustName)(ctx)
	if apierrors.IsNotFound(err) || err == nil && got == nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	value, _, err := unstructured.NestedString(got.Object, "spec", "mode")
	return value, err
}

// waitForMode waits until the policy in a member has a mode, or until there is none if that is empty.
func waitForMode(t *testing.T, lab *labtest.Lab, want string) {
	t.Helper()
	waitfor.State(t, func(ctx context.Context) (string, error) { return mode(ctx, lab) }, func(got string) string {
		if got != want {
			return "the mode of the policy is " + got + ", not " + want
		}
		return ""
	})
}

// TestDocument follows docs/fleet.md on one control plane, from the installation to the removal. Each part relies on those before it.
func TestDocument(t *testing.T) {
	t.Chdir(root(t))
	// The first part that fails ends the others.
	_ = t.Run("install", testInstallation) &&
		t.Run("staged rollout", testStagedRollout) &&
		t.Run("overrides", testOverrides) &&
		t.Run("suspension", testSuspension) &&
		t.Run("late member", testLateMember) &&
		t.Run("remove", testRemoval)
}

// testInstallation: Karmada's own API server and webhook accept everything, also what is not installed by default.
func testInstallation(t *testing.T) {
	kubectl(t, "apply", "--server-side", "-k", "config/karmada")
	kubectl(t, "wait", "--for=condition=Established", "crd/karmadaimagetrusts.trust.karmada.io")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "karmada-image-trust-system"}}
	err := fleet.Client.Create(t.Context(), namespace)
	if err = client.IgnoreAlreadyExists(err); err != nil {
		t.Fatal(err)
	}
	for _, directory := range []string{"overrides", "operator", "pullsecrets"} {
		kubectl(t, "apply", "--server-side", "--dry-run=server", "-k", filepath.Join("config", "karmada", directory))
	}
}

// testStagedRollout audits everywhere, enforces in the canary group once it is clean, and then in all clusters. A cluster that would
// deny stops it, and so does one that does not answer.
func testStagedRollout(t *testing.T) {
	canary.PushSignedImage(t, signed, labtest.Release)
	canary.PushImage(t, unsigned)
	// The pod was there before its namespace opted in.
	shop := canary.CreateNamespace(t, "shop", nil)
	blocking := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "blocking"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: unsigned}}},
	}
	if err := canary.Client.Create(t.Context(), blocking); err != nil {
		t.Fatal(err)
	}
	labtest.Update(t, canary.Client, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: shop}}, func(n *corev1.Namespace) {
		n.Labels[labtest.OptInLabel] = "true"
	})

	advance(t, "step 1")
	waitfor.State(t, func(context.Context) (labtest.Result, error) { return step(t), nil }, func(got labtest.Result) string {
		if got.Code != 1 || !strings.Contains(got.Stderr, unsigned) {
			return "the script does not name the image that would be denied: " + got.Stdout + got.Stderr
		}
		return ""
	})
	for _, lab := range []*labtest.Lab{canary, production} {
		if got, err := mode(t.Context(), lab); err != nil || got != "" {
			t.Errorf("a member has a policy with mode %q, %v", got, err)
		}
	}

	if err := canary.Client.Delete(t.Context(), blocking, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	advance(t, "step 2")
	waitForMode(t, canary, "enforce")
	canary.WaitUntilDenied(t, unsigned, "no signatures found")
	canary.WaitUntilAllowed(t, signed)
	if got, err := mode(t.Context(), production); err != nil || got != "" {
		t.Errorf("production has a policy with mode %q (%v) while only the canary group enforces", got, err)
	}
	first, err := canary.Policy(trustName)(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	fleet.Member("two").CutOff()
	waitfor.True(t, "the control plane has noticed that production does not answer", func(ctx context.Context) (bool, error) {
		ready, err := fleet.Ready(ctx, "two")
		return !ready, err
	})
	if got := step(t); got.Code != 1 || !strings.Contains(got.Stderr, "two") {
		t.Errorf("a silent cluster: exit code %d:\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	if err := fleet.Member("two").Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}

	advance(t, "step 3")
	waitForMode(t, production, "enforce")
	advance(t, "step 4")
	advance(t, "complete")
	last, err := canary.Policy(trustName)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.GetUID() != last.GetUID() {
		t.Error("the policy in the canary group was deleted and made anew on the way")
	}
}

// testOverrides applies the examples to the trust that is enforced by now: only the groups that they name change.
func testOverrides(t *testing.T) {
	kubectl(t, "apply", "--server-side", "-k", "config/karmada/overrides")
	waitForMode(t, production, "warn")
	if got, err := mode(t.Context(), canary); err != nil || got != "enforce" {
		t.Errorf("the canary group has the mode %q, %v", got, err)
	}
	kubectl(t, "label", "cluster", "two", "registry=mirror")
	// Karmada looks at labels when the trust changes.
	kubectl(t, "patch", "kit", trustName, "--type=merge", "-p", `{"spec":{"verification":{"interval":"7h"}}}`)
	production.WaitForTrust(t, trustName, func(got *v1alpha1.KarmadaImageTrust) string {
		if len(got.Spec.Images) != 1 || got.Spec.Images[0] != "registry.example.com/karmada/*" {
			return "the trust does not select the images of the mirror"
		}
		return ""
	})
	kubectl(t, "label", "cluster", "two", "registry-")
	kubectl(t, "delete", "-k", "config/karmada/overrides")
	waitForMode(t, production, "enforce")
	production.WaitForTrust(t, trustName, func(got *v1alpha1.KarmadaImageTrust) string {
		if len(got.Spec.Images) == 1 {
			return "the trust still selects the images of the mirror"
		}
		return ""
	})
}

// testSuspension holds one cluster back: it keeps the trust that it has.
func testSuspension(t *testing.T) {
	const policy, changed = "karmada-image-trust", "9h0m0s"
	interval := func(want string) func(*v1alpha1.KarmadaImageTrust) string {
		return func(got *v1alpha1.KarmadaImageTrust) string {
			if got := got.Spec.Verification.Interval.Duration.String(); got != want {
				return "the interval is " + got + ", not " + want
			}
			return ""
		}
	}
	kubectl(t, "patch", "clusterpropagationpolicy", policy, "--type=merge",
		"-p", `{"spec":{"suspension":{"dispatchingOnClusters":{"clusterNames":["two"]}}}}`)
	waitfor.True(t, "Karmada suspends the cluster", func(context.Context) (bool, error) {
		return strings.Contains(kubectl(t, "get", "works", "-n", "karmada-es-two", "-o", "jsonpath={.items[*].spec.suspendDispatching}"), "true"), nil
	})
	kubectl(t, "patch", "kit", trustName, "--type=merge", "-p", `{"spec":{"verification":{"interval":"9h"}}}`)
	canary.WaitForTrust(t, trustName, interval(changed))
	held, err := production.Trust(trustName)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if interval(changed)(held) == "" {
		t.Error("the suspended cluster has the change")
	}
	if got, err := mode(t.Context(), production); err != nil || got != "enforce" {
		t.Errorf("the suspended cluster has the mode %q, %v", got, err)
	}
	kubectl(t, "patch", "clusterpropagationpolicy", policy, "--type=merge", "-p", `{"spec":{"suspension":null}}`)
	production.WaitForTrust(t, trustName, interval(changed))
}

// testLateMember joins a cluster without the operator, which Karmada leaves out, and installs the operator afterwards.
func testLateMember(t *testing.T) {
	late := fleet.Member("late")
	if err := late.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	serving := func() string {
		return kubectl(t, "get", "clusters", "-o",
			`jsonpath={range .items[*]}{.metadata.name}{"\t"}{.status.apiEnablements[?(@.groupVersion=="trust.karmada.io/v1alpha1")].groupVersion}{"\n"}{end}`)
	}
	if got := serving(); !strings.Contains(got, "late\t\n") || !strings.Contains(got, "two\ttrust.karmada.io/v1alpha1\n") {
		t.Errorf("the clusters that serve the kind:\n%s", got)
	}
	if err := late.StartOperator(t.Context(), assumedVersion); err != nil {
		t.Fatal(err)
	}
	waitfor.True(t, "Karmada knows that the cluster serves the kind", func(context.Context) (bool, error) {
		return strings.Contains(serving(), "late\ttrust.karmada.io/v1alpha1\n"), nil
	})
	t.Logf("selected before the label: %s",
		kubectl(t, "get", "clusterresourcebindings", "-o", `jsonpath={.items[*].spec.clusters[*].name}`))
	kubectl(t, "label", "cluster", "late", "image-trust=installed")
	waitForMode(t, labtest.New(late.Lab), "enforce") // no policy-controller runs there that could report it Ready
}

// testRemoval deletes the trust everywhere, and then what was installed.
func testRemoval(t *testing.T) {
	kubectl(t, "delete", "kit", "--all")
	for _, member := range fleet.Members {
		lab := labtest.New(member.Lab)
		waitForMode(t, lab, "")
		waitfor.True(t, "the trust is gone from "+member.Name, func(ctx context.Context) (bool, error) {
			_, err := lab.Trust(trustName)(ctx)
			return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
		})
	}
	kubectl(t, "delete", "--ignore-not-found", "-k", "config/karmada/overrides")
	kubectl(t, "delete", "-k", "config/karmada/policies")
	kubectl(t, "delete", "--ignore-not-found", "-k", "config/karmada")
}
