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
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/memory"
)

// referencesPerTrust is the number of hostile images of one trust.
const referencesPerTrust = 20

// TestManagerAmongHostileImages runs the manager within the memory of its Deployment, with all hostile images at the same time.
// It must survive, give each a verdict, and go on verifying the others.
func TestManagerAmongHostileImages(t *testing.T) {
	h := newHonest(t)
	encoded, err := h.sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "trusted_root.json")
	write(t, root, encoded)
	var references []v1alpha1.ImageReference
	insecure := []string{h.host}
	cases := all()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		s := newSite(t, h, cases[name])
		references = append(references, v1alpha1.ImageReference(s.reference()))
		insecure = append(insecure, s.host)
	}

	parts, err := harness.Start(t.Context(), harness.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := parts.Stop(); err != nil {
			t.Error(err)
		}
	})
	manager := startManager(t, parts, root, insecure)
	c := newClient(t, parts)
	for chunk := range slices.Chunk(references, referencesPerTrust) {
		apply(t, c, "hostile-"+strconv.Itoa(len(references)), chunk)
		references = references[len(chunk):]
	}
	var trusts v1alpha1.KarmadaImageTrustList
	judged := 0
	waitfor.NoError(t, func(ctx context.Context) error {
		if err := manager.Err(); err != nil {
			return nil //nolint:nilerr // there is nothing to wait for any more; it is reported below
		}
		if err := c.List(ctx, &trusts); err != nil {
			return err
		}
		judged = 0
		for i := range trusts.Items {
			for _, image := range trusts.Items[i].Status.Images {
				if image.Reason != v1alpha1.PendingReason {
					judged++
				}
			}
		}
		if judged < len(cases) {
			return fmt.Errorf("%d of %d images have a verdict", judged, len(cases))
		}
		return nil
	})
	for i := range trusts.Items {
		for _, image := range trusts.Items[i].Status.Images {
			if image.Verdict == v1alpha1.VerdictVerified {
				t.Errorf("%s is verified", image.Reference)
			}
		}
	}
	apply(t, c, "good", []v1alpha1.ImageReference{v1alpha1.ImageReference(h.host + "/good:v1")})
	waitfor.NoError(t, func(ctx context.Context) error {
		if err := manager.Err(); err != nil {
			return nil //nolint:nilerr // there is nothing to wait for any more; it is reported below
		}
		good := &v1alpha1.KarmadaImageTrust{}
		if err := c.Get(ctx, client.ObjectKey{Name: "good"}, good); err != nil {
			return err
		}
		if len(good.Status.Images) != 1 || good.Status.Images[0].Verdict != v1alpha1.VerdictVerified {
			return fmt.Errorf("the good image is not verified: %+v", good.Status.Images)
		}
		return nil
	})
	exits := 0
	if err := manager.Err(); err != nil {
		exits++
		t.Errorf("the manager ended: %v", err)
	} else {
		peak, err := memory.PeakOf(manager.PID())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("figure: hostile_memory_mib_manager %d MiB\n", mib(peak))
	}
	fmt.Printf("figure: hostile_manager_exits %d\n", exits)
}

// apply creates a trust for the images of all registries on loopback that it refers to.
func apply(t *testing.T, c client.Client, name string, references []v1alpha1.ImageReference) {
	t.Helper()
	var globs []v1alpha1.ImageGlob
	for _, reference := range references {
		host, _, _ := strings.Cut(string(reference), "/")
		globs = append(globs, v1alpha1.ImageGlob(host+"/**"))
	}
	trust := gen.Trust(name, gen.WithImages(globs...), gen.WithIssuer(release.Issuer), gen.WithIdentity(release.Subject),
		gen.WithReferences(references...))
	if err := c.Create(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
}

func newClient(t *testing.T, parts *harness.Harness) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(parts.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// startManager installs the CustomResourceDefinition, and runs the manager with the memory limit and the environment of its
// Deployment. The limit is one on private memory (RLIMIT_DATA), which is stricter than one on resident memory.
func startManager(t *testing.T, parts *harness.Harness, root string, insecure []string) *process.Process {
	t.Helper()
	repository, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	crds, err := manifest.Read(filepath.Join(repository, "config", "crd", "bases", "trust.karmada.io_karmadaimagetrusts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, parts)
	for _, crd := range crds {
		if err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(crd), client.FieldOwner("test"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
	}
	waitfor.NoError(t, func(ctx context.Context) error { return c.List(ctx, &v1alpha1.KarmadaImageTrustList{}) })

	objects, err := manifest.Read(filepath.Join(repository, "config", "manager", "manager.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, deployment); err != nil {
		t.Fatal(err)
	}
	container := deployment.Spec.Template.Spec.Containers[0]
	limit := container.Resources.Limits.Memory().Value()
	port, err := freeport.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	env := []string{"KUBECONFIG=" + parts.Kubeconfig(), "HOME=" + dir, "DOCKER_CONFIG=" + dir}
	for _, one := range container.Env {
		env = append(env, one.Name+"="+one.Value)
	}
	args := []string{
		"-c", `ulimit -d "$0" && exec "$@"`, strconv.FormatInt(limit>>10, 10), programs.manager,
		"--metrics-bind-address=0", "--health-probe-bind-address=" + port.Address(), "--trusted-root=" + root,
		"--pull-secret-namespace=default",
	}
	for _, host := range insecure {
		args = append(args, "--insecure-registry="+host)
	}
	manager, err := process.Start(t.Context(), process.Command{
		Name: "manager", Path: "/bin/sh", Args: args, Env: env, LogFile: filepath.Join(parts.Dir(), "manager.log"),
		Ready: process.Answers(http.DefaultClient, "http://"+port.Address()+"/readyz"), StartTimeout: 5 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = manager.Stop() // what ended it earlier is reported by the test
		if err := port.Release(); err != nil {
			t.Error(err)
		}
	})
	return manager
}
