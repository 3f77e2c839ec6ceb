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

package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// applyPolicy creates, repairs or deletes the ClusterImagePolicy as decided, and reports its state.
func (r *KarmadaImageTrustReconciler) applyPolicy(ctx context.Context, s *scope, d *decision) policyResult {
	switch {
	case isUpToDate(s.trust, d.desired, s.policy.cached):
		return observed(d.policy, s.policy.cached)
	case s.policy.err != nil:
		return failed(d.desired, s.policy.err)
	case s.policy.cached == nil && d.desired == nil:
		return auditMode()
	}
	current, err := r.livePolicy(ctx, s)
	switch {
	case err != nil:
		return failed(d.desired, err)
	case d.desired == nil:
		return r.deletePolicy(ctx, s.trust, current)
	case current == nil:
		return r.writePolicy(ctx, s.trust, d, nil)
	}
	owner := ownerOf(s.trust, current)
	switch {
	case owner == ownerTrust && current.GetDeletionTimestamp() != nil:
		return beingDeleted(s.trust.Name)
	case abandoned(s.trust, current):
		return r.takeOver(ctx, s.trust, d, current)
	case owner != ownerTrust:
		return nameTaken(s.trust, owner, current)
	case isUpToDate(s.trust, d.desired, current):
		return observed(d.policy, current)
	default:
		return r.writePolicy(ctx, s.trust, d, current)
	}
}

// writePolicy creates the policy, or repairs the current one.
func (r *KarmadaImageTrustReconciler) writePolicy(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, d *decision, current *unstructured.Unstructured,
) policyResult {
	written, err := r.serverSideApply(ctx, d.desired, current)
	if apierrors.IsConflict(err) {
		return policyResult{stale: true}
	}
	if err != nil {
		return failed(d.desired, err)
	}
	result := observed(d.policy, written)
	e := policyAppliedEvent(trust.Name, d.policy.Mode())
	if wasApplied(trust) {
		drift := "changed"
		if current == nil {
			drift = "deleted"
		}
		e = policyRepairedEvent(trust.Name, d.policy.Mode(), drift)
	}
	logf.FromContext(ctx).Info("Applied ClusterImagePolicy",
		"clusterImagePolicy", trust.Name, "enforcement", d.policy.Enforcement, "reason", e.reason)
	result.events = []event{e}
	return result
}

// serverSideApply applies the desired policy, and returns the policy that results.
func (r *KarmadaImageTrustReconciler) serverSideApply(
	ctx context.Context, desired, current *unstructured.Unstructured,
) (*unstructured.Unstructured, error) {
	apply := desired.DeepCopy()
	opts := []client.ApplyOption{FieldOwner}
	if current != nil {
		// With the UID, the request fails if the policy has been replaced since it was read.
		apply.SetUID(current.GetUID())
		opts = append(opts, client.ForceOwnership)
		if err := r.removeForeignFields(ctx, desired, current); err != nil {
			return nil, err
		}
	}
	if err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(apply), opts...); err != nil {
		return nil, err
	}
	return apply, nil
}

// removeForeignFields removes the fields of the spec that others added: a server-side apply does not change fields that
// it does not own, and an added match would restrict the policy.
func (r *KarmadaImageTrustReconciler) removeForeignFields(ctx context.Context, desired, current *unstructured.Unstructured) error {
	desiredSpec, _, _ := unstructured.NestedMap(desired.Object, "spec")
	currentSpec, _, _ := unstructured.NestedMap(current.Object, "spec")
	pruned := current.DeepCopy()
	for field := range currentSpec {
		if _, ok := desiredSpec[field]; !ok {
			unstructured.RemoveNestedField(pruned.Object, "spec", field)
		}
	}
	if equality.Semantic.DeepEqual(pruned.Object, current.Object) {
		return nil
	}
	return r.Client.Patch(ctx, pruned, client.MergeFromWithOptions(current, client.MergeFromWithOptimisticLock{}), FieldOwner)
}

// deletePolicy deletes the policy of a trust with enforcement Audit. A policy that is not the trust's is left unchanged.
func (r *KarmadaImageTrustReconciler) deletePolicy(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured,
) policyResult {
	if current == nil {
		return auditMode()
	}
	if abandoned(trust, current) {
		if err := r.deleteOfOwner(ctx, current, ownerUID(current, trust.Name)); err != nil {
			return failed(nil, err)
		}
		return auditMode()
	}
	if ownerOf(trust, current) != ownerTrust {
		return auditMode()
	}
	if current.GetDeletionTimestamp() != nil {
		return policyResult{condition: conditionUnknown(v1alpha1.PolicyNotReadyReason,
			"Enforcement is Audit; ClusterImagePolicy %s is being deleted.", trust.Name)}
	}
	uid := current.GetUID()
	err := r.Client.Delete(ctx, current, client.Preconditions{UID: &uid})
	if client.IgnoreNotFound(err) != nil {
		return failed(nil, err)
	}
	result := auditMode()
	e := policyRemovedEvent(trust.Name)
	logf.FromContext(ctx).Info("Deleted ClusterImagePolicy", "clusterImagePolicy", trust.Name, "reason", e.reason)
	result.events = []event{e}
	return result
}

// failed returns the result of an error of the API server. desired is nil if no policy is to exist.
func failed(desired *unstructured.Unstructured, err error) policyResult {
	switch {
	case isKindMissing(err), apierrors.IsNotFound(err):
		if desired == nil {
			return auditMode()
		}
		return policyResult{
			condition: conditionUnknown(v1alpha1.PolicyControllerNotInstalledReason,
				"The kind ClusterImagePolicy (policy.sigstore.dev/v1alpha1) is not installed: install Sigstore policy-controller. "+
					"The policy is applied as soon as the kind exists."),
			kindRemoved: !isKindMissing(err),
		}
	case isRejection(err):
		return policyResult{condition: conditionFalse(v1alpha1.PolicyRejectedReason, "The ClusterImagePolicy was rejected: %s", err)}
	default:
		return policyResult{
			condition: conditionUnknown(v1alpha1.ApplyFailedReason, "Applying the ClusterImagePolicy failed and is retried: %s", err),
			err:       fmt.Errorf("applying the ClusterImagePolicy: %w", err),
		}
	}
}

// isRejection reports whether the API server or a webhook examined the policy and rejected it, so that a retry would be
// rejected as well. A webhook that denies a request responds with 400, 403 or 422 and says so; any other 403 is a missing
// permission of the operator.
func isRejection(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return true
	}
	return apierrors.IsForbidden(err) && strings.Contains(status.Status().Message, "denied the request")
}

// isUpToDate reports whether the current policy is as desired. It compares everything that is rendered, since
// policy-controller's defaulting adds nothing to it.
func isUpToDate(trust *v1alpha1.KarmadaImageTrust, desired, current *unstructured.Unstructured) bool {
	return desired != nil && current != nil && metav1.IsControlledBy(current, trust) && current.GetDeletionTimestamp() == nil &&
		current.GetLabels()[policy.ManagedByLabel] == policy.ManagedByValue &&
		equality.Semantic.DeepEqual(desired.Object["spec"], current.Object["spec"])
}

// wasApplied reports whether the policy of this generation had been applied before, so that somebody else must have
// changed it.
func wasApplied(trust *v1alpha1.KarmadaImageTrust) bool {
	return sameSpec(trust) && trust.Status.Policy != nil
}

func isKindMissing(err error) bool {
	return err != nil && (apimeta.IsNoMatchError(err) || errors.Is(err, errKindMissing))
}
