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
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestRepair changes or deletes the policy behind the operator's back.
func TestRepair(t *testing.T) {
	const image = "docker.io/repair/signed:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	edits := map[string]func(made *unstructured.Unstructured){
		"subject": func(made *unstructured.Unstructured) {
			authority := firstAuthority(made)
			identities := []any{map[string]any{"issuer": labtest.Release.Issuer, "subjectRegExp": ".*"}}
			_ = unstructured.SetNestedSlice(authority, identities, "keyless", "identities")
			labtest.SetAuthorities(made, authority)
		},
		"second-authority": func(made *unstructured.Unstructured) {
			labtest.SetAuthorities(made, firstAuthority(made), map[string]any{"name": "any", "static": map[string]any{"action": "pass"}})
		},
		"mode": func(made *unstructured.Unstructured) { made.Object["spec"].(map[string]any)["mode"] = "warn" },
		"match": func(made *unstructured.Unstructured) {
			made.Object["spec"].(map[string]any)["match"] = []any{map[string]any{"resource": "jobs", "group": "batch", "version": "v1"}}
		},
		"glob": func(made *unstructured.Unstructured) {
			made.Object["spec"].(map[string]any)["images"] = []any{map[string]any{"glob": "index.docker.io/repair/*"}, map[string]any{"glob": "**"}}
		},
		"label":  func(made *unstructured.Unstructured) { made.SetLabels(nil) },
		"owner":  func(made *unstructured.Unstructured) { made.SetOwnerReferences(nil) },
		"delete": nil,
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			trust := labtest.NewTrust("repair-"+name, "repair", image)
			lab.Create(t, trust)
			lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
			made, err := lab.Policy(trust.Name)(t.Context())
			if err != nil || made == nil {
				t.Fatalf("no policy: %v", err)
			}
			want := fieldsOf(made)
			if edit == nil {
				if err := lab.Client.Delete(t.Context(), made); err != nil {
					t.Fatal(err)
				}
			} else {
				labtest.Update(t, lab.Client, made.DeepCopy(), edit)
			}
			waitfor.State(t, lab.Policy(trust.Name), func(got *unstructured.Unstructured) string {
				switch {
				case got == nil:
					return "the policy is gone"
				case edit == nil && got.GetUID() == made.GetUID():
					return "the policy is still the one that was deleted"
				}
				return cmp.Diff(want, fieldsOf(got))
			})
			waitfor.State(t, lab.EventReasons(trust.Name), labtest.Contains(v1alpha1.PolicyRepairedReason))
			lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
			lab.WaitUntilAllowed(t, image)
		})
	}
}

// policyFields are the fields of a policy that the operator owns.
type policyFields struct {
	Spec  any
	Label string
	Owner []metav1.OwnerReference
}

func fieldsOf(made *unstructured.Unstructured) policyFields {
	return policyFields{Spec: made.Object["spec"], Label: made.GetLabels()[policy.ManagedByLabel], Owner: made.GetOwnerReferences()}
}

func firstAuthority(made *unstructured.Unstructured) map[string]any {
	authorities, _, _ := unstructured.NestedSlice(made.Object, "spec", "authorities")
	return authorities[0].(map[string]any)
}

// TestForeignPolicy checks that the operator does not touch a policy that it did not create.
func TestForeignPolicy(t *testing.T) {
	const image = "docker.io/foreign/signed:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	foreign := labtest.NewPolicy("foreign")
	foreign.Object["spec"] = map[string]any{
		"images":      []any{map[string]any{"glob": "index.docker.io/foreign/*"}},
		"authorities": []any{map[string]any{"name": "pass", "static": map[string]any{"action": "pass"}}},
	}
	lab.Create(t, foreign)
	// From here on policy-controller does not write to it either.
	foreign = waitfor.State(t, lab.Policy("foreign"), labtest.PolicyReady)

	trust := labtest.NewTrust("foreign", "foreign", image)
	lab.Create(t, trust)
	conflict := v1alpha1.PolicyConflictReason
	lab.WaitForTrust(t, trust.Name,
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, conflict),
		labtest.HasCondition(v1alpha1.ReadyCondition, metav1.ConditionFalse, conflict),
		labtest.HasCondition(v1alpha1.StalledCondition, metav1.ConditionTrue, conflict),
		// The verdict does not depend on the policy.
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason),
		hasMode(""))
	// Under Audit a policy of the trust's own would be deleted.
	lab.SetEnforcement(t, trust, v1alpha1.EnforcementAudit)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
	lab.WaitForTrust(t, trust.Name, labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, conflict))
	now, err := lab.Policy("foreign")(t.Context())
	if err != nil || now == nil || now.GetResourceVersion() != foreign.GetResourceVersion() {
		t.Errorf("the foreign policy was touched (-before +now): %s, %v", cmp.Diff(foreign, now), err)
	}

	if err := lab.Client.Delete(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	for _, c := range got.Status.Conditions {
		if c.Type == v1alpha1.StalledCondition {
			t.Errorf("still stalled: %s", c.Message)
		}
	}
	lab.WaitUntilAllowed(t, image)
}

// TestDeletion checks that the policy is deleted with its trust, for each propagation policy that deletes dependents.
func TestDeletion(t *testing.T) {
	for _, propagation := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		t.Run(string(propagation), func(t *testing.T) {
			trust := labtest.NewTrust("deletion", "deletion")
			lab.Create(t, trust)
			lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
			if err := lab.Client.Delete(t.Context(), trust, client.PropagationPolicy(propagation)); err != nil {
				t.Fatal(err)
			}
			waitfor.State(t, lab.Policy(trust.Name), func(got *unstructured.Unstructured) string {
				if got != nil {
					return "the policy is still there"
				}
				return ""
			})
			lab.Delete(t, trust)
		})
	}
}
