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

package policyreport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// fakeAPI keeps reports by namespace and name, and records the requests.
type fakeAPI struct {
	client.Client

	reports  map[client.ObjectKey]*unstructured.Unstructured
	requests []string
	// denied has the error of each write in a namespace.
	denied map[string]error
}

func (f *fakeAPI) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	found := list.(*unstructured.UnstructuredList)
	f.requests = append(f.requests, "list "+found.GetKind())
	for _, report := range f.reports {
		if options.LabelSelector.Matches(labels.Set(report.GetLabels())) {
			found.Items = append(found.Items, *report)
		}
	}
	return nil
}

func (f *fakeAPI) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	f.requests = append(f.requests, "get "+key.String())
	report := f.reports[key]
	if report == nil {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	report.DeepCopyInto(into.(*unstructured.Unstructured))
	return nil
}

func (f *fakeAPI) Delete(_ context.Context, object client.Object, _ ...client.DeleteOption) error {
	key := client.ObjectKeyFromObject(object)
	f.requests = append(f.requests, "delete "+key.String())
	delete(f.reports, key)
	return nil
}

func (f *fakeAPI) Apply(_ context.Context, configuration runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
	content, err := json.Marshal(configuration)
	if err != nil {
		return err
	}
	report := &unstructured.Unstructured{}
	if err := report.UnmarshalJSON(content); err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(report)
	f.requests = append(f.requests, "apply "+key.String())
	if err := f.denied[key.Namespace]; err != nil {
		return err
	}
	f.reports[key] = report
	return nil
}

// expect compares the requests since the last call.
func (f *fakeAPI) expect(t *testing.T, step string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.requests); diff != "" {
		t.Errorf("%s (-want +got):\n%s", step, diff)
	}
	f.requests = nil
}

// newReporter returns a Reporter of a fake API with the kinds installed.
func newReporter(installed ...schema.GroupVersionKind) (*Reporter, *fakeAPI, *testingclock.FakePassiveClock) {
	mapper := apimeta.NewDefaultRESTMapper(nil)
	for _, kind := range installed {
		mapper.Add(kind, apimeta.RESTScopeNamespace)
	}
	api := &fakeAPI{reports: map[client.ObjectKey]*unstructured.Unstructured{}}
	clock := testingclock.NewFakePassiveClock(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	return &Reporter{Client: api, Live: api, Mapper: mapper, Clock: clock}, api, clock
}

func write(t *testing.T, r *Reporter, results ...Result) {
	t.Helper()
	if rejections, err := writeAll(t, r, results); err != nil || len(rejections) > 0 {
		t.Fatal(err, rejections)
	}
}

func TestReporter(t *testing.T) {
	r, api, clock := newReporter(policyReport)
	one, two := newResult("one", "x", Pass), newResult("two", "x", Fail)

	write(t, r, one, two)
	api.expect(t, "the first time", "list PolicyReportList", "get one/image-trust-karmada", "apply one/image-trust-karmada",
		"get two/image-trust-karmada", "apply two/image-trust-karmada")
	write(t, r, one, two)
	api.expect(t, "the same results")
	clock.SetTime(clock.Now().Add(refreshInterval))
	write(t, r, one, two)
	api.expect(t, "the same results, after the refresh interval", "list PolicyReportList")

	changed := two
	changed.Outcome = Pass
	write(t, r, one, changed)
	api.expect(t, "other results in one namespace", "get two/image-trust-karmada", "apply two/image-trust-karmada")
	write(t, r, changed)
	api.expect(t, "no results in one namespace", "get one/image-trust-karmada", "delete one/image-trust-karmada")

	api.reports[client.ObjectKey{Namespace: "two", Name: "image-trust-karmada"}].Object["results"] = []any{}
	clock.SetTime(clock.Now().Add(refreshInterval))
	write(t, r, changed)
	api.expect(t, "a report that was edited", "list PolicyReportList", "apply two/image-trust-karmada")

	r.Forget("karmada")
	write(t, r, changed)
	api.expect(t, "a trust that was forgotten", "list PolicyReportList")
}

func TestReporterKinds(t *testing.T) {
	for name, tc := range map[string]struct {
		installed []schema.GroupVersionKind
		want      string
	}{
		"none":         {nil, ""},
		"PolicyReport": {[]schema.GroupVersionKind{policyReport}, "PolicyReport"},
		"both":         {[]schema.GroupVersionKind{policyReport, openReport}, "Report"},
	} {
		t.Run(name, func(t *testing.T) {
			r, api, _ := newReporter(tc.installed...)
			write(t, r, newResult("one", "x", Pass))
			got := ""
			for _, report := range api.reports {
				got += report.GetKind()
			}
			if got != tc.want {
				t.Errorf("wrote %q, want %q", got, tc.want)
			}
		})
	}
}

// TestReporterNoticesKinds installs a kind while the operator runs.
func TestReporterNoticesKinds(t *testing.T) {
	r, api, clock := newReporter()
	write(t, r, newResult("one", "x", Pass))
	r.Mapper.(*apimeta.DefaultRESTMapper).Add(policyReport, apimeta.RESTScopeNamespace)
	write(t, r, newResult("one", "x", Pass))
	api.expect(t, "before the refresh interval")
	clock.SetTime(clock.Now().Add(refreshInterval))
	write(t, r, newResult("one", "x", Pass))
	if len(api.reports) != 1 {
		t.Errorf("%d reports after the refresh interval, want 1", len(api.reports))
	}
}

func TestReporterKeepsReportsOfOthers(t *testing.T) {
	r, api, clock := newReporter(policyReport)
	other := &v1alpha1.KarmadaImageTrust{}
	other.Name, other.UID = "karmada", "other-uid"
	foreign := build(policyReport, other, []Result{newResult("one", "x", Pass)})["one"]
	key := client.ObjectKeyFromObject(foreign)
	for name, set := range map[string]map[string]string{
		"without our label": nil,
		"with our label":    {TrustLabel: "trust-uid"},
	} {
		t.Run(name, func(t *testing.T) {
			foreign.SetLabels(set)
			api.reports[key] = foreign
			r.Forget("karmada")
			results := []Result{newResult("one", "x", Fail), newResult("two", "x", Pass)}
			rejections, err := writeAll(t, r, results)
			want := fmt.Sprintf("PolicyReport %s exists and does not belong to this trust", key)
			if err != nil || len(rejections) != 1 || rejections[0].Namespace != "one" || !strings.Contains(rejections[0].Why, want) {
				t.Errorf("got %+v, error %v; want %q", rejections, err, want)
			}
			// It is no error, is tried again after the refresh interval, and is told once.
			for range 3 {
				results[1].Message += "changed"
				before := len(api.requests)
				if rejections, err := writeAll(t, r, results); err != nil || len(rejections) > 0 {
					t.Errorf("again: got %+v, error %v; want neither", rejections, err)
				}
				if slices.Contains(api.requests[before:], "get "+key.String()) {
					t.Error("it was tried again at once")
				}
				clock.SetTime(clock.Now().Add(time.Second))
			}
			clock.SetTime(clock.Now().Add(refreshInterval))
			before := len(api.requests)
			if rejections, err := writeAll(t, r, results); err != nil || len(rejections) > 0 {
				t.Errorf("after the refresh interval: got %+v, error %v; want neither", rejections, err)
			}
			if !slices.Contains(api.requests[before:], "get "+key.String()) {
				t.Error("it was not tried again after the refresh interval")
			}
			if api.reports[key] != foreign {
				t.Error("the report was changed")
			}
			if api.reports[client.ObjectKey{Namespace: "two", Name: key.Name}] == nil {
				t.Error("no report was written in the other namespace")
			}
		})
	}
}

// TestReporterIsNotHeldUp has the API server deny reports in the namespace of a tenant: by a quota, or because the report is too
// large.
func TestReporterIsNotHeldUp(t *testing.T) {
	for name, denial := range map[string]error{
		"quota":     apierrors.NewForbidden(schema.GroupResource{Resource: "policyreports"}, "x", errors.New("exceeded quota")),
		"too large": apierrors.NewRequestEntityTooLargeError("too large"),
	} {
		t.Run(name, func(t *testing.T) {
			r, api, _ := newReporter(policyReport)
			api.denied = map[string]error{"one": denial}
			rejections, err := writeAll(t, r, []Result{newResult("one", "x", Fail), newResult("two", "x", Pass)})
			if err != nil || len(rejections) != 1 || rejections[0].Namespace != "one" {
				t.Errorf("got %+v, error %v; want the denial", rejections, err)
			}
			if len(api.reports) != 1 {
				t.Errorf("%d reports were written, want that of the other namespace", len(api.reports))
			}
			// What a retry may cure is an error.
			r.Forget("karmada")
			api.denied["one"] = apierrors.NewServiceUnavailable("overloaded")
			if _, err := writeAll(t, r, []Result{newResult("one", "x", Fail)}); !apierrors.IsServiceUnavailable(err) {
				t.Errorf("got %v, want the error of the API server", err)
			}
		})
	}
}
