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

// Package samples tests the samples that are about the images of Karmada itself.
package samples

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	placeholder = "REPLACE-WITH-THE-DIGEST"
	// The policies that the samples make.
	karmada, kubernetes, etcd, unsigned = "karmada-release", "kubernetes-release", "karmada-etcd", "karmada-unsigned"
)

// digest is what every tag names in this test.
var digest = "sha256:" + strings.Repeat("ab", 32)

// karmadaSource is the directory of Karmada's sources, at the version that go.mod requires.
func karmadaSource(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/karmada-io/karmada").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// variables in Karmada's manifests, which its scripts replace.
var variables = regexp.MustCompile(`\{\{\s*[a-zA-Z_]+\s*\}\}`)

// manifestImages adds the images of the workloads in a directory of manifests.
func manifestImages(t *testing.T, images map[string]bool, directory string) {
	t.Helper()
	err := filepath.WalkDir(directory, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := manifests.Read(path, strings.NewReader(variables.ReplaceAllString(string(content), "v1.2.3")))
		if err != nil {
			return err
		}
		for _, object := range file.Objects {
			for _, image := range object.Images() {
				images[image.Container.Image] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// chartImages adds the images in the values of a chart: wherever there is a repository with a tag.
func chartImages(t *testing.T, images map[string]bool, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var values any
	if err := yaml.Unmarshal(content, &values); err != nil {
		t.Fatal(err)
	}
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if repository, ok := value["repository"].(string); ok && value["tag"] != nil {
				images[fmt.Sprintf("%v/%s:%v", value["registry"], repository, value["tag"])] = true
			}
			for _, field := range value {
				visit(field)
			}
		case []any:
			for _, item := range value {
				visit(item)
			}
		}
	}
	visit(values)
}

// cluster returns admission with the samples, and every trust enforced.
func cluster(t *testing.T) admission.Cluster {
	t.Helper()
	versions := admission.Supported()
	config, err := admission.ParseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	var policies []*admission.Policy
	for _, name := range []string{
		"karmada-release.yaml", "karmada-components/kubernetes.yaml", "karmada-components/etcd.yaml", "karmada-components/exceptions.yaml",
	} {
		content, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(content), "sha256:"+placeholder, digest)), &object.Object); err != nil {
			t.Fatal(err)
		}
		if object.GetKind() == "KarmadaImageTrust" {
			trust := &v1alpha1.KarmadaImageTrust{}
			if err := yaml.UnmarshalStrict(content, trust); err != nil {
				t.Fatal(err)
			}
			trust.Spec.Enforcement = v1alpha1.EnforcementEnforce
			compiled, err := policy.Compile(trust.Spec)
			if err != nil {
				t.Fatal(err)
			}
			object = compiled.ClusterImagePolicy(trust.Name, versions.Target(config))
		}
		policies = append(policies, admission.ParsePolicy(object, versions...))
	}
	return admission.Cluster{
		Policies: admission.NewPolicies(policies...), Config: config, Versions: versions,
		Namespace: func(string) (map[string]string, bool) { return nil, true },
	}
}

// judge answers that every tag names the same digest, and that an image is verified by a policy or not.
func judge(verdict v1alpha1.Verdict) admission.Judge {
	return func(q admission.Question) admission.Answer {
		if q.ResolveOnly {
			return admission.Answer{Digest: digest}
		}
		return admission.Answer{Digest: digest, Verdict: verdict, Reason: v1alpha1.UnsignedReason, AnyOrder: true}
	}
}

func pod(image string) admission.Object {
	return admission.Object{
		Version: "v1", Kind: "Pod", Namespace: "karmada-system", Name: "component",
		Containers: []admission.Container{{Field: "containers", Name: "main", Image: image}},
	}
}

// TestKarmadaComponents: each image that Karmada's manifests and charts run is covered by exactly the policy that is meant for it.
func TestKarmadaComponents(t *testing.T) {
	source := karmadaSource(t)
	images := map[string]bool{}
	for _, directory := range []string{"artifacts/deploy", "artifacts/agent", "operator/config/deploy"} {
		manifestImages(t, images, filepath.Join(source, filepath.FromSlash(directory)))
	}
	for _, chart := range []string{"karmada", "karmada-operator"} {
		chartImages(t, images, filepath.Join(source, "charts", chart, "values.yaml"))
	}
	want := map[string]string{
		"docker.io/karmada/": karmada, "registry.k8s.io/kube-": kubernetes, "registry.k8s.io/etcd": etcd,
		"docker.io/cfssl/cfssl": unsigned, "docker.io/bitnamisecure/kubectl": unsigned,
	}
	admitting := cluster(t)
	covered := map[string]int{}
	for image := range images {
		expected := ""
		for prefix, name := range want {
			if strings.HasPrefix(image, prefix) {
				expected = name
			}
		}
		signed, unverified := admitting.Examine(pod(image), judge(v1alpha1.VerdictVerified)), admitting.Examine(pod(image), judge(v1alpha1.VerdictUntrusted))
		if diff := cmp.Diff([]string{expected}, signed.Policies); diff != "" || signed.Outcome != admission.Allowed {
			t.Errorf("%s is %s; policies (-want +got):\n%s", image, signed.Outcome, diff)
		}
		outcome := admission.Denied
		if expected == unsigned {
			outcome = admission.Allowed
		}
		if unverified.Outcome != outcome {
			t.Errorf("%s without a signature is %s, want %s", image, unverified.Outcome, outcome)
		}
		covered[expected]++
	}
	for _, name := range want {
		if covered[name] == 0 {
			t.Errorf("no image is covered by %s", name)
		}
	}
	fmt.Printf("figure: karmada_images_covered %d\n", len(images))
}

// TestOthersAreDenied: what the samples do not name is denied in the same namespace.
func TestOthersAreDenied(t *testing.T) {
	admitting := cluster(t)
	for _, image := range []string{
		"docker.io/karmada/karmada-dashboard-web:v0.2.0",
		"registry.k8s.io/pause:3.10",
		"docker.io/cfssl/cfssl@sha256:" + strings.Repeat("cd", 32),
		"docker.io/bitnamisecure/kubectl@sha256:" + strings.Repeat("cd", 32),
	} {
		decision := admitting.Examine(pod(image), judge(v1alpha1.VerdictVerified))
		if decision.Outcome != admission.Denied || len(decision.Uncovered) != 1 {
			t.Errorf("%s is %s, policies %v", image, decision.Outcome, decision.Policies)
		}
	}
}

// TestPlaceholdersSelectNothing: an exception that was not filled in admits no image.
func TestPlaceholdersSelectNothing(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("karmada-components", "exceptions.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(content, &object.Object); err != nil {
		t.Fatal(err)
	}
	parsed := admission.ParsePolicy(object, admission.Supported()...)
	for _, repository := range []string{"index.docker.io/cfssl/cfssl", "index.docker.io/bitnamisecure/kubectl"} {
		if !strings.Contains(string(content), repository+"@sha256:"+placeholder) {
			t.Errorf("%s has no placeholder", repository)
		}
		if parsed.CoversImage(repository + "@" + digest) {
			t.Errorf("%s is admitted", repository)
		}
	}
	if reason := parsed.Unevaluable(); reason != "" {
		t.Errorf("the policy is not evaluated: %s", reason)
	}
}
