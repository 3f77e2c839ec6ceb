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

package integration

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policyreport"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/reportcrds"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// reporting is a reporter on the shared API server, with a clock of its own.
type reporting struct {
	*policyreport.Reporter
	client.Client

	namespaces []string // that had results
	t          *testing.T
	clock      *testingclock.FakePassiveClock
	trust      *v1alpha1.KarmadaImageTrust
}

// listed are the results of a trust.
type listed []policyreport.Result

// Namespaces returns the namespaces that have results.
func (l listed) Namespaces() []string {
	namespaces := map[string]bool{}
	for i := range l {
		namespaces[l[i].Namespace] = true
	}
	return slices.Sorted(maps.Keys(namespaces))
}

// In returns the results of a namespace.
func (l listed) In(namespace string) []policyreport.Result {
	return slices.DeleteFunc(slices.Clone(l), func(r policyreport.Result) bool { return r.Namespace != namespace })
}

// result on a Deployment in a namespace.
func result(namespace, name string, outcome policyreport.Outcome) policyreport.Result {
	return policyreport.Result{
		APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: name, UID: types.UID("uid-" + name),
		Container: "main", Image: "docker.io/karmada/" + name + ":v1", Digest: "sha256:1",
		Outcome: outcome, Reason: "Unsigned", Message: "no signature", Policy: "karmada",
	}
}

func newReporting(t *testing.T) *reporting {
	t.Helper()
	config := rest.CopyConfig(shared.Config())
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, httpClient)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	installCRD(t, c)
	r := &reporting{Client: c, t: t, clock: testingclock.NewFakePassiveClock(time.Now()), trust: gen.Trust("reports")}
	if err := c.Create(t.Context(), r.trust); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.WithoutCancel(t.Context()), r.trust); err != nil {
			t.Error(err)
		}
	})
	for _, namespace := range []string{"reports-one", "reports-two"} {
		if err := c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
			t.Fatal(err)
		}
	}
	r.Reporter = &policyreport.Reporter{Client: c, Live: c, Mapper: mapper, Clock: r.clock}
	return r
}

// write writes results an hour after the last ones.
func (r *reporting) write(results ...policyreport.Result) ([]policyreport.Rejection, error) {
	r.t.Helper()
	r.clock.SetTime(r.clock.Now().Add(time.Hour))
	changed := map[string]bool{}
	for _, namespace := range append(r.namespaces, listed(results).Namespaces()...) {
		changed[namespace] = true
	}
	r.namespaces = slices.Sorted(maps.Keys(changed))
	return r.Write(r.t.Context(), r.trust, listed(results), changed)
}

func (r *reporting) mustWrite(results ...policyreport.Result) {
	r.t.Helper()
	if rejections, err := r.write(results...); err != nil || len(rejections) > 0 {
		r.t.Fatal(err, rejections)
	}
}

func (r *reporting) install(definition reportcrds.Definition) {
	r.t.Helper()
	crd, err := definition.Read(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.Create(r.t.Context(), crd); err != nil {
		r.t.Fatal(err)
	}
	waitfor.NoError(r.t, func(context.Context) error {
		versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		version := versions[0].(map[string]any)["name"].(string)
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(group + "/" + version)
		list.SetKind(kind + "List")
		return r.List(r.t.Context(), list)
	})
}

// reports as NAMESPACE/NAME and each result's OUTCOME WORKLOAD; and their resource versions.
func (r *reporting) reports(apiVersion, kind string) (content, versions []string) {
	r.t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(apiVersion)
	list.SetKind(kind + "List")
	if err := r.List(r.t.Context(), list); err != nil {
		r.t.Fatal(err)
	}
	for _, item := range list.Items {
		line := item.GetNamespace() + "/" + item.GetName()
		results, _, _ := unstructured.NestedSlice(item.Object, "results")
		for _, entry := range results {
			fields := entry.(map[string]any)
			resource := fields["resources"].([]any)[0].(map[string]any)
			line += fmt.Sprintf(" %s %s/%s", fields["result"], resource["kind"], resource["name"])
		}
		fails, _, _ := unstructured.NestedInt64(item.Object, "summary", "fail")
		content = append(content, fmt.Sprintf("%s (%d fail)", line, fails))
		versions = append(versions, item.GetResourceVersion())
	}
	return content, versions
}

// TestReports takes reports through their life, on both definitions.
func TestReports(t *testing.T) {
	r := newReporting(t)
	r.mustWrite(result("reports-one", "a", policyreport.Fail)) // nothing is installed: nothing is lost

	for _, tc := range []struct {
		definition       reportcrds.Definition
		apiVersion, kind string
	}{
		{reportcrds.PolicyReport(), "wgpolicyk8s.io/v1alpha2", "PolicyReport"},
		{reportcrds.Report(), "openreports.io/v1alpha1", "Report"},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			r.t = t
			r.install(tc.definition)
			expect := func(what string, want ...string) {
				t.Helper()
				if got, _ := r.reports(tc.apiVersion, tc.kind); !cmp.Equal(want, got) {
					t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(want, got))
				}
			}
			results := []policyreport.Result{
				result("reports-one", "a", policyreport.Pass), result("reports-one", "b", policyreport.Fail), result("reports-two", "c", policyreport.Error),
			}
			r.mustWrite(results...)
			want := []string{
				"reports-one/image-trust-reports fail Deployment/b pass Deployment/a (1 fail)",
				"reports-two/image-trust-reports error Deployment/c (0 fail)",
			}
			expect("written", want...)
			_, before := r.reports(tc.apiVersion, tc.kind)
			r.mustWrite(results...)
			if _, after := r.reports(tc.apiVersion, tc.kind); !cmp.Equal(before, after) {
				t.Errorf("what had not changed was written again: %v, then %v", before, after)
			}

			// A user edits one of them.
			edited := &unstructured.Unstructured{}
			edited.SetAPIVersion(tc.apiVersion)
			edited.SetKind(tc.kind)
			edited.SetNamespace("reports-one")
			edited.SetName("image-trust-reports")
			patch := client.RawPatch(types.MergePatchType, []byte(`{"results": [], "summary": {"fail": 0}}`))
			if err := r.Patch(t.Context(), edited, patch); err != nil {
				t.Fatal(err)
			}
			r.mustWrite(results...)
			expect("repaired", want...)

			r.mustWrite(results[2])
			expect("a namespace without results", want[1])
			r.mustWrite()
			expect("no results")

			// A report that is not the trust's is left unchanged.
			edited.SetResourceVersion("")
			edited.SetUID("")
			edited.SetLabels(nil)
			edited.SetOwnerReferences(nil)
			edited.Object["results"], edited.Object["summary"] = []any{}, map[string]any{}
			if tc.kind == "Report" {
				edited.Object["source"] = "somebody else"
			}
			if err := r.Create(t.Context(), edited); err != nil {
				t.Fatal(err)
			}
			rejections, err := r.write(results...)
			if err != nil || len(rejections) != 1 || !strings.Contains(rejections[0].Why, "does not belong to this trust") {
				t.Errorf("a foreign report: got %v, error %v", rejections, err)
			}
			if err := r.Delete(t.Context(), edited); err != nil {
				t.Fatal(err)
			}
			r.mustWrite()
		})
	}
}
