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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// TestPolicyControllerComesLaterAndGoes needs an API server of its own.
func TestPolicyControllerComesLaterAndGoes(t *testing.T) {
	h, err := harness.Start(t.Context(), harness.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Stop(); err != nil {
			t.Error(err)
		}
	})
	checkReadyWithoutPolicyController(t, h)
	o := start(t, h.Config())
	o.create(gen.Trust("early"))
	o.record("no-policy-controller",
		o.expect("early", "PolicyApplied=Unknown/PolicyControllerNotInstalled", "Ready=Unknown/ApplyingPolicy", "Reconciling", "!Stalled"))

	installPolicyController(t, h)
	o.policy("early", exists)
	o.expect("early", "PolicyApplied=Unknown/PolicyNotReady")
	o.reportReady("early", "True", "", "")
	o.expect("early", "PolicyApplied=True/Applied", "Ready=True/Reconciled", "!Reconciling")

	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName("clusterimagepolicies.policy.sigstore.dev")
	if err := o.Delete(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	o.expect("early", "PolicyApplied=Unknown/PolicyControllerNotInstalled", "Ready=Unknown/ApplyingPolicy")
	waitfor.NoError(t, func(context.Context) error {
		if err := o.Get(t.Context(), client.ObjectKeyFromObject(crd), crd); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the CRD is still there: %w", err)
		}
		return nil
	})
	installPolicyController(t, h)
	o.policy("early", exists)
}

func TestPolicyIsMirrored(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	o.create(gen.Trust("mirror"))
	trust := o.expect("mirror", "PolicyApplied=Unknown/PolicyNotReady", "Ready=Unknown/ApplyingPolicy")
	if diff := cmp.Diff(&v1alpha1.PolicyStatus{Name: "mirror", Mode: "enforce", Ready: metav1.ConditionUnknown}, trust.Status.Policy); diff != "" {
		t.Errorf("status.policy (-want +got):\n%s", diff)
	}
	o.reportReady("mirror", "False", "UpdatingConfigMap", "the ConfigMap is full")
	o.expect("mirror", "PolicyApplied=False/PolicyFailed", "Ready=Unknown/ApplyingPolicy")
	o.reportReady("mirror", "True", "", "")
	trust = o.expect("mirror", "PolicyApplied=True/Applied", "Ready=True/Reconciled", "ImagesVerified=True/NoImages")

	// A new spec makes policy-controller's word an old one.
	trust.Spec.Enforcement = v1alpha1.EnforcementWarn
	if err := o.Update(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	trust = o.expect("mirror", "PolicyApplied=Unknown/PolicyNotReady")
	if got := trust.Status.Policy.Mode; got != "warn" {
		t.Errorf("mode %s, want warn", got)
	}
}

func TestPolicyHasOneOwner(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	trust := o.create(gen.Trust("owner"))
	cip := o.policy("owner", exists)
	want := []metav1.OwnerReference{{
		APIVersion: "trust.karmada.io/v1alpha1", Kind: "KarmadaImageTrust", Name: "owner", UID: trust.UID, Controller: new(true),
	}}
	if diff := cmp.Diff(want, cip.GetOwnerReferences()); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	for _, entry := range cip.GetManagedFields() {
		if entry.Manager != "karmada-image-trust" || entry.Operation != metav1.ManagedFieldsOperationApply {
			t.Errorf("fields are managed by %s (%s)", entry.Manager, entry.Operation)
		}
	}
}

func TestDriftIsRepaired(t *testing.T) {
	installPolicyController(t, shared)
	tests := map[string]func(*unstructured.Unstructured){
		"another mode":  func(u *unstructured.Unstructured) { set(u, "warn", "spec", "mode") },
		"one more glob": func(u *unstructured.Unstructured) { set(u, []any{map[string]any{"glob": "x/**"}}, "spec", "images") },
		"an added match": func(u *unstructured.Unstructured) {
			set(u, []any{map[string]any{"resource": "pods", "version": "v1"}}, "spec", "match")
		},
		"our label removed": func(u *unstructured.Unstructured) { u.SetLabels(nil) },
		"our owner removed": func(u *unstructured.Unstructured) { u.SetOwnerReferences(nil) },
	}
	o := start(t, shared.Config())
	o.create(gen.Trust("drift"))
	o.policy("drift", exists)
	o.expect("drift", "PolicyApplied=Unknown/PolicyNotReady")
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			o.t = t
			before := o.policy("drift", exists)
			want := before.DeepCopy()
			change(before)
			if err := o.Update(t.Context(), before, client.FieldOwner("somebody")); err != nil {
				t.Fatal(err)
			}
			o.policy("drift", func(u *unstructured.Unstructured) error {
				if u.GetLabels()[policy.ManagedByLabel] != policy.ManagedByValue {
					return fmt.Errorf("labels %v", u.GetLabels())
				}
				if diff := cmp.Diff(want.GetOwnerReferences(), u.GetOwnerReferences()); diff != "" {
					return fmt.Errorf("owners (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(want.Object["spec"], u.Object["spec"]); diff != "" {
					return fmt.Errorf("spec (-want +got):\n%s", diff)
				}
				return nil
			})
		})
	}
	o.t = t
	t.Run("deleted", func(t *testing.T) {
		cip := o.policy("drift", exists)
		if err := o.Delete(t.Context(), cip); err != nil {
			t.Fatal(err)
		}
		o.policy("drift", func(u *unstructured.Unstructured) error {
			if u.GetUID() == cip.GetUID() {
				return fmt.Errorf("still the old one")
			}
			return nil
		})
	})
}

func set(u *unstructured.Unstructured, value any, path ...string) {
	if err := unstructured.SetNestedField(u.Object, value, path...); err != nil {
		panic(err)
	}
}

func TestForeignPolicyIsLeftAlone(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	theirs := newPolicy("foreign")
	set(theirs, []any{map[string]any{"glob": "theirs/**"}}, "spec", "images")
	if err := o.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	o.create(gen.Trust("foreign"))
	o.expect("foreign", "PolicyApplied=False/PolicyConflict", "Ready=False/PolicyConflict", "Stalled=True/PolicyConflict", "!Reconciling")
	if now := o.policy("foreign", exists); now.GetResourceVersion() != theirs.GetResourceVersion() {
		t.Errorf("the foreign policy was written to: %v", now.Object)
	}
	if err := o.Delete(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	o.expect("foreign", "PolicyApplied=Unknown/PolicyNotReady", "!Stalled")
}

// TestPropagatedPolicyIsNotAdopted has Karmada propagate a policy that is rendered exactly as the operator renders it. Two owners
// would write to it in turn, and removing the trust would remove the policy from the cluster.
func TestPropagatedPolicyIsNotAdopted(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	o.create(gen.Trust("own"))
	propagated := newPolicy("propagated")
	propagated.Object["spec"] = o.policy("own", exists).Object["spec"]
	propagated.SetLabels(map[string]string{policy.ManagedByLabel: policy.ManagedByValue, "karmada.io/managed": "true"})
	if err := o.Create(t.Context(), propagated); err != nil {
		t.Fatal(err)
	}
	o.create(gen.Trust("propagated"))
	trust := o.expect("propagated", "PolicyApplied=False/PolicyConflict", "Ready=False/PolicyConflict", "Stalled=True/PolicyConflict")
	applied := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.PolicyAppliedCondition)
	if !strings.Contains(applied.Message, "was propagated to this cluster by Karmada") {
		t.Errorf("the message does not name Karmada: %s", applied.Message)
	}
	if err := o.Delete(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	o.create(gen.Trust("later"))
	o.policy("later", exists)
	if now := o.policy("propagated", exists); now.GetResourceVersion() != propagated.GetResourceVersion() {
		t.Errorf("the propagated policy was written to: %v", now.Object)
	}
}

func TestAuditRemovesThePolicy(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	o.create(gen.Trust("audit"))
	o.policy("audit", exists)
	trust := o.expect("audit", "PolicyApplied=Unknown/PolicyNotReady")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	if err := o.Update(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	trust = o.expect("audit", "PolicyApplied=True/AuditMode", "Ready=True/Reconciled")
	if trust.Status.Policy != nil {
		t.Errorf("status.policy is %v, want none", trust.Status.Policy)
	}
	if err := o.Get(t.Context(), client.ObjectKey{Name: "audit"}, newPolicy("audit")); !apierrors.IsNotFound(err) {
		t.Errorf("the policy is still there: %v", err)
	}
}

func TestRejectedPolicyStalls(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	denyPolicy(t, o)
	o.create(gen.Trust("denied"))
	trust := o.expect("denied", "PolicyApplied=False/PolicyRejected", "Ready=False/PolicyRejected", "Stalled=True/PolicyRejected")
	t.Log(trust.Status.Conditions)
}

// denyPolicy has the API server deny policies of one name, as the webhook of policy-controller would.
func denyPolicy(t *testing.T, o *operator) {
	t.Helper()
	for _, object := range []map[string]any{
		{
			"kind": "ValidatingAdmissionPolicy",
			"spec": map[string]any{
				"failurePolicy": "Fail",
				"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
					"apiGroups": []any{"policy.sigstore.dev"}, "apiVersions": []any{"*"},
					"operations": []any{"CREATE", "UPDATE"}, "resources": []any{"clusterimagepolicies"},
				}}},
				"validations": []any{map[string]any{
					"expression": "object.metadata.name != 'denied'", "message": "not this one", "reason": "Invalid",
				}},
			},
		},
		{
			"kind": "ValidatingAdmissionPolicyBinding",
			"spec": map[string]any{"policyName": "deny", "validationActions": []any{"Deny"}},
		},
	} {
		u := &unstructured.Unstructured{Object: object}
		u.SetAPIVersion("admissionregistration.k8s.io/v1")
		u.SetName("deny")
		if err := o.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := o.Delete(t.Context(), u); err != nil {
				t.Log(err)
			}
		})
	}
	// The API server takes it up when it does.
	waitfor.NoError(t, func(context.Context) error {
		err := o.Create(t.Context(), newDeniedPolicy(), client.DryRunAll)
		if !apierrors.IsInvalid(err) {
			return fmt.Errorf("not denied yet: %w", err)
		}
		return nil
	})
}

func newDeniedPolicy() *unstructured.Unstructured {
	cip := newPolicy("denied")
	set(cip, []any{map[string]any{"glob": "x/**"}}, "spec", "images")
	return cip
}

func TestInvalidSpecLeavesThePolicy(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	o.create(gen.Trust("invalid"))
	cip := o.policy("invalid", exists)
	trust := o.expect("invalid", "PolicyApplied=Unknown/PolicyNotReady")
	trust.Spec.Verification = &v1alpha1.Verification{References: []v1alpha1.ImageReference{"docker.io/other/x:v1"}}
	if err := o.Update(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	o.expect("invalid", "PolicyApplied=False/InvalidSpec", "ImagesVerified=Unknown/InvalidSpec", "Ready=False/InvalidSpec", "Stalled=True/InvalidSpec")
	if now := o.policy("invalid", exists); now.GetResourceVersion() != cip.GetResourceVersion() {
		t.Errorf("the policy was written to: %v", now.Object)
	}
}

func TestNoRootOfTrust(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	trust := gen.Trust("rootless")
	trust.Spec.Verification = &v1alpha1.Verification{References: []v1alpha1.ImageReference{
		// A digest, so that no request is sent to a registry.
		"docker.io/karmada/x@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
	}}
	o.create(trust)
	trust = o.expect("rootless", "ImagesVerified=Unknown/VerificationUnavailable")
	image := trust.Status.Images[0]
	if image.Verdict != v1alpha1.VerdictUnknown || image.Reason != v1alpha1.TrustRootUnavailableReason || image.Message != "the mirror does not answer" {
		t.Errorf("got %+v", image)
	}
}

// TestStatusWritesInABurst counts, by the API server's own audit log, what many trusts at once cost.
func TestStatusWritesInABurst(t *testing.T) {
	const trusts = 100
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	begin := time.Now()
	for i := range trusts {
		o.create(gen.Trust(fmt.Sprintf("burst-%03d", i)))
	}
	for i := range trusts {
		o.expect(fmt.Sprintf("burst-%03d", i), "PolicyApplied=Unknown/PolicyNotReady")
	}
	o.stop()
	requests, err := shared.Requests(begin)
	if err != nil {
		t.Fatal(err)
	}
	writes := map[string]int{}
	for _, r := range requests {
		if r.IsWrite() && r.Resource == "karmadaimagetrusts" && r.Subresource == "status" {
			writes["status"]++
		}
		if r.IsWrite() && r.Resource == "clusterimagepolicies" && r.Subresource == "" {
			writes["policy"]++
		}
	}
	fmt.Printf("figure: status_writes_per_trust_in_a_burst %.2f\n", float64(writes["status"])/trusts)
	fmt.Printf("figure: policy_writes_per_trust_in_a_burst %.2f\n", float64(writes["policy"])/trusts)
	// The policy once; the status once while verification begins and once when it is done.
	if writes["policy"] != trusts || writes["status"] > 2*trusts {
		t.Errorf("%d trusts cost %v writes", trusts, writes)
	}
}
