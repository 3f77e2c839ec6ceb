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
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/suites/internal/recorded"
)

// TestStatesAreRecorded brings trusts into the states in which images do not matter, and records them for the tests of what Argo CD and
// Flux make of them. The states of images are recorded by the suite e2e/operator.
func TestStatesAreRecorded(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	o.create(gen.Trust("state"))
	o.record("applying", o.expect("state", "Ready=Unknown/ApplyingPolicy", "PolicyApplied=Unknown/PolicyNotReady"))
	o.reportReady("state", "False", "UpdatingConfigMap", "the ConfigMap is full")
	o.record("policy-failed", o.expect("state", "PolicyApplied=False/PolicyFailed"))
	o.reportReady("state", "True", "", "")
	ready := o.expect("state", "Ready=True/Reconciled", "ImagesVerified=True/NoImages")
	o.record("no-images", ready)

	o.create(gen.Trust("state-audit", gen.WithEnforcement(v1alpha1.EnforcementAudit)))
	o.record("audit", o.expect("state-audit", "Ready=True/Reconciled", "PolicyApplied=True/AuditMode"))

	foreign := newPolicy("state-conflict")
	foreign.Object["spec"] = map[string]any{
		"images":      []any{map[string]any{"glob": "index.docker.io/foreign/*"}},
		"authorities": []any{map[string]any{"name": "pass", "static": map[string]any{"action": "pass"}}},
	}
	if err := o.Create(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	o.create(gen.Trust("state-conflict"))
	o.record("policy-conflict", o.expect("state-conflict", "Stalled=True/PolicyConflict", "Ready=False/PolicyConflict"))

	// From here on nobody looks at the trusts.
	o.stop()
	ready.Spec.Enforcement = v1alpha1.EnforcementWarn
	if err := o.Update(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
	o.record("outdated", ready)
	created := o.create(gen.Trust("state-new"))
	o.record("new", created)
	if created.Status.ObservedGeneration != -1 {
		t.Error("a trust that the operator has not seen has a status that kstatus takes for a current one")
	}

	ready.Finalizers = []string{"example.com/hold"}
	if err := o.Update(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
	if err := o.Delete(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
	if err := o.Get(t.Context(), client.ObjectKeyFromObject(ready), ready); err != nil {
		t.Fatal(err)
	}
	o.record("deleting", ready)
	ready.Finalizers = nil
	if err := o.Update(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
}

// record compares a trust with the recorded one.
func (o *operator) record(name string, trust *v1alpha1.KarmadaImageTrust) {
	o.t.Helper()
	trust = trust.DeepCopy()
	trust.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "KarmadaImageTrust"}
	recorded.Compare(o.t, name, trust)
}
