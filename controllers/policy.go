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
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
)

// policyOutcome is what became of the ClusterImagePolicy in one pass.
type policyOutcome struct {
	condition metav1.Condition
	status    *v1alpha1.PolicyStatus
	events    []event
	// err is transient: the pass is repeated with backoff.
	err error
	// absent tells that the kind went missing after it had been there.
	absent bool
	// moved tells that the policy changed under the pass, which says nothing: another pass follows.
	moved bool
}

// applyPolicy makes the ClusterImagePolicy what the trust says, and reports policy-controller's word on it.
func (r *KarmadaImageTrustReconciler) applyPolicy(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy,
) policyOutcome {
	current := newClusterImagePolicy()
	err := r.policyKinds.get(ctx, r.Client, types.NamespacedName{Name: trust.Name}, current)
	desired := r.render(ctx, trust, compiled, current)
	if err == nil && isAsWanted(trust, desired, current) {
		return mirror(compiled, current)
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return r.failed(desired, err)
	}
	if err != nil && desired == nil {
		return noPolicyWanted()
	}

	// Something is to be changed: not on the word of the cache, which may be behind.
	current = newClusterImagePolicy()
	err = r.Live.Get(ctx, types.NamespacedName{Name: trust.Name}, current)
	switch {
	case apierrors.IsNotFound(err):
		current = nil
	case err != nil:
		return r.failed(desired, err)
	}
	if desired == nil {
		return r.removePolicy(ctx, trust, current)
	}
	return r.putPolicy(ctx, trust, compiled, desired, current)
}

// render the policy for its target. Where this is not known now, the policy that stands stays if it fits any;
// otherwise it is the strictest.
func (r *KarmadaImageTrustReconciler) render(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, current *unstructured.Unstructured,
) *unstructured.Unstructured {
	root, _ := r.root(ctx, compiled.TrustRoot)
	var config *admission.Config
	if cluster, err := r.Admission.Cluster(); err == nil {
		config = &cluster.Config
	}
	var strictest *unstructured.Unstructured
	for _, target := range assess.Targets(compiled, root, r.Admission.Behavior(), config) {
		desired := compiled.ClusterImagePolicy(trust.Name, target)
		if desired == nil {
			return nil
		}
		desired.SetOwnerReferences([]metav1.OwnerReference{trust.ControllerReference()})
		if isAsWanted(trust, desired, current) {
			return desired
		}
		if strictest == nil {
			strictest = desired
		}
	}
	return strictest
}

// putPolicy creates or repairs the policy; current is nil where there is none.
func (r *KarmadaImageTrustReconciler) putPolicy(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, desired, current *unstructured.Unstructured,
) policyOutcome {
	switch {
	case current == nil:
	case !madeByUs(trust, current):
		return foreign(trust, current)
	case current.GetDeletionTimestamp() != nil:
		return policyOutcome{condition: unknown(v1alpha1.PolicyNotReadyReason,
			"ClusterImagePolicy %s is being deleted; it is made anew once it is gone.", trust.Name)}
	case isAsWanted(trust, desired, current):
		return mirror(compiled, current)
	}

	drifted := wasApplied(trust)
	applied, err := r.serverSideApply(ctx, desired, current)
	if apierrors.IsConflict(err) {
		return policyOutcome{moved: true}
	}
	if err != nil {
		return r.failed(desired, err)
	}
	outcome := mirror(compiled, applied)
	outcome.events = append(outcome.events, appliedEvent(trust.Name, compiled.Mode(), drifted, current))
	return outcome
}

// serverSideApply applies the policy and returns it as it stands then.
func (r *KarmadaImageTrustReconciler) serverSideApply(
	ctx context.Context, desired, current *unstructured.Unstructured,
) (*unstructured.Unstructured, error) {
	apply := desired.DeepCopy()
	opts := []client.ApplyOption{FieldOwner}
	if current != nil {
		// The UID makes it fail where the object is no longer the one that was looked at.
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

// removeForeignFields takes out of the spec what others put in: an added match would narrow the
// policy, and a server-side apply leaves alone what it does not own.
func (r *KarmadaImageTrustReconciler) removeForeignFields(ctx context.Context, desired, current *unstructured.Unstructured) error {
	wanted, _, _ := unstructured.NestedMap(desired.Object, "spec")
	found, _, _ := unstructured.NestedMap(current.Object, "spec")
	pruned := current.DeepCopy()
	for field := range found {
		if _, ok := wanted[field]; !ok {
			unstructured.RemoveNestedField(pruned.Object, "spec", field)
		}
	}
	if equality.Semantic.DeepEqual(pruned.Object, current.Object) {
		return nil
	}
	return r.Client.Patch(ctx, pruned, client.MergeFromWithOptions(current, client.MergeFromWithOptimisticLock{}), FieldOwner)
}

// removePolicy deletes the trust's own policy under Audit.
func (r *KarmadaImageTrustReconciler) removePolicy(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured,
) policyOutcome {
	if current == nil || !madeByUs(trust, current) {
		return noPolicyWanted()
	}
	if current.GetDeletionTimestamp() != nil {
		return policyOutcome{condition: unknown(v1alpha1.PolicyNotReadyReason,
			"Enforcement is Audit: ClusterImagePolicy %s is being deleted.", trust.Name)}
	}
	uid := current.GetUID()
	err := r.Client.Delete(ctx, current, client.Preconditions{UID: &uid})
	if client.IgnoreNotFound(err) != nil {
		return r.failed(nil, err)
	}
	outcome := noPolicyWanted()
	outcome.events = []event{{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyRemovedReason, action: "Remove",
		note: fmt.Sprintf("Removed ClusterImagePolicy %s, because enforcement is Audit", trust.Name),
	}}
	return outcome
}

// failed tells by the error what to wait for.
func (r *KarmadaImageTrustReconciler) failed(desired *unstructured.Unstructured, err error) policyOutcome {
	switch {
	case isKindMissing(err), apierrors.IsNotFound(err):
		if desired == nil {
			return noPolicyWanted()
		}
		return policyOutcome{
			condition: unknown(v1alpha1.PolicyControllerNotInstalledReason,
				"The cluster has no kind ClusterImagePolicy (policy.sigstore.dev/v1alpha1): "+
					"install sigstore policy-controller. It is noticed when it arrives."),
			absent: !isKindMissing(err),
		}
	case isRefusal(err):
		return policyOutcome{condition: failure(v1alpha1.PolicyRejectedReason, "The ClusterImagePolicy was refused: %s", err)}
	default:
		return policyOutcome{
			condition: unknown(v1alpha1.ApplyFailedReason, "The ClusterImagePolicy could not be applied: %s", err),
			err:       fmt.Errorf("applying the ClusterImagePolicy: %w", err),
		}
	}
}

// isRefusal tells an API server or webhook that examined the object and refused it from one that
// could not. A webhook that denies answers 400, 403 or 422 and says so; 403 alone is our own RBAC.
func isRefusal(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return true
	}
	return apierrors.IsForbidden(err) && strings.Contains(status.Status().Message, "denied the request")
}

// isAsWanted tells whether nothing is to be done. Everything that is rendered is compared, as
// policy-controller's defaulting adds nothing to it.
func isAsWanted(trust *v1alpha1.KarmadaImageTrust, desired, current *unstructured.Unstructured) bool {
	return desired != nil && metav1.IsControlledBy(current, trust) && current.GetDeletionTimestamp() == nil &&
		current.GetLabels()[policy.ManagedByLabel] == policy.ManagedByValue &&
		equality.Semantic.DeepEqual(desired.Object["spec"], current.Object["spec"])
}

// madeByUs tells the operator's own policies from foreign ones: by the owner or, where somebody took
// that off, by who applied it. It needs an object with its managed fields, so not one from the cache.
func madeByUs(trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured) bool {
	if owner := metav1.GetControllerOf(current); owner != nil {
		return owner.UID == trust.UID
	}
	return slices.ContainsFunc(current.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == string(FieldOwner) && entry.Operation == metav1.ManagedFieldsOperationApply
	})
}

// wasApplied tells whether this generation's policy had been in place, so that a difference now
// is somebody else's doing.
func wasApplied(trust *v1alpha1.KarmadaImageTrust) bool {
	return trust.Status.ObservedGeneration == trust.Generation && trust.Status.Policy != nil
}

func isKindMissing(err error) bool {
	return err != nil && (apimeta.IsNoMatchError(err) || errors.Is(err, errKindMissing))
}
