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

// Package gitops tests what GitOps tools make of trusts: Argo CD with the health checks in config/argocd, and Flux, each by its own
// code. The objects are those that other suites have recorded on a real API server.
package gitops

import (
	"encoding/json"
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
	"github.com/karmada-io/image-trust/test/lab/gitops"
	"github.com/karmada-io/image-trust/test/suites/internal/recorded"
)

// outcome is what the tools make of an object: Argo CD, Argo CD where the trust waits for its images, Flux, and Flux with
// config/flux/images-verified.yaml.
type outcome struct{ Argo, ArgoWaits, Flux, FluxWaits string }

// outcomes of the recorded objects.
var outcomes = map[string]outcome{
	"new":                  {"Progressing", "Progressing", "InProgress", "InProgress"},
	"no-policy-controller": {"Progressing", "Progressing", "InProgress", "InProgress"},
	"applying":             {"Progressing", "Progressing", "InProgress", "InProgress"},
	"outdated":             {"Progressing", "Progressing", "InProgress", "InProgress"},
	// policy-controller tries again by itself, so it is not for the user to change something.
	"policy-failed":   {"Progressing", "Progressing", "InProgress", "InProgress"},
	"policy-conflict": {"Degraded", "Degraded", "Failed", "Failed"},
	"audit":           {"Healthy", "Healthy", "Current", "Current"},
	"no-images":       {"Healthy", "Healthy", "Current", "Current"},
	"verified":        {"Healthy", "Healthy", "Current", "Current"},
	// Somebody's image does not stop the rollout of everybody, unless it is asked to.
	"untrusted": {"Healthy", "Degraded", "Current", "Failed"},
	"unknown":   {"Healthy", "Progressing", "Current", "InProgress"},
	"deleting":  {"Progressing", "Progressing", "Terminating", "InProgress"},
	"policy":    {"Healthy", "Healthy", "Current", "Current"},
}

// waits is the annotation of a trust whose health includes its images.
const waits = "trust.karmada.io/argocd-health"

func TestRecordedStates(t *testing.T) {
	argo, flux, expressions := gitops.StartArgo(t), gitops.StartFlux(t), imagesVerified(t)
	root := root(t)
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(recorded.Directory), "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	slices.Sort(names)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(outcomes)), names); diff != "" {
		t.Errorf("recorded states (-want +got):\n%s", diff)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			object := recorded.Read(t, name)
			waiting := object.DeepCopy()
			waiting.SetAnnotations(map[string]string{waits: "ImagesVerified"})
			health := argo.Health(t, object)
			got := outcome{
				health.Status, argo.Health(t, waiting).Status,
				flux.Status(t, object, nil).Status, flux.Status(t, object, expressions).Status,
			}
			if diff := cmp.Diff(outcomes[name], got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if message := imagesMessage(object); message != "" && health.Status == "Healthy" && !strings.Contains(health.Message, message) {
				t.Errorf("Argo CD shows %q, which does not say %q", health.Message, message)
			}
		})
	}
}

// imagesMessage is what a trust says of its images if they are not all verified.
func imagesMessage(object *unstructured.Unstructured) string {
	for _, c := range conditions(object) {
		if c["type"] == "ImagesVerified" && c["status"] != "True" {
			return c["message"].(string)
		}
	}
	return ""
}

func conditions(object *unstructured.Unstructured) []map[string]any {
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	var out []map[string]any
	for _, c := range list {
		out = append(out, c.(map[string]any))
	}
	return out
}

// TestControlPlane is about trusts on a Karmada control plane, where the status is what the clusters report.
func TestControlPlane(t *testing.T) {
	argo := gitops.StartArgo(t)
	for name, tc := range map[string]struct{ base, status, reason, want string }{
		"propagated":       {"verified", "True", "Propagated", "Healthy"},
		"silent cluster":   {"verified", "Unknown", "ClusterNotAnswering", "Healthy"},
		"suspended":        {"verified", "Unknown", "Suspended", "Suspended"},
		"no policy":        {"applying", "False", "NotPropagated", "Progressing"},
		"stalled":          {"policy-conflict", "Unknown", "Suspended", "Degraded"},
		"first propagated": {"new", "Unknown", "NotScheduled", "Progressing"},
	} {
		t.Run(name, func(t *testing.T) {
			object := recorded.Read(t, tc.base)
			list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
			list = append(list, map[string]any{"type": "Propagated", "status": tc.status, "reason": tc.reason, "message": "The clusters."})
			if err := unstructured.SetNestedSlice(object.Object, list, "status", "conditions"); err != nil {
				t.Fatal(err)
			}
			got := argo.Health(t, object)
			if got.Status != tc.want {
				t.Errorf("got %s, want %s", got.Status, tc.want)
			}
			// The control plane writes Propagated before the first cluster reports a generation.
			if said := strings.Contains(got.Message, "The clusters."); said != (tc.status != "True" && tc.want != "Degraded" && tc.base != "new") {
				t.Errorf("the message is %q", got.Message)
			}
		})
	}
}

// TestHostile is about objects that no operator writes: no script fails, and nothing but a trust that is Ready is Healthy.
func TestHostile(t *testing.T) {
	argo, flux, expressions := gitops.StartArgo(t), gitops.StartFlux(t), imagesVerified(t)
	values := map[string]any{
		"nothing": nil, "text": "x", "number": int64(7), "truth": true, "list": []any{int64(1), "x", nil}, "object": map[string]any{"a": "b"},
		"many": slices.Repeat([]any{map[string]any{"type": "Ready", "status": "Maybe", "message": strings.Repeat("x", 1<<10)}}, 1000),
	}
	paths := [][]string{
		{"status"}, {"status", "conditions"}, {"status", "observedGeneration"}, {"metadata", "generation"}, {"metadata", "annotations"},
	}
	tried := 0
	for _, kind := range []string{"verified", "policy"} {
		for _, path := range paths {
			for name, value := range values {
				object := recorded.Read(t, kind)
				if err := unstructured.SetNestedField(object.Object, value, path...); err != nil {
					t.Fatal(err)
				}
				tried++
				harmless := strings.Join(path, ".") == "metadata.annotations"
				if got := argo.Health(t, object); got.Error != "" || got.Status != "Progressing" && !harmless {
					t.Errorf("%s with %s as %s: Argo CD says %+v", kind, name, strings.Join(path, "."), got)
				}
				// The API server stores no other observedGeneration than a number, which Flux relies on.
				status := slices.Contains([]string{"status", "status.conditions"}, strings.Join(path, "."))
				if got := flux.Status(t, object, expressions); kind == "verified" && status && got.Status == "Current" {
					t.Errorf("%s with %s as %s: Flux says %+v", kind, name, strings.Join(path, "."), got)
				}
			}
		}
		for _, field := range []string{"type", "status", "message", "reason"} {
			for name, value := range values {
				object := recorded.Read(t, kind)
				list := conditions(object)
				var changed []any
				for _, c := range list {
					c[field] = value
					changed = append(changed, c)
				}
				if err := unstructured.SetNestedSlice(object.Object, changed, "status", "conditions"); err != nil {
					t.Fatal(err)
				}
				tried++
				want := "Progressing"
				if field == "message" || field == "reason" {
					want = "Healthy"
				}
				if got := argo.Health(t, object); got.Error != "" || got.Status != want {
					t.Errorf("%s with %s as the %s of its conditions: Argo CD says %+v, want %s", kind, name, field, got, want)
				}
			}
		}
	}
	t.Logf("%d objects", tried)
}

// imagesVerified are the expressions of the example.
func imagesVerified(t *testing.T) json.RawMessage {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), "config", "flux", "images-verified.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct {
		Spec struct {
			HealthCheckExprs json.RawMessage `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &kustomization); err != nil || len(kustomization.Spec.HealthCheckExprs) == 0 {
		t.Fatalf("no expressions: %v", err)
	}
	return kustomization.Spec.HealthCheckExprs
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
