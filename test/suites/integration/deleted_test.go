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
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// No garbage collector runs in these tests, so that whatever deletes a policy is the operator.

// gone waits until a policy does not exist.
func (o *operator) gone(name string) {
	o.t.Helper()
	waitfor.NoError(o.t, func(context.Context) error {
		err := o.Get(o.t.Context(), client.ObjectKey{Name: name}, newPolicy(name))
		if err == nil {
			return fmt.Errorf("ClusterImagePolicy %s still exists", name)
		}
		return client.IgnoreNotFound(err)
	})
}

func (o *operator) delete(object client.Object, options ...client.DeleteOption) {
	o.t.Helper()
	if err := o.Delete(o.t.Context(), object, options...); err != nil {
		o.t.Fatal(err)
	}
}

func TestDeletedTrustTakesItsPolicy(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	trust := o.create(gen.Trust("deleted"))
	o.policy("deleted", exists)
	o.delete(trust)
	o.gone("deleted")
}

// TestTrustIsDeletedWhileNothingRuns deletes a trust while no operator runs that could delete its policy.
func TestTrustIsDeletedWhileNothingRuns(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	trust := o.create(gen.Trust("meanwhile"))
	o.policy("meanwhile", exists)
	o.stop()
	o.delete(trust)
	o.policy("meanwhile", exists)
	start(t, shared.Config())
	o.gone("meanwhile")
}

// TestDeletedKindTakesAllPolicies deletes the definition of trusts, and with it all of them.
func TestDeletedKindTakesAllPolicies(t *testing.T) {
	h, err := harness.Start(t.Context(), harness.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Stop(); err != nil {
			t.Error(err)
		}
	})
	installPolicyController(t, h)
	o := start(t, h.Config())
	for _, name := range []string{"first", "second"} {
		if err := o.Create(t.Context(), gen.Trust(name)); err != nil {
			t.Fatal(err)
		}
		o.policy(name, exists)
	}
	definition := &unstructured.Unstructured{}
	definition.SetAPIVersion("apiextensions.k8s.io/v1")
	definition.SetKind("CustomResourceDefinition")
	definition.SetName("karmadaimagetrusts.trust.karmada.io")
	o.delete(definition)
	o.gone("first")
	o.gone("second")
}

// TestReplacedTrustKeepsThePolicy replaces a trust by another one of the same name, before anything deleted the former one's policy.
func TestReplacedTrustKeepsThePolicy(t *testing.T) {
	installPolicyController(t, shared)
	for name, enforcement := range map[string]v1alpha1.Enforcement{
		"warn": v1alpha1.EnforcementWarn, "enforce": v1alpha1.EnforcementEnforce, "audit": v1alpha1.EnforcementAudit,
	} {
		t.Run(name, func(t *testing.T) {
			o := start(t, shared.Config())
			former := o.create(gen.Trust("replaced-" + name))
			before := o.policy(former.Name, exists)
			o.stop()
			o.delete(former)
			next := gen.Trust(former.Name)
			next.Spec.Enforcement = enforcement
			if err := o.Create(t.Context(), next); err != nil {
				t.Fatal(err)
			}
			o = start(t, shared.Config())
			if enforcement == v1alpha1.EnforcementAudit {
				o.gone(former.Name)
				o.expect(former.Name, "PolicyApplied=True/AuditMode")
				return
			}
			now := o.policy(former.Name, func(u *unstructured.Unstructured) error {
				if !metav1.IsControlledBy(u, next) || len(u.GetOwnerReferences()) != 1 {
					return fmt.Errorf("owners %v", u.GetOwnerReferences())
				}
				return nil
			})
			if now.GetUID() != before.GetUID() {
				t.Error("the policy was deleted and created anew")
			}
			if mode, _, _ := unstructured.NestedString(now.Object, "spec", "mode"); mode != name {
				t.Errorf("mode %q, want %s", mode, name)
			}
			o.expect(former.Name, "PolicyApplied=Unknown/PolicyNotReady")
			o.delete(next)
			o.gone(former.Name)
		})
	}
}

// TestTrustIsOrphaned deletes a trust as "kubectl delete --cascade=orphan" and the garbage collector do: the owner is removed first.
func TestTrustIsOrphaned(t *testing.T) {
	installPolicyController(t, shared)
	o := start(t, shared.Config())
	trust := o.create(gen.Trust("orphaned"))
	o.policy("orphaned", exists)
	o.delete(trust, client.PropagationPolicy(metav1.DeletePropagationOrphan))
	waitfor.NoError(t, func(context.Context) error {
		if err := o.Get(t.Context(), client.ObjectKey{Name: "orphaned"}, trust); err != nil {
			return err
		}
		if trust.DeletionTimestamp == nil {
			return fmt.Errorf("not being deleted")
		}
		return nil
	})
	orphan := o.policy("orphaned", exists)
	orphan.SetOwnerReferences(nil)
	if err := o.Update(t.Context(), orphan); err != nil {
		t.Fatal(err)
	}
	trust.Finalizers = nil
	if err := o.Update(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	other := o.create(gen.Trust("after-orphaned"))
	o.policy(other.Name, exists)
	if now := o.policy("orphaned", exists); now.GetUID() != orphan.GetUID() || now.GetDeletionTimestamp() != nil {
		t.Errorf("the orphaned policy was deleted or replaced: %v", now.Object)
	}
	if err := o.Get(t.Context(), client.ObjectKeyFromObject(trust), trust); !apierrors.IsNotFound(err) {
		t.Errorf("the trust still exists: %v", err)
	}
}
