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

// Package karmada tests the manifests for a Karmada control plane without one.
package karmada

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/internal/policy"
)

// build returns what kubectl would apply of a directory with a kustomization.
func build(t *testing.T, directory string) []*unstructured.Unstructured {
	t.Helper()
	built, err := render.Build(directory)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := render.Objects(built)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// find returns the only object of a kind.
func find(t *testing.T, objects []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() != kind {
			continue
		}
		if found != nil {
			t.Fatalf("there is more than one %s", kind)
		}
		found = o
	}
	if found == nil {
		t.Fatalf("there is no %s", kind)
	}
	return found
}

// list returns a field that is a list of objects.
func list(t *testing.T, o map[string]any, path ...string) []map[string]any {
	t.Helper()
	items, ok, err := unstructured.NestedSlice(o, path...)
	if err != nil || !ok {
		t.Fatalf("%s: %t, %v", strings.Join(path, "."), ok, err)
	}
	var out []map[string]any
	for _, item := range items {
		out = append(out, item.(map[string]any))
	}
	return out
}

// decode checks that Karmada 1.16 knows every field of a policy.
func decode(t *testing.T, path string, o *unstructured.Unstructured) {
	t.Helper()
	var typed any
	switch o.GetKind() {
	case "ClusterPropagationPolicy":
		typed = &policyv1alpha1.ClusterPropagationPolicy{}
	case "PropagationPolicy":
		typed = &policyv1alpha1.PropagationPolicy{}
	case "ClusterOverridePolicy":
		typed = &policyv1alpha1.ClusterOverridePolicy{}
	default:
		return
	}
	content, err := o.MarshalJSON()
	if err == nil {
		err = yaml.UnmarshalStrict(content, typed)
	}
	if err != nil || o.GetAPIVersion() != policyv1alpha1.GroupVersion.String() {
		t.Errorf("%s: %s %s of %s: %v", path, o.GetKind(), o.GetName(), o.GetAPIVersion(), err)
	}
}

// TestBuild builds every kustomization of this directory, and decodes the policies strictly.
func TestBuild(t *testing.T) {
	built := 0
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "kustomization.yaml" {
			return err
		}
		built++
		objects := build(t, filepath.Dir(path))
		if len(objects) == 0 {
			t.Errorf("%s is empty", path)
		}
		for _, o := range objects {
			decode(t, path, o)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if built < 5 {
		t.Errorf("%d kustomizations were found", built)
	}
}

// TestDefaultInstallation: what one command installs names no cluster, no Secret and no trust.
func TestDefaultInstallation(t *testing.T) {
	objects := build(t, ".")
	for _, o := range objects {
		switch o.GetKind() {
		case "CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterPropagationPolicy",
			"ResourceInterpreterCustomization", "ClusterRole":
		default:
			t.Errorf("%s %s is installed by default", o.GetKind(), o.GetName())
		}
	}
	var selected []string
	for _, selector := range list(t, find(t, objects, "ClusterPropagationPolicy").Object, "spec", "resourceSelectors") {
		if len(selector) != 2 {
			t.Errorf("%v selects only some", selector)
		}
		selected = append(selected, fmt.Sprint(selector["apiVersion"], " ", selector["kind"]))
	}
	want := []string{v1alpha1.GroupVersion.String() + " KarmadaImageTrust", policy.TrustRootKind.GroupVersion().String() + " TrustRoot"}
	if diff := cmp.Diff(want, selected); diff != "" {
		t.Errorf("propagated (-want +got):\n%s", diff)
	}
}

// TestColumns: the columns of a member cluster, and two more.
func TestColumns(t *testing.T) {
	columns := func(objects []*unstructured.Unstructured) (names []string, paths map[string]string) {
		paths = map[string]string{}
		for _, o := range objects {
			if o.GetName() != "karmadaimagetrusts.trust.karmada.io" {
				continue
			}
			for _, column := range list(t, list(t, o.Object, "spec", "versions")[0], "additionalPrinterColumns") {
				name := fmt.Sprint(column["name"])
				names = append(names, name)
				paths[name] = fmt.Sprint(column["jsonPath"])
			}
		}
		return names, paths
	}
	member, _ := columns(build(t, filepath.Join("..", "crd")))
	fleet, paths := columns(build(t, "crd"))
	var rest []string
	for i, name := range fleet {
		switch name {
		case "Clusters":
			if i+1 == len(fleet) || fleet[i+1] != "Age" {
				t.Errorf("the column Clusters is not before Age: %v", fleet)
			}
		case "Propagated":
		default:
			rest = append(rest, name)
		}
	}
	if diff := cmp.Diff(member, rest); diff != "" {
		t.Errorf("the other columns (-member +fleet):\n%s", diff)
	}
	if paths["Clusters"] != ".status.fleet.reportingRatio" || !strings.Contains(paths["Propagated"], `"Propagated"`) {
		t.Errorf("the columns show %v", paths)
	}
}

// TestOperatorIsPropagatedWhole: every object of the operator is selected, and nothing else.
func TestOperatorIsPropagatedWhole(t *testing.T) {
	objects := build(t, "operator")
	key := func(parts ...any) string { return strings.TrimSuffix(fmt.Sprintln(parts...), "\n") }
	want := map[string]bool{}
	for _, o := range objects {
		// Karmada propagates namespaces by itself.
		if o.GetKind() != "Namespace" && o.GetKind() != "ClusterPropagationPolicy" {
			want[key(o.GetAPIVersion(), o.GetKind(), o.GetNamespace(), o.GetName())] = true
		}
	}
	got := map[string]bool{}
	for _, selector := range list(t, find(t, objects, "ClusterPropagationPolicy").Object, "spec", "resourceSelectors") {
		namespace, _ := selector["namespace"].(string)
		got[key(selector["apiVersion"], selector["kind"], namespace, selector["name"])] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
}

// readTrust reads a file with one trust.
func readTrust(t *testing.T, path ...string) *v1alpha1.KarmadaImageTrust {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := yaml.UnmarshalStrict(content, trust); err != nil {
		t.Fatal(err)
	}
	return trust
}

// TestRolloutTrust: the trust of the rollout is the sample, without any effect on admission.
func TestRolloutTrust(t *testing.T) {
	got, want := readTrust(t, "rollout", "trust.yaml"), readTrust(t, "..", "samples", "karmada-release.yaml")
	if got.Spec.Enforcement != v1alpha1.EnforcementAudit {
		t.Errorf("enforcement is %s", got.Spec.Enforcement)
	}
	got.Spec.Enforcement = want.Spec.Enforcement
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-sample +rollout):\n%s", diff)
	}
}

// TestOverrides applies the overrides to the trust as Karmada does, and compiles what the clusters of each group get.
func TestOverrides(t *testing.T) {
	objects := build(t, "overrides")
	content, err := os.ReadFile(filepath.Join("rollout", "canary.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	canary := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict(content, &canary.Object); err != nil {
		t.Fatal(err)
	}
	decode(t, "rollout/canary.yaml", canary)
	for name, tc := range map[string]struct {
		policies    []*unstructured.Unstructured
		labels      map[string]string
		enforcement v1alpha1.Enforcement
		glob        v1alpha1.ImageGlob
	}{
		"no label":      {objects, nil, v1alpha1.EnforcementAudit, "docker.io/karmada/karmada-aggregated-apiserver"},
		"misspelt":      {objects, map[string]string{"rollout": "Canary"}, v1alpha1.EnforcementAudit, "docker.io/karmada/karmada-aggregated-apiserver"},
		"production":    {objects, map[string]string{"rollout": "production"}, v1alpha1.EnforcementWarn, "docker.io/karmada/karmada-aggregated-apiserver"},
		"canary":        {objects, map[string]string{"rollout": "canary"}, v1alpha1.EnforcementEnforce, "docker.io/karmada/karmada-aggregated-apiserver"},
		"mirror":        {objects, map[string]string{"registry": "mirror"}, v1alpha1.EnforcementAudit, "registry.example.com/karmada/*"},
		"canary mirror": {objects, map[string]string{"rollout": "canary", "registry": "mirror"}, v1alpha1.EnforcementEnforce, "registry.example.com/karmada/*"},
		"rollout": {
			[]*unstructured.Unstructured{canary}, map[string]string{"rollout": "canary"}, v1alpha1.EnforcementEnforce,
			"docker.io/karmada/karmada-aggregated-apiserver",
		},
		"rollout elsewhere": {
			[]*unstructured.Unstructured{canary}, map[string]string{"rollout": "production"}, v1alpha1.EnforcementAudit,
			"docker.io/karmada/karmada-aggregated-apiserver",
		},
	} {
		t.Run(name, func(t *testing.T) {
			trust := readTrust(t, "rollout", "trust.yaml")
			for _, o := range tc.policies {
				if o.GetKind() != "ClusterOverridePolicy" {
					t.Fatalf("%s %s is among the overrides", o.GetKind(), o.GetName())
				}
				override(t, trust, o, tc.labels)
			}
			if trust.Spec.Enforcement != tc.enforcement || trust.Spec.Images[0] != tc.glob {
				t.Errorf("enforcement %s of %s", trust.Spec.Enforcement, trust.Spec.Images[0])
			}
			if _, err := policy.Compile(trust.Spec); err != nil {
				t.Errorf("the cluster would not accept it: %v", err)
			}
		})
	}
}

// override applies the rules of a ClusterOverridePolicy for a cluster with these labels.
func override(t *testing.T, trust *v1alpha1.KarmadaImageTrust, o *unstructured.Unstructured, labels map[string]string) {
	t.Helper()
	selector := list(t, o.Object, "spec", "resourceSelectors")[0]
	if selector["name"] != trust.Name || selector["kind"] != "KarmadaImageTrust" || selector["apiVersion"] != v1alpha1.GroupVersion.String() {
		t.Fatalf("%s selects %v", o.GetName(), selector)
	}
	for _, rule := range list(t, o.Object, "spec", "overrideRules") {
		wanted, _, err := unstructured.NestedStringMap(rule, "targetCluster", "labelSelector", "matchLabels")
		if err != nil || len(wanted) != 1 {
			t.Fatalf("%s has the labels %v, %v", o.GetName(), wanted, err)
		}
		matches := true
		for label, value := range wanted {
			matches = matches && labels[label] == value
		}
		if !matches {
			continue
		}
		var operations []map[string]any
		for _, overrider := range list(t, rule, "overriders", "plaintext") {
			operations = append(operations, map[string]any{"op": overrider["operator"], "path": overrider["path"], "value": overrider["value"]})
		}
		apply(t, trust, operations)
	}
}

func apply(t *testing.T, trust *v1alpha1.KarmadaImageTrust, operations []map[string]any) {
	t.Helper()
	encoded, err := json.Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(encoded)
	if err != nil {
		t.Fatal(err)
	}
	before, err := json.Marshal(trust)
	if err != nil {
		t.Fatal(err)
	}
	after, err := patch.Apply(before)
	if err != nil {
		t.Fatal(err)
	}
	*trust = v1alpha1.KarmadaImageTrust{}
	if err := yaml.UnmarshalStrict(after, trust); err != nil {
		t.Fatal(err)
	}
}
