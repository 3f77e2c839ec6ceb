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

package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// TestLint runs "helm lint --strict" with the defaults and with each file of values.
func TestLint(t *testing.T) {
	args := []string{"lint", "--strict", chartDir(t)}
	for _, file := range append(valuesFiles(t), "") {
		list := args
		if file != "" {
			list = append(slices.Clone(args), "--values", file)
		}
		if stdout, stderr, err := run(t, binaries.Helm, "", list...); err != nil {
			t.Errorf("%s: %v\n%s%s", filepath.Base(file), err, stdout, stderr)
		}
	}
}

// TestSameObjects compares the chart with what kustomize makes of config/default and a component, object by object.
func TestSameObjects(t *testing.T) {
	for component, set := range map[string]string{
		"":            "",
		"prometheus":  "monitoring.serviceMonitor.enabled=true,monitoring.rules.enabled=true,monitoring.dashboard.enabled=true",
		"pullsecrets": "pullSecrets={image-trust-registries}",
		"reports":     "policyReports=true",
	} {
		t.Run(component, func(t *testing.T) {
			var components, args []string
			if component != "" {
				components, args = []string{component}, []string{"--set", set}
			}
			want := byName(t, installation(t, components...))
			// Helm creates the namespace of a release, by --create-namespace.
			delete(want, "v1 Namespace /"+namespace)
			got := byName(t, parse(t, rendered(t, args...)))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("objects (-config +chart):\n%s", diff)
			}
			for name := range want {
				if diff := cmp.Diff(want[name], got[name]); diff != "" {
					t.Errorf("%s (-config +chart):\n%s", name, diff)
				}
			}
		})
	}
}

// byName returns objects by their kinds and names, without what Helm adds.
func byName(t *testing.T, objects []*unstructured.Unstructured) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for _, o := range objects {
		labels := o.GetLabels()
		for _, label := range []string{
			"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart",
		} {
			delete(labels, label)
		}
		if len(labels) == 0 {
			labels = nil
		}
		o.SetLabels(labels)
		annotations := o.GetAnnotations()
		delete(annotations, "helm.sh/resource-policy")
		o.SetAnnotations(annotations)
		out[fmt.Sprint(o.GetAPIVersion(), " ", o.GetKind(), " ", o.GetNamespace(), "/", o.GetName())] = plain(t, o)
	}
	return out
}

// plain is an object as JSON has it: decoders give numbers different types.
func plain(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(encoded, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestValuesAreValid has the API server validate strictly what the chart renders with the defaults and with each file of values.
func TestValuesAreValid(t *testing.T) {
	createNamespace(t, newClient(t), namespace, "karmada-image-trust")
	for _, file := range append(valuesFiles(t), "") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var args []string
			if file != "" {
				args = []string{"--values", file}
			}
			manifests := known(rendered(t, args...))
			dryRun := []string{"apply", "--dry-run=server", "--validate=strict", "--filename=-"}
			stdout, stderr, err := run(t, binaries.Kubectl, manifests, dryRun...)
			if err != nil {
				t.Fatalf("%v: %s", err, stderr)
			}
			if applied, want := strings.Count(stdout, "(server dry run)"), len(parse(t, manifests)); applied != want {
				t.Errorf("%d of %d objects were validated:\n%s", applied, want, stdout)
			}
		})
	}
	t.Run("a field that does not exist", func(t *testing.T) {
		manifests := strings.Replace(rendered(t), "terminationGracePeriodSeconds:", "terminationGraceSeconds:", 1)
		_, stderr, err := run(t, binaries.Kubectl, manifests, "apply", "--dry-run=server", "--validate=strict", "--filename=-")
		if err == nil || !strings.Contains(stderr, "terminationGraceSeconds") {
			t.Errorf("got %v: %s", err, stderr)
		}
	})
}

// known leaves out the objects of the Prometheus operator, whose kinds the API server does not know.
func known(manifests string) string {
	documents := strings.Split(manifests, "\n---\n")
	return strings.Join(slices.DeleteFunc(documents, func(document string) bool {
		return strings.Contains(document, "\napiVersion: monitoring.coreos.com/")
	}), "\n---\n")
}

// TestValuesAreUsed gives each value another one than the default, by a file of values, and looks for a difference.
func TestValuesAreUsed(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(chartDir(t), "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var defaults map[string]any
	if err := yaml.Unmarshal(content, &defaults); err != nil {
		t.Fatal(err)
	}
	set := map[string]map[string]any{}
	for _, file := range valuesFiles(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(content, &values); err != nil {
			t.Fatal(err)
		}
		set[file] = values
	}
	leaves := leavesOf(t)
	for _, path := range leaves {
		file := ""
		standard, _, _ := unstructured.NestedFieldNoCopy(defaults, path...)
		for name, values := range set {
			if value, ok, _ := unstructured.NestedFieldNoCopy(values, path...); ok && !cmp.Equal(value, standard) {
				file = name
			}
		}
		if file == "" {
			t.Errorf("no file in ci/ sets %s to another value than the default", strings.Join(path, "."))
			continue
		}
		with := rendered(t, "--values", file)
		encoded, err := json.Marshal(standard)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"template", "test", chartDir(t), "--namespace", namespace, "--values", file, "--set-json", strings.Join(path, ".") + "=" + string(encoded)}
		if standard, ok := standard.(map[string]any); ok {
			// Helm merges maps, so that the keys of the file are removed one by one.
			value, _, _ := unstructured.NestedMap(set[file], path...)
			for key := range value {
				if _, ok := standard[key]; !ok {
					args = append(args, "--set-json", strings.Join(path, ".")+"."+strings.ReplaceAll(key, ".", `\.`)+"=null")
				}
			}
		}
		// What needs the value is refused without it, which is a difference, too.
		without, _, err := run(t, binaries.Helm, "", args...)
		if err == nil && with == without {
			t.Errorf("%s has no effect", strings.Join(path, "."))
		}
	}
	fmt.Printf("figure: chart_values %d\n", len(leaves))
}

// leavesOf returns the paths of all values in the schema.
func leavesOf(t *testing.T) [][]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(chartDir(t), "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(content, &root); err != nil {
		t.Fatal(err)
	}
	var out [][]string
	var walk func(at map[string]any, path []string)
	walk = func(at map[string]any, path []string) {
		if _, ok := at["default"]; ok {
			out = append(out, path)
			return
		}
		properties, _ := at["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			below, _ := properties[name].(map[string]any)
			walk(below, append(slices.Clone(path), name))
		}
	}
	walk(root, nil)
	if len(out) < 20 {
		t.Fatalf("the schema has %d values", len(out))
	}
	return out
}

// TestValuesAreRefused checks the messages about values that make no sense.
func TestValuesAreRefused(t *testing.T) {
	for set, want := range map[string]string{ //nolint:gosec // there are no credentials among them
		"replica=2":                                "additional properties 'replica' not allowed",
		"image.name=x":                             "additional properties 'name' not allowed",
		"replicas=0":                               "at '/replicas': minimum: got 0, want 1",
		"image.digest=sha256:abc":                  "at '/image/digest': 'sha256:abc' does not match pattern",
		"image.pullPolicy=Sometimes":               "at '/image/pullPolicy': value must be one of '', 'Always', 'IfNotPresent', 'Never'",
		"image.repository=Registry/x":              "at '/image/repository': 'Registry/x' does not match pattern",
		"networkPolicy.egressPorts={70000}":        "at '/networkPolicy/egressPorts/0': maximum: got 70,000, want 65,535",
		"extraArgs={serve}":                        "at '/extraArgs/0': 'serve' does not match pattern",
		"pullSecrets={A secret}":                   "at '/pullSecrets/0': 'A secret' does not match pattern",
		"registries.insecure={http://example.com}": "at '/registries/insecure/0': 'http://example.com' does not match pattern",
		"tuf.mirror=example.com":                   "at '/tuf/mirror': 'example.com' does not match pattern",
		"policyControllerVersion=latest":           "at '/policyControllerVersion': 'latest' does not match pattern",
		"crds.keep=maybe":                          "at '/crds/keep': got string, want boolean",
		"podDisruptionBudget.maxUnavailable=0":     "at '/podDisruptionBudget/maxUnavailable': minimum: got 0, want 1",
		"credentialProviders.image=x":              "credentialProviders.image has programs that nothing runs: set credentialProviders.providers too",
		"tuf.root.configMap=x":                     "tuf.root.configMap is the initial root of tuf.mirror: set that too",
		"trustedRoot.configMap=x,tuf.mirror=https://tuf.example.com": "trustedRoot.configMap and tuf name two default roots of trust: drop one",
	} {
		_, stderr, err := run(t, binaries.Helm, "", "template", "test", chartDir(t), "--set", set)
		if err == nil || !strings.Contains(stderr, want) {
			t.Errorf("--set %s: %v\n%s\nwant: %s", set, err, stderr, want)
		}
	}
}
