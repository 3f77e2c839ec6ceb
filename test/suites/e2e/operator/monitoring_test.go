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

package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/prometheus"
	"github.com/karmada-io/image-trust/test/lab/providers"
	"github.com/karmada-io/image-trust/test/lab/reportcrds"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// emptyPanels are the panels that are empty here, and why.
var emptyPanels = map[string]string{
	"Clusters": "only an operator on a Karmada control plane has clusters; test/suites/karmada queries them",
}

// monitoringFile is the path of a file of config/prometheus.
func monitoringFile(t *testing.T, name string) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "config", "prometheus", filepath.FromSlash(name))
}

func readMonitoringFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(monitoringFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// writeRules writes the groups of the PrometheusRule as Prometheus reads them, to rules.yaml in a directory.
func writeRules(t *testing.T, dir string) (file string, alerts []string) {
	t.Helper()
	var object struct {
		Spec struct{ Groups []map[string]any }
	}
	if err := yaml.Unmarshal(readMonitoringFile(t, "rules.yaml"), &object); err != nil {
		t.Fatal(err)
	}
	for _, group := range object.Spec.Groups {
		for _, rule := range group["rules"].([]any) {
			alerts = append(alerts, rule.(map[string]any)["alert"].(string))
		}
	}
	groups, err := yaml.Marshal(map[string]any{"groups": object.Spec.Groups})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(file, groups, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, alerts
}

// TestAlertRules runs the unit tests of the alerts with promtool. Each alert has a situation in which it fires, and one in which it
// does not.
func TestAlertRules(t *testing.T) {
	promtool, err := binaries.Find(binaries.Promtool)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rules, alerts := writeRules(t, dir)
	content := readMonitoringFile(t, "rules_test.yaml")
	if err := os.WriteFile(filepath.Join(dir, "rules_test.yaml"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", rules}, {"test", "rules", filepath.Join(dir, "rules_test.yaml")}} {
		if output, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Fatalf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
	var cases struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string `json:"alertname"`
				ExpAlerts []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	fires, silent, tested := map[string]bool{}, map[string]bool{}, 0
	for _, test := range cases.Tests {
		for _, one := range test.AlertRuleTest {
			fires[one.Alertname] = fires[one.Alertname] || len(one.ExpAlerts) > 0
			silent[one.Alertname] = silent[one.Alertname] || len(one.ExpAlerts) == 0
		}
	}
	for _, alert := range alerts {
		if fires[alert] && silent[alert] {
			tested++
			continue
		}
		t.Errorf("%s: a situation in which it fires: %t, one in which it does not: %t", alert, fires[alert], silent[alert])
	}
	fmt.Printf("figure: alert_rules_tested %d/%d\n", tested, len(alerts))
}

// TestMonitoringManifests has the API server validate the objects of the Prometheus operator by its own definitions.
func TestMonitoringManifests(t *testing.T) {
	for _, definition := range reportcrds.Monitoring() {
		crd, err := definition.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lab.Create(t, crd)
	}
	strict := client.WithFieldValidation(lab.Client, metav1.FieldValidationStrict)
	for _, file := range []string{"service.yaml", "service_monitor.yaml", "rules.yaml", "control-plane/pod_monitor.yaml"} {
		objects, err := manifest.Read(monitoringFile(t, file))
		if err != nil || len(objects) != 1 {
			t.Fatalf("%s: %d objects, %v", file, len(objects), err)
		}
		object := objects[0]
		object.SetNamespace(lab.OperatorAccount().Namespace)
		// The kinds are served a moment after they are defined.
		waitfor.NoError(t, func(ctx context.Context) error { return strict.Create(ctx, object.DeepCopy()) })
		t.Cleanup(func() { lab.Delete(t, object) })
	}
}

// monitored is the situation that the dashboard is looked at in: images of every verdict, a registry that limits requests, one that
// does not answer and one whose credential provider fails, workloads that would be denied, a policy that was deleted, and TrustRoots in
// TUF repositories.
type monitored struct{ first, second *v1alpha1.KarmadaImageTrust }

func monitor(t *testing.T, server *prometheus.Server) monitored {
	t.Helper()
	const (
		signed   = "docker.io/monitored/signed:v1"
		unsigned = "docker.io/monitored/unsigned:v1"
		later    = "docker.io/monitored-later/signed:v1"
		limited  = "limited.example.com/monitored/limited:v1"
		down     = "down.example.com/monitored/down"
		rejected = "registry.example/provider-monitored/app:v1"

		rejectedLater = "registry.example/provider-monitored-later/app:v1"
	)
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushSignedImage(t, later, labtest.Release)
	lab.PushImage(t, unsigned)
	for _, image := range []string{rejected, rejectedLater} {
		lab.PushImage(t, image)
		lab.Intercept(t, labtest.RepositoryOf(t, image), labtest.RequireBasicAuth("reader", "not that of the provider"))
	}
	lab.Intercept(t, "monitored/limited", labtest.RespondWith(http.StatusTooManyRequests))
	lab.Intercept(t, "monitored/down", labtest.RespondWith(http.StatusServiceUnavailable))
	in := prediction.New(t, lab).CreateNamespace("monitored", false)
	lab.Create(t, prediction.Workload{Kind: "Deployment", Namespace: in, Images: []string{unsigned}}.Object())

	first := labtest.NewTrust("monitored", "monitored", signed, limited, rejected, down+":v1", down+":v2", down+":v3", down+":v4")
	first.Spec.Images = append(first.Spec.Images, "limited.example.com/monitored/*", "down.example.com/monitored/*", "registry.example/provider-monitored/*")
	lab.Create(t, first)
	lab.WaitForTrust(t, first.Name,
		labtest.HasVerdict(signed, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(unsigned, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason),
		labtest.HasVerdict(rejected, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason),
		labtest.HasVerdict(limited, v1alpha1.VerdictUnknown, v1alpha1.RateLimitedReason),
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	// Rates need counters that increase after they were first scraped.
	waitForData(t, server, `karmada_image_trust_verification_duration_seconds_count{verdict="Verified"}`)
	waitForData(t, server, `karmada_image_trust_credential_provider_duration_seconds_count{provider="monitored"}`)
	waitForData(t, server, `karmada_image_trust_policy_repairs_total{trust="monitored"}`)
	waitForData(t, server, `karmada_image_trust_registry_not_answering{registry="down.example.com"} == 1`)

	made, err := lab.Policy(first.Name)(t.Context())
	if err != nil || made == nil {
		t.Fatalf("no policy: %v", err)
	}
	if err := lab.Client.Delete(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	second := labtest.NewTrust("monitored-later", "monitored-later", later)
	lab.Create(t, second)
	lab.WaitForTrust(t, second.Name, labtest.Reconciled)
	third := labtest.NewTrust("monitored-rejected", "monitored-rejected", rejectedLater)
	third.Spec.Images = append(third.Spec.Images, "registry.example/provider-monitored-later/*")
	lab.Create(t, third)

	mirror, packed, start := publish(t, labtest.NewSigstore(t), sigstore.WithoutRekorV2())
	for name, root := range map[string]*unstructured.Unstructured{
		"monitored-remote": sigstore.RemoteTrustRoot("monitored-remote", mirror, start),
		"monitored-packed": sigstore.PackedTrustRoot("monitored-packed", packed, start),
	} {
		lab.Create(t, root)
		trust := labtest.NewTrust(name, name)
		trust.Spec.Enforcement = v1alpha1.EnforcementAudit
		trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: name}
		lab.Create(t, trust)
	}
	return monitored{first: first, second: second}
}

// waitForData waits until a query has an answer that is a number.
func waitForData(t *testing.T, server *prometheus.Server, query string) {
	t.Helper()
	waitfor.State(t, func(ctx context.Context) ([]prometheus.Sample, error) { return server.Query(ctx, query) },
		func(samples []prometheus.Sample) string {
			if !hasData(samples) {
				return "no data for " + query
			}
			return ""
		})
}

func hasData(samples []prometheus.Sample) bool {
	for _, sample := range samples {
		if sample.Value[1] != "NaN" {
			return true
		}
	}
	return false
}

// panel of the dashboard.
type panel struct {
	Title   string
	Targets []struct{ Expr string }
}

// expand replaces the variables of the dashboard by what Grafana does with "All", and an interval that the whole test is in.
func expand(expression string) string {
	return strings.NewReplacer("$trust", ".*", "$__rate_interval", "10m").Replace(expression)
}

// TestMonitoring has a real Prometheus scrape the operator. Every query of the dashboard has an answer, and every alert is evaluated on
// metrics that exist.
func TestMonitoring(t *testing.T) {
	dir := t.TempDir()
	rules, alerts := writeRules(t, dir)
	program, err := providers.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	// A credential provider that fails.
	configured, err := providers.New(program, t.TempDir(), providers.Provider{Name: "monitored", Image: "registry.example"})
	if err != nil {
		t.Fatal(err)
	}
	lab.RestartOperator(t, configured.Flags()...)
	target, err := url.Parse(lab.MetricsURL)
	if err != nil {
		t.Fatal(err)
	}
	server, err := prometheus.Start(t.Context(), dir, target.Host, rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	situation := monitor(t, server)
	checkDashboard(t, server)
	checkAlerts(t, server, alerts)
	checkGuide(t, server)
	for _, query := range []string{
		`karmada_image_trust_images{trust="monitored",verdict="Verified",reason="Signed"} == 1`,
		`karmada_image_trust_images{trust="monitored",verdict="Untrusted",reason="Unsigned",usage="Requested"} == 1`,
		`sum(karmada_image_trust_images{trust="monitored",verdict="Unknown"}) == 6`,
		`karmada_image_trust_forecast_workloads{trust="monitored",outcome="DeniedOnceOptedIn"} == 1`,
		`karmada_image_trust_forecast_containers{trust="monitored",outcome="DeniedOnceOptedIn",reason="Unsigned"} == 1`,
		`karmada_image_trust_enforcement_gap{trust="monitored",reason="NamespacesNotOptedIn"} == 1`,
		`karmada_image_trust_policy_repairs_total{trust="monitored"} == 1`,
		`karmada_image_trust_registry_requests_total{registry="limited.example.com",code="429"} > 0`,
		`karmada_image_trust_registry_backoff_until_timestamp_seconds{registry="limited.example.com"} > 1e9`,
		`karmada_image_trust_credential_provider_duration_seconds_count{provider="monitored",outcome="failed"} > 0`,
		`karmada_image_trust_last_verdict_timestamp_seconds{trust="monitored"} == 0`,
		`karmada_image_trust_last_verdict_timestamp_seconds{trust="monitored-later"} > 1e9`,
	} {
		waitForData(t, server, query)
	}
	scraped := lab.ReadMetrics(t)
	problems, err := promlint.New(strings.NewReader(string(scraped))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "karmada_image_trust_") {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
	for _, trust := range []*v1alpha1.KarmadaImageTrust{situation.first, situation.second} {
		lab.Delete(t, trust)
		waitfor.True(t, "the series of the trust are gone", func(context.Context) (bool, error) {
			return !strings.Contains(string(lab.ReadMetrics(t)), `trust="`+trust.Name+`"`), nil
		})
	}
	if left := string(lab.ReadMetrics(t)); strings.Contains(left, "limited.example.com") || strings.Contains(left, "down.example.com") {
		t.Error("registries without images have series")
	}
}

func checkDashboard(t *testing.T, server *prometheus.Server) {
	t.Helper()
	var board struct{ Panels []panel }
	if err := json.Unmarshal(readMonitoringFile(t, "dashboard.json"), &board); err != nil {
		t.Fatal(err)
	}
	answered, queries := 0, 0
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			query := expand(target.Expr)
			if why, empty := emptyPanels[panel.Title]; empty {
				t.Logf("panel %q is empty here: %s", panel.Title, why)
				if samples, err := server.Query(t.Context(), query); err != nil || hasData(samples) {
					t.Errorf("panel %q is expected to be empty: %v, %v", panel.Title, samples, err)
				}
				continue
			}
			queries++
			t.Run("panel "+panel.Title, func(t *testing.T) {
				waitForData(t, server, query)
				answered++
			})
		}
	}
	if queries == 0 {
		t.Error("the dashboard has no queries")
	}
	fmt.Printf("figure: dashboard_queries_answered %d/%d\n", answered, queries)
}

// checkGuide checks that the queries in the guide have answers.
func checkGuide(t *testing.T, server *prometheus.Server) {
	t.Helper()
	guide := string(readMonitoringFile(t, "../../docs/guides/monitoring.md"))
	queries := 0
	for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(guide, -1) {
		for query := range strings.SplitSeq(block[1], "\n\n") {
			queries++
			waitForData(t, server, query)
		}
	}
	if queries == 0 {
		t.Error("the guide has no queries")
	}
}

// checkAlerts checks that Prometheus evaluates every alert, on metrics that exist.
func checkAlerts(t *testing.T, server *prometheus.Server, alerts []string) {
	t.Helper()
	evaluated := waitfor.State(t, server.Rules, func(rules []prometheus.Rule) string {
		for _, rule := range rules {
			if rule.Health == "unknown" {
				return rule.Name + " has not been evaluated yet"
			}
		}
		return ""
	})
	if len(evaluated) != len(alerts) {
		t.Errorf("%d alerts of %d", len(evaluated), len(alerts))
	}
	name := regexp.MustCompile(`karmada_image_trust_\w+`)
	for _, rule := range evaluated {
		if rule.Health != "ok" {
			t.Errorf("%s is %s: %s", rule.Name, rule.Health, rule.LastError)
		}
		for _, metric := range name.FindAllString(rule.Query, -1) {
			waitForData(t, server, "count("+metric+")")
		}
	}
}
