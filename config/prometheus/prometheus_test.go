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

// Package prometheus tests the manifests for Prometheus and Grafana without them. test/suites/e2e/operator evaluates the alerts, and
// all queries of the dashboard.
package prometheus

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/internal/metrics"
)

// build returns what kubectl would apply of a directory with a component, by kind and name.
func build(t *testing.T, base, component string) map[string]*unstructured.Unstructured {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	here, err = filepath.Rel(overlay, here)
	if err != nil {
		t.Fatal(err)
	}
	kustomization := "resources: [" + filepath.Join(here, base) + "]\ncomponents: [" + filepath.Join(here, component) + "]\n"
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := render.Build(overlay)
	if err != nil {
		t.Fatal(err)
	}
	all, err := render.Objects(built)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]*unstructured.Unstructured{}
	for _, o := range all {
		objects[o.GetKind()+"/"+o.GetName()] = o
	}
	return objects
}

// TestBuild checks that the parts find each other: monitor, Service, Pods and Grafana's sidecar.
func TestBuild(t *testing.T) {
	objects := build(t, "../default", ".")
	for _, name := range []string{
		"Service/karmada-image-trust-metrics", "ServiceMonitor/karmada-image-trust", "PrometheusRule/karmada-image-trust",
		"ConfigMap/karmada-image-trust-dashboard", "Deployment/karmada-image-trust",
	} {
		if objects[name] == nil {
			t.Fatalf("there is no %s", name)
		}
		if got := objects[name].GetNamespace(); got != "karmada-image-trust-system" {
			t.Errorf("%s is in namespace %q", name, got)
		}
	}
	service := &corev1.Service{}
	convert(t, objects["Service/karmada-image-trust-metrics"], service)
	pod := &appsv1.Deployment{}
	convert(t, objects["Deployment/karmada-image-trust"], pod)
	if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Spec.Template.Labels)) {
		t.Errorf("the Service does not select the Pods: %v, %v", service.Spec.Selector, pod.Spec.Template.Labels)
	}
	monitor := objects["ServiceMonitor/karmada-image-trust"]
	selector, _, _ := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	if !labels.SelectorFromSet(selector).Matches(labels.Set(service.Labels)) {
		t.Errorf("the ServiceMonitor does not select the Service: %v, %v", selector, service.Labels)
	}
	endpoints, _, _ := unstructured.NestedSlice(monitor.Object, "spec", "endpoints")
	port := service.Spec.Ports[0]
	if len(endpoints) != 1 || endpoints[0].(map[string]any)["port"] != port.Name {
		t.Errorf("the ServiceMonitor does not scrape port %s: %v", port.Name, endpoints)
	}
	if !slices.ContainsFunc(pod.Spec.Template.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool { return p.Name == port.TargetPort.StrVal }) {
		t.Errorf("the Pods have no port %s", port.TargetPort.StrVal)
	}
	shown := objects["ConfigMap/karmada-image-trust-dashboard"]
	content, _, _ := unstructured.NestedString(shown.Object, "data", "karmada-image-trust.json")
	if shown.GetLabels()["grafana_dashboard"] != "1" || content != string(read(t, "dashboard.json")) {
		t.Errorf("the ConfigMap with labels %v has not the dashboard", shown.GetLabels())
	}
}

// TestBuildOfControlPlane does the same for the instance on a Karmada control plane.
func TestBuildOfControlPlane(t *testing.T) {
	objects := build(t, "../karmada/instance/host", "control-plane")
	monitor, instance := objects["PodMonitor/karmada-image-trust"], &appsv1.Deployment{}
	if monitor == nil {
		t.Fatal("there is no PodMonitor")
	}
	convert(t, objects["Deployment/karmada-image-trust"], instance)
	selector, _, _ := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	pod := instance.Spec.Template
	if monitor.GetNamespace() != instance.Namespace || len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)) {
		t.Errorf("the PodMonitor does not select the Pods: %v, %v", selector, pod.Labels)
	}
	endpoints, _, _ := unstructured.NestedSlice(monitor.Object, "spec", "podMetricsEndpoints")
	if len(endpoints) != 1 || !slices.ContainsFunc(pod.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool {
		return p.Name == endpoints[0].(map[string]any)["port"]
	}) {
		t.Errorf("the PodMonitor does not scrape a port of the Pods: %v", endpoints)
	}
}

func convert(t *testing.T, from *unstructured.Unstructured, to any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, to); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// rule is one alert.
type rule struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) []rule {
	t.Helper()
	var object struct {
		Spec struct{ Groups []struct{ Rules []rule } }
	}
	if err := yaml.Unmarshal(read(t, "rules.yaml"), &object); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, group := range object.Spec.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there is no rule")
	}
	return all
}

// TestAlerts checks that each alert says how severe it is, and links to its section of the guide.
func TestAlerts(t *testing.T) {
	const runbook = "https://github.com/karmada-io/image-trust/blob/main/docs/guides/monitoring.md#"
	guide := string(read(t, "../../docs/guides/monitoring.md"))
	for _, r := range rules(t) {
		if severity := r.Labels["severity"]; severity != "warning" && severity != "critical" {
			t.Errorf("%s has the severity %q", r.Alert, severity)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s says nothing", r.Alert)
		}
		if r.Annotations["runbook_url"] != runbook+strings.ToLower(r.Alert) || !strings.Contains(guide, "\n### "+r.Alert+"\n") {
			t.Errorf("%s links to %s, which must be a section of its own", r.Alert, r.Annotations["runbook_url"])
		}
	}
}

// TestDashboard reads the dashboard as Grafana's own types have it: no field is unknown or of another type.
func TestDashboard(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	content := read(t, "dashboard.json")
	// It returns an empty list of errors for none, and leaves panels out then.
	//nolint:staticcheck // Grafana still imports this schema, which has a successor
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(content); err != nil && err.Error() != "" {
		t.Fatal(err)
	}
	board := dashboard.Dashboard{} //nolint:staticcheck // as above
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatal(err)
	}
	if err := board.Validate(); err != nil {
		t.Error(err)
	}
	at, ids := map[[2]uint32]uint32{}, map[uint32]bool{}
	for _, p := range board.Panels {
		panel := p.Panel
		if panel == nil {
			continue // a row
		}
		if ids[*panel.Id] {
			t.Errorf("two panels have the id %d", *panel.Id)
		}
		ids[*panel.Id] = true
		if panel.Datasource == nil || *panel.Datasource.Uid != "${datasource}" {
			t.Errorf("panel %q does not use the data source that is chosen", *panel.Title)
		}
		for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
			for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
				if other, taken := at[[2]uint32{x, y}]; taken || x >= 24 {
					t.Fatalf("panels %d and %d overlap, or leave the grid", other, *panel.Id)
				}
				at[[2]uint32{x, y}] = *panel.Id
			}
		}
	}
	if len(ids) < 10 {
		t.Errorf("%d panels", len(ids))
	}
}

// TestMetricsExist checks that alerts and the dashboard use the operator's metrics and their labels only, and that every metric is
// used.
func TestMetricsExist(t *testing.T) {
	var all []string
	for _, r := range rules(t) {
		all = append(all, r.Expr)
	}
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(read(t, "dashboard.json"), &board); err != nil {
		t.Fatal(err)
	}
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	unused := map[string]metrics.Definition{}
	for _, d := range metrics.Definitions() {
		unused[d.Name] = d
	}
	known := maps.Clone(unused)
	for _, expression := range all {
		for _, match := range regexp.MustCompile(`(karmada_image_trust_\w+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(expression, -1) {
			name := match[1]
			d, ok := known[name]
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base, cut := strings.CutSuffix(name, suffix); cut && !ok {
					d, ok = known[base]
				}
			}
			if !ok {
				t.Errorf("no metric %s: %s", name, expression)
			}
			delete(unused, d.Name)
			for _, label := range regexp.MustCompile(`(\w+)[!=]`).FindAllStringSubmatch(match[2], -1) {
				if !slices.Contains(d.Labels, label[1]) {
					t.Errorf("%s has no label %s: %s", name, label[1], expression)
				}
			}
		}
	}
	for name := range unused {
		t.Errorf("neither an alert nor the dashboard uses %s", name)
	}
}
