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

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// TestRepair has somebody else change or delete the policy.
func TestRepair(t *testing.T) {
	const image = "docker.io/repair/signed:v1"
	pushSigned(t, image, release)
	edits := map[string]func(made *unstructured.Unstructured){
		"subject": func(made *unstructured.Unstructured) {
			authority := firstAuthority(made)
			identities := []any{map[string]any{"issuer": release.Issuer, "subjectRegExp": ".*"}}
			_ = unstructured.SetNestedSlice(authority, identities, "keyless", "identities")
			setAuthorities(made, authority)
		},
		"second-authority": func(made *unstructured.Unstructured) {
			setAuthorities(made, firstAuthority(made), map[string]any{"name": "any", "static": map[string]any{"action": "pass"}})
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
			trust := newTrust("repair-"+name, "repair", image)
			create(t, trust)
			becomes(t, trust.Name, settled)
			made, err := getPolicy(trust.Name)(t.Context())
			if err != nil || made == nil {
				t.Fatalf("no policy: %v", err)
			}
			want := wantedOf(made)
			if edit == nil {
				if err := shared.Client.Delete(t.Context(), made); err != nil {
					t.Fatal(err)
				}
			} else {
				change(t, made.DeepCopy(), edit)
			}
			eventually(t, getPolicy(trust.Name), func(got *unstructured.Unstructured) string {
				switch {
				case got == nil:
					return "the policy is gone"
				case edit == nil && got.GetUID() == made.GetUID():
					return "the policy is still the one that was deleted"
				}
				return cmp.Diff(want, wantedOf(got))
			})
			eventually(t, eventReasons(trust.Name), has(v1alpha1.PolicyRepairedReason))
			becomes(t, trust.Name, settled, condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
			admitted(t, image)
		})
	}
}

// wanted is what the operator wants of a policy.
type wanted struct {
	Spec  any
	Label string
	Owner []metav1.OwnerReference
}

func wantedOf(made *unstructured.Unstructured) wanted {
	return wanted{Spec: made.Object["spec"], Label: made.GetLabels()[policy.ManagedByLabel], Owner: made.GetOwnerReferences()}
}

func firstAuthority(made *unstructured.Unstructured) map[string]any {
	authorities, _, _ := unstructured.NestedSlice(made.Object, "spec", "authorities")
	return authorities[0].(map[string]any) //nolint:forcetypeassert // a policy of ours
}

func setAuthorities(made *unstructured.Unstructured, authorities ...any) {
	_ = unstructured.SetNestedSlice(made.Object, authorities, "spec", "authorities")
}

// TestForeignPolicy leaves a policy alone that somebody else made.
func TestForeignPolicy(t *testing.T) {
	const image = "docker.io/foreign/signed:v1"
	pushSigned(t, image, release)
	foreign := newPolicy("foreign")
	foreign.Object["spec"] = map[string]any{
		"images":      []any{map[string]any{"glob": "index.docker.io/foreign/*"}},
		"authorities": []any{map[string]any{"name": "pass", "static": map[string]any{"action": "pass"}}},
	}
	create(t, foreign)
	// From here on policy-controller has no reason to write either.
	foreign = eventually(t, getPolicy("foreign"), policyReady)

	trust := newTrust("foreign", "foreign", image)
	create(t, trust)
	conflict := v1alpha1.PolicyConflictReason
	becomes(t, trust.Name,
		condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, conflict),
		condition(v1alpha1.ReadyCondition, metav1.ConditionFalse, conflict),
		condition(v1alpha1.StalledCondition, metav1.ConditionTrue, conflict),
		// The verdict does not depend on the policy.
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason),
		mode(""))
	// Under Audit a policy of the trust's own would be deleted.
	enforce(t, trust, v1alpha1.EnforcementAudit)
	becomes(t, trust.Name, settled, condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	enforce(t, trust, v1alpha1.EnforcementEnforce)
	becomes(t, trust.Name, condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, conflict))
	now, err := getPolicy("foreign")(t.Context())
	if err != nil || now == nil || now.GetResourceVersion() != foreign.GetResourceVersion() {
		t.Errorf("the foreign policy was touched (-before +now): %s, %v", cmp.Diff(foreign, now), err)
	}

	if err := shared.Client.Delete(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	got := becomes(t, trust.Name, settled, condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	for _, c := range got.Status.Conditions {
		if c.Type == v1alpha1.StalledCondition {
			t.Errorf("still stalled: %s", c.Message)
		}
	}
	admitted(t, image)
}

func policyReady(got *unstructured.Unstructured) string {
	if got == nil {
		return "no policy"
	}
	conditions, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" && c["status"] == "True" {
			return ""
		}
	}
	return "the policy is not Ready"
}

// TestDeletion deletes a trust in each way that takes its policy along.
func TestDeletion(t *testing.T) {
	for _, propagation := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		t.Run(string(propagation), func(t *testing.T) {
			trust := newTrust("deletion", "deletion")
			create(t, trust)
			becomes(t, trust.Name, settled)
			if err := shared.Client.Delete(t.Context(), trust, client.PropagationPolicy(propagation)); err != nil {
				t.Fatal(err)
			}
			eventually(t, getPolicy(trust.Name), func(got *unstructured.Unstructured) string {
				if got != nil {
					return "the policy is still there"
				}
				return ""
			})
			remove(t, trust)
		})
	}
}
