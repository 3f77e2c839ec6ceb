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
	"cmp"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// Modes of a ClusterImagePolicy.
const (
	modeEnforce = "enforce"
	modeWarn    = "warn"
)

// policyResult is the result of applying the ClusterImagePolicy of a trust. The zero value says that nothing is known.
type policyResult struct {
	// condition is PolicyApplied, without its type.
	condition metav1.Condition
	// status of the policy, nil where it does not exist or is not the trust's.
	status *v1alpha1.PolicyStatus
	events []event
	// err is the error that the reconciliation ends with, after the status has been written.
	err error
	// kindRemoved reports whether the CRD was deleted after it had been watched, so that its next installation is not noticed.
	kindRemoved bool
	// stale reports whether the policy changed between reading and writing it. The reconciliation is repeated.
	stale bool
}

// applied is the condition PolicyApplied, which is Unknown unless it says otherwise.
func (r *policyResult) applied() metav1.Condition {
	if r.condition.Status == "" || r.condition.Reason == "" {
		return conditionUnknown(cmp.Or(r.condition.Reason, v1alpha1.PolicyNotReadyReason), "The ClusterImagePolicy has not been observed yet.")
	}
	return r.condition
}

func invalidSpec(err error) policyResult {
	return policyResult{condition: conditionFalse(v1alpha1.InvalidSpecReason, "%s", err)}
}

func auditMode() policyResult {
	return policyResult{condition: conditionTrue(v1alpha1.AuditModeReason, "Enforcement is Audit, so no ClusterImagePolicy is applied.")}
}

// propagatedLabel is set to "true" by Karmada on each object that it propagates to a member cluster (karmada
// pkg/util/constants.go, ManagedByKarmadaLabel).
const propagatedLabel = "karmada.io/managed"

// nameTaken is the result where a policy of the trust's name exists that is not the trust's.
func nameTaken(trust *v1alpha1.KarmadaImageTrust, owner policyOwner, current *unstructured.Unstructured) policyResult {
	if owner == ownerPredecessor {
		return policyResult{condition: conditionUnknown(v1alpha1.PolicyNotReadyReason,
			"ClusterImagePolicy %s belongs to a deleted KarmadaImageTrust of the same name; "+
				"it is recreated once it has been garbage collected.",
			trust.Name)}
	}
	if current.GetLabels()[propagatedLabel] == "true" {
		return policyResult{condition: conditionFalse(v1alpha1.PolicyConflictReason,
			"ClusterImagePolicy %s was propagated to this cluster by Karmada and is not managed by this KarmadaImageTrust. "+
				"It is left unchanged: on the Karmada control plane, exclude this cluster from its propagation, or rename the KarmadaImageTrust.",
			trust.Name)}
	}
	return policyResult{condition: conditionFalse(v1alpha1.PolicyConflictReason,
		"ClusterImagePolicy %s exists and is not managed by this KarmadaImageTrust. "+
			"It is left unchanged: delete it, or rename the KarmadaImageTrust.",
		trust.Name)}
}

// beingDeleted is the result while the trust's policy has a deletion timestamp.
func beingDeleted(name string) policyResult {
	return policyResult{condition: conditionUnknown(v1alpha1.PolicyNotReadyReason,
		"ClusterImagePolicy %s is being deleted; it is recreated once it is gone.", name)}
}

// observed is the result where the policy is as desired: it mirrors the Ready condition of policy-controller.
func observed(p *policy.Policy, current *unstructured.Unstructured) policyResult {
	ready := policy.ReadyCondition(current)
	result := policyResult{status: &v1alpha1.PolicyStatus{
		Name: current.GetName(), Mode: p.Mode(), Ready: ready.Status,
	}}
	switch ready.Status {
	case metav1.ConditionTrue:
		result.condition = conditionTrue(v1alpha1.AppliedReason, "ClusterImagePolicy %s %s and is Ready.",
			current.GetName(), describePolicy(p))
	case metav1.ConditionFalse:
		result.condition = conditionFalse(v1alpha1.PolicyFailedReason,
			"policy-controller reports that ClusterImagePolicy %s is not Ready: %s: %s",
			current.GetName(), ready.Reason, ready.Message)
	default:
		result.condition = conditionUnknown(v1alpha1.PolicyNotReadyReason,
			"ClusterImagePolicy %s is applied; policy-controller has not reported it Ready yet.", current.GetName())
	}
	return result
}

// considerTrustRoot qualifies PolicyApplied where admission cannot use the TrustRoot that the policy names: the policy is in
// effect, and denies every image. The keys of an earlier version are keys: what admission decides with them is forecast.
func (r *policyResult) considerTrustRoot(use admission.TrustRootUse) {
	if r.status == nil || r.condition.Status != metav1.ConditionTrue {
		return
	}
	switch {
	case use.Refused:
		r.condition = conditionFalse(use.Reason(), "ClusterImagePolicy %s is applied, but %s.", r.status.Name, use.Message)
	case use.Usability == admission.UsabilityUnknown:
		r.condition = conditionUnknown(use.Reason(), "ClusterImagePolicy %s is applied, but %s.", r.status.Name, use.Message)
	}
}

func describePolicy(p *policy.Policy) string {
	verb := map[string]string{modeEnforce: "enforces", modeWarn: "warns on"}[p.Mode()]
	globs := p.Globs()
	return fmt.Sprintf("%s %s (%s)", verb, text.Count(len(globs), "glob"), text.List(globs, maxNamed))
}
