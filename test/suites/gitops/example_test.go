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

package gitops

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/gitops"
	"github.com/karmada-io/image-trust/test/lab/manifest"
)

const example = "docs/examples/gitops"

// build renders a directory with a kustomization.
func build(t *testing.T, files filesys.FileSystem, directory string) []*unstructured.Unstructured {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, directory)
	if err != nil {
		t.Fatalf("%s: %v", directory, err)
	}
	var objects []*unstructured.Unstructured
	for _, resource := range built.Resources() {
		content, err := resource.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return objects
}

// TestExampleIsValid decodes every object of Argo CD and of Flux in the example and in config/flux strictly, and builds every
// kustomization that needs no network.
func TestExampleIsValid(t *testing.T) {
	argo, flux := gitops.StartArgo(t), gitops.StartFlux(t)
	decoded, built := 0, 0
	for _, directory := range []string{example, "config/flux"} {
		err := filepath.WalkDir(filepath.Join(root(t), filepath.FromSlash(directory)), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || strings.Contains(path, "/.github/") {
				return err
			}
			if entry.Name() == "kustomization.yaml" {
				if !strings.HasSuffix(filepath.Dir(path), "install") {
					built++
					if len(build(t, filesys.MakeFsOnDisk(), filepath.Dir(path))) == 0 {
						t.Errorf("%s is empty", path)
					}
				}
				return nil
			}
			objects, err := manifest.Read(path)
			if err != nil {
				return err
			}
			for _, object := range objects {
				var got gitops.Answer
				switch group, _, _ := strings.Cut(object.GetAPIVersion(), "/"); {
				case group == "argoproj.io":
					got = argo.Read(t, object)
				case strings.HasSuffix(group, "toolkit.fluxcd.io"):
					got = flux.Read(t, object)
				default:
					continue
				}
				decoded++
				if got.Error != "" {
					t.Errorf("%s: %s %s: %s", path, object.GetKind(), object.GetName(), got.Error)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if decoded == 0 || built == 0 {
		t.Errorf("%d objects and %d kustomizations were found", decoded, built)
	}
	unknown := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": map[string]any{"name": "x"}, "spec": map[string]any{"projekt": "default"},
	}}
	if argo.Read(t, unknown).Error == "" {
		t.Error("a field that does not exist is accepted for Argo CD")
	}
	unknown.SetAPIVersion("kustomize.toolkit.fluxcd.io/v1")
	unknown.SetKind("Kustomization")
	if flux.Read(t, unknown).Error == "" {
		t.Error("a field that does not exist is accepted for Flux")
	}
}

// TestArgoInstallation builds the argocd-cm of the example from that of Argo CD's installation, with the component of this
// repository, and checks that all customizations are in it.
func TestArgoInstallation(t *testing.T) {
	files := filesys.MakeFsInMemory()
	for from, to := range map[string]string{
		"config/argocd/kustomization.yaml":         "/component/kustomization.yaml",
		"config/argocd/argocd-cm.yaml":             "/component/argocd-cm.yaml",
		example + "/argocd/install/argocd-cm.yaml": "/install/argocd-cm.yaml",
	} {
		content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(from)))
		if err == nil {
			err = files.WriteFile(to, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(example), "argocd", "install", "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kustomization map[string]any
	if err := yaml.Unmarshal(content, &kustomization); err != nil {
		t.Fatal(err)
	}
	// In place of what is on GitHub.
	kustomization["resources"], kustomization["components"] = []any{"argocd.yaml"}, []any{"../component"}
	encoded, err := yaml.Marshal(kustomization)
	if err == nil {
		err = files.WriteFile("/install/kustomization.yaml", encoded)
	}
	if err == nil {
		err = files.WriteFile("/install/argocd.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {admin.enabled: \"true\"}\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
	objects := build(t, files, "/install")
	data, _, err := unstructured.NestedStringMap(objects[0].Object, "data")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"admin.enabled",
		"resource.customizations.health.argoproj.io_Application",
		"resource.customizations.health.trust.karmada.io_KarmadaImageTrust",
		"resource.customizations.health.policy.sigstore.dev_ClusterImagePolicy",
		"resource.customizations.health.policy.sigstore.dev_TrustRoot",
	} {
		if data[key] == "" {
			t.Errorf("argocd-cm has no %s", key)
		}
	}
}

// TestApplications checks that an application of applications waits for each of them, with the customization in the example.
func TestApplications(t *testing.T) {
	argo := gitops.StartArgo(t, example+"/argocd/install/argocd-cm.yaml")
	application := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": map[string]any{"name": "x"},
	}}
	for _, status := range []string{"", "Progressing", "Degraded", "Healthy"} {
		want := status
		if status == "" {
			want = "Progressing"
		} else if err := unstructured.SetNestedField(application.Object, status, "status", "health", "status"); err != nil {
			t.Fatal(err)
		}
		if got := argo.Health(t, application); got.Status != want {
			t.Errorf("an Application that is %q is %s, want %s", status, got.Status, want)
		}
	}
}

// TestSameOrder checks that Argo CD and Flux install the same, in the same order.
func TestSameOrder(t *testing.T) {
	waves, err := gitops.Waves(filepath.Join(root(t), filepath.FromSlash(example), "argocd", "apps"))
	if err != nil {
		t.Fatal(err)
	}
	order, err := gitops.Order(filepath.Join(root(t), filepath.FromSlash(example), "flux"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"policy-controller", "karmada-image-trust", "trusts", "namespaces", "workloads"}
	if !slices.Equal(waves, want) || !slices.Equal(order, want) {
		t.Errorf("Argo CD installs %v, Flux %v, want %v", waves, order, want)
	}
}
