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
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/reportcrds"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPolicyReports checks that the operator writes PolicyReports with the rights that config/reports adds.
func TestPolicyReports(t *testing.T) {
	const unsigned = "docker.io/reported/unsigned:v1"
	lab.PushImage(t, unsigned)
	crd, err := reportcrds.PolicyReport().Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, crd)
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"role.yaml", "role_binding.yaml"} {
		objects, err := manifest.Read(filepath.Join(root, "config", "reports", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			lab.Create(t, object)
		}
	}
	waitfor.State(t, func(ctx context.Context) (*unstructured.UnstructuredList, error) {
		list := reportList()
		return list, lab.Client.List(ctx, list)
	}, waitfor.Any)
	lab.RestartOperator(t, "--policy-reports")

	in := prediction.New(t, lab).CreateNamespace("reported", false)
	workload := prediction.Workload{Kind: "Deployment", Namespace: in, Images: []string{unsigned}}.Object()
	lab.Create(t, workload)
	trust := labtest.NewTrust("reported", "reported")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	lab.Create(t, trust)
	waitfor.State(t, func(ctx context.Context) (*unstructured.UnstructuredList, error) {
		list := reportList()
		return list, lab.Client.List(ctx, list, client.InNamespace(in))
	}, func(list *unstructured.UnstructuredList) string {
		if len(list.Items) != 1 {
			return "no report"
		}
		results, _, _ := unstructured.NestedSlice(list.Items[0].Object, "results")
		if len(results) != 1 {
			return "not one result"
		}
		got, _ := results[0].(map[string]any)
		resource, _ := got["resources"].([]any)[0].(map[string]any)
		if got["result"] != "fail" || got["policy"] != trust.Name || resource["name"] != workload.GetName() {
			return "not the result for the workload"
		}
		return ""
	})
}

func reportList() *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion("wgpolicyk8s.io/v1alpha2")
	list.SetKind("PolicyReportList")
	return list
}
