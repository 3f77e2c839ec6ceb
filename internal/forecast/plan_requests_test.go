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

package forecast_test

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// oneSignature answers that every image has one signature, and no registry wants tokens.
func oneSignature(q requests.Question) (requests.Answer, string) {
	if q.Kind == requests.Signatures {
		return requests.Answer{Layers: 1}, ""
	}
	return requests.Answer{}, ""
}

// TestExpect: the policy has one authority, which takes a handshake, a manifest and a blob; a tag takes a handshake and a manifest.
func TestExpect(t *testing.T) {
	workloads := []inventory.Workload{deployment("good", "karmada/good:v1"), deployment("bad", "karmada/bad:v1"), deployment("other", "nginx:1")}
	pods := []workload.Pods{{Count: 10, Known: true}, {Count: 10, Known: true}, {Count: 10, Known: true}}
	cluster := newCluster(t)
	plan := forecast.NewPlan(cluster, workloads, judge)
	plan.Expect(forecast.Rollouts{Cluster: cluster, Workloads: workloads, Pods: pods, Judge: judge}.Predict(oneSignature))
	want := map[string]int64{"good": 2 + 3*12, "bad": 2 + 3, "other": 2}
	var sum int64
	for _, w := range plan.Workloads {
		if w.RegistryRequests == nil || w.RegistryRequests.Count == nil || w.RegistryRequests.Total != want[w.Name] {
			t.Errorf("%s: got %+v, want %d", w.Name, w.RegistryRequests, want[w.Name])
		}
		sum += want[w.Name]
	}
	if got := plan.Summary.RegistryRequests; got == nil || got.Count == nil || got.Total != sum || got.Pods != nil {
		t.Errorf("summary: got %+v, want %d", got, sum)
	}
}

// TestExpectByRules: the webhooks are called for pods only, each of which resolves its tag, and pods that are denied are tried again.
func TestExpectByRules(t *testing.T) {
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
	}}
	cluster := newCluster(t)
	cluster.Namespace = func(string) (map[string]string, bool) { return nil, true }
	cluster.Validating = admission.FindValidating("w", []admissionregistrationv1.ValidatingWebhookConfiguration{
		{Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", Rules: rules}}},
	})
	cluster.Mutating = admission.FindMutating("w", []admissionregistrationv1.MutatingWebhookConfiguration{
		{Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", Rules: rules}}},
	})
	rollouts := forecast.Rollouts{
		Cluster: cluster, Workloads: []inventory.Workload{deployment("good", "karmada/good:v1"), deployment("bad", "karmada/bad:v1")},
		Pods: []workload.Pods{{Count: 10, Known: true}, {Count: 10, Known: true}}, Judge: judge,
	}
	got := rollouts.Predict(oneSignature)
	if good := got[0]; good.Count == nil || good.Total != 10*(2+3) {
		t.Errorf("got %+v, want 50", good)
	}
	if bad := got[1]; bad.Count != nil || bad.AtLeast == nil || bad.AtLeast.Total != 2+3 || len(bad.Unknown) != 1 {
		t.Errorf("got %+v, want at least 5", bad)
	}
}
