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

package metrics

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

var now = time.Unix(1_800_000_000, 0)

// complete returns metrics with a series of each one in the table.
func complete() (m *Metrics, pool *Pool) {
	pool = &Pool{Waiting: 3, Busy: 2, Workers: 10, Hosts: []Host{{Name: "docker.io"}, {Name: "ghcr.io", NotAnswering: true}}}
	m = New("v1.2.3", Sources{
		Pool: func() Pool { return *pool },
		Roots: func() []Root {
			return []Root{
				{Remote: true, Confirmed: now, AuthoritiesExpire: now},
				{Name: "mine", Remote: true, AuthoritiesExpire: now, MetadataExpires: now},
			}
		},
	})
	m.Record(Pass{
		Trust: "karmada", Time: now, Enforcement: "Enforce", Mode: "enforce", Interval: time.Hour, LastVerdict: now, Repairs: 1,
		Conditions: []Condition{{v1alpha1.ReadyCondition, "True", v1alpha1.ReconciledReason}},
		Images:     map[Image]int{{"Untrusted", v1alpha1.UnsignedReason, "Running"}: 2},
		Workloads:  map[string]int{OutcomeDenied: 1},
		Containers: map[Container]int{{OutcomeDenied, v1alpha1.UnsignedReason}: 1},
		Gaps:       []string{v1alpha1.WarnModeReason},
	})
	m.Record(Pass{Trust: "fleet", Time: now, Clusters: map[string]int{ClustersSelected: 2, ClustersReporting: 1}})
	m.RejectedReports("karmada", 2)
	m.Verification("Verified", v1alpha1.SignedReason, time.Second)
	m.CredentialProvider("ecr", "answered", time.Second)
	m.Request(Request{Registry: "docker.io", Status: 200, Duration: time.Second})
	m.Request(Request{Registry: "docker.io", Status: 429, BackoffUntil: now})
	m.Request(Request{Registry: "docker.io", Withheld: true})
	return m, pool
}

func gather(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(m); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*dto.MetricFamily{}
	for _, family := range families {
		byName[family.GetName()] = family
	}
	return byName
}

// TestTable compares what is served with the table: every metric, its type and its labels.
func TestTable(t *testing.T) {
	m, _ := complete()
	got := gather(t, m)
	for _, d := range Definitions() {
		family := got[d.Name]
		if family == nil {
			t.Errorf("%s is not served", d.Name)
			continue
		}
		delete(got, d.Name)
		var labels []string
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		slices.Sort(labels)
		want := slices.Sorted(slices.Values(d.Labels))
		if diff := cmp.Diff(want, labels); diff != "" || family.GetHelp() != d.Help || !strings.EqualFold(family.GetType().String(), string(d.Type)) {
			t.Errorf("%s is a %s (%s), and its labels differ (-table +served):\n%s", d.Name, family.GetType(), family.GetHelp(), diff)
		}
	}
	for name := range got {
		t.Errorf("%s is not in the table", name)
	}
}

func TestPromlint(t *testing.T) {
	m, _ := complete()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	families, err := registry.Gather()
	if err != nil || len(families) != len(Definitions()) {
		t.Fatalf("%d families, %v", len(families), err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// TestDeletion: the series of a trust vanish with it, those of other trusts stay.
func TestDeletion(t *testing.T) {
	m, _ := complete()
	m.Forget("karmada")
	for name, family := range gather(t, m) {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetValue() == "karmada" {
					t.Errorf("%s: %s", name, metric)
				}
			}
		}
	}
	if got := testutil.CollectAndCount(m, fleetClusters); got != 2 {
		t.Errorf("%d series of the other trust", got)
	}
}

// TestRegistries: the first ones have series of their own, as long as images of them are asked for.
func TestRegistries(t *testing.T) {
	m, pool := complete()
	count := func() map[string]float64 {
		byRegistry := map[string]float64{}
		for _, metric := range gather(t, m)[registryRequests].GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == registryLabel {
					byRegistry[label.GetValue()] += metric.GetCounter().GetValue()
				}
			}
		}
		return byRegistry
	}
	for i := range 100 {
		host := Host{Name: fmt.Sprintf("registry-%d.example", i)}
		pool.Hosts = append(pool.Hosts, host)
		for status := range 1000 {
			m.Request(Request{Registry: host.Name, Status: status})
		}
	}
	got := count()
	if len(got) != maxRegistries+1 || got["docker.io"] != 2 || got["registry-0.example"] != 1000 || got[otherRegistries] < 50_000 {
		t.Errorf("%d registries: %v", len(got), got)
	}
	if series := testutil.CollectAndCount(m, registryRequests); series > (maxRegistries+1)*(len(usualStatuses)+6) {
		t.Errorf("%d series", series)
	}
	pool.Hosts = pool.Hosts[:1]
	gather(t, m)
	if got := count(); len(got) != 2 || got["docker.io"] != 2 {
		t.Errorf("after the images are gone: %v", got)
	}
	m.Request(Request{Registry: "new.example", Status: 200})
	pool.Hosts = append(pool.Hosts, Host{Name: "new.example"})
	if got := count(); got["new.example"] != 1 {
		t.Errorf("no series for a new registry: %v", got)
	}
}

// TestLastVerdict: the time of the last cycle with a verdict on every image is kept while there is none.
func TestLastVerdict(t *testing.T) {
	earlier, later := now.Add(-time.Hour), now.Add(time.Hour)
	for name, tc := range map[string]struct {
		passes []Pass
		want   time.Time
	}{
		"none":                     {passes: []Pass{{}}},
		"of an earlier process":    {passes: []Pass{{LastVerdictBefore: earlier}, {}}, want: earlier},
		"kept":                     {passes: []Pass{{LastVerdict: now}, {LastVerdictBefore: earlier}}, want: now},
		"newer":                    {passes: []Pass{{LastVerdict: now}, {LastVerdict: later}}, want: later},
		"not of an earlier one":    {passes: []Pass{{}, {LastVerdictBefore: earlier}}},
		"deleted and created anew": {passes: []Pass{{LastVerdict: now}, {Trust: "-"}, {}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := New("", Sources{})
			for _, pass := range tc.passes {
				if pass.Trust == "-" {
					m.Forget("")
					continue
				}
				m.Record(pass)
			}
			if got := gather(t, m)[lastVerdict].GetMetric()[0].GetGauge().GetValue(); got != seconds(tc.want) {
				t.Errorf("got %v, want %v", got, seconds(tc.want))
			}
		})
	}
}

// TestContainers: while a forecast is pending, that of the pass before holds.
func TestContainers(t *testing.T) {
	m := New("", Sources{})
	m.Record(Pass{Containers: map[Container]int{{OutcomeDenied, v1alpha1.UnsignedReason}: 1}})
	m.Record(Pass{})
	if got := testutil.CollectAndCount(m, forecastContainers); got != 1 {
		t.Errorf("%d series", got)
	}
	m.Record(Pass{Containers: map[Container]int{}})
	if got := testutil.CollectAndCount(m, forecastContainers); got != 0 {
		t.Errorf("%d series after the container is gone", got)
	}
}

// TestReasons compares the reasons with those of the API, and bounds all others.
func TestReasons(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/condition_consts.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	// Reasons of events alone are in no label.
	events := set(v1alpha1.PolicyRepairedReason, v1alpha1.PolicyRemovedReason, v1alpha1.ImageUntrustedReason,
		v1alpha1.ImageVerifiedReason, v1alpha1.PolicyReportRejectedReason)
	want := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasSuffix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if !events[value] {
			want[value] = true
		}
		return true
	})
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("reasons differ (-API +labels):\n%s", diff)
	}
	m := New("", Sources{})
	m.Record(Pass{Images: map[Image]int{{"Unknown", "Made", "Running"}: 1, {"Unknown", "Up", "Running"}: 2}, Gaps: []string{"Made", "Up"}})
	for _, name := range []string{images, enforcementGap} {
		if got := testutil.CollectAndCount(m, name); got != 1 {
			t.Errorf("%s has %d series", name, got)
		}
	}
}

// TestNil: without metrics, nothing is counted.
func TestNil(*testing.T) {
	var m *Metrics
	m.Record(Pass{})
	m.RejectedReports("a", 1)
	m.Forget("a")
	m.Verification("Verified", v1alpha1.SignedReason, time.Second)
	m.CredentialProvider("ecr", "answered", time.Second)
	m.Request(Request{})
}
