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
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/text"
)

// findings are what a reconciliation found out. The status is computed from them and from the status before. The zero
// value, also of a single field, says that nothing is known: no condition that depends on it is True.
type findings struct {
	// now is the time of the reconciliation.
	now time.Time
	// policy is the result of applying the ClusterImagePolicy.
	policy policyResult
	// records of the images and of the denials of the trust; nil while the workloads of the cluster have not been listed.
	records *records
	// forecast is what admission would do with the workloads of the trust.
	forecast forecastResult
	// cycle of verification, and the interval between two.
	cycle    verificationCycle
	interval time.Duration
	// overBudget are the namespaces with more images than are verified.
	overBudget []string
	// installed is the policy-controller that was found; nil while none was looked for.
	installed *installed.PolicyController
}

// forecastResult is what admission would do with the workloads of a trust once it is enforced.
type forecastResult struct {
	// workloads counts the workloads that use images of the trust.
	workloads int
	// problem says why admission cannot be forecast; empty otherwise.
	problem string
	// pending reports whether a verdict that the forecast depends on is missing since the start of the operator.
	pending bool
	// tally is that of the forecasts, one for each workload; nil where admission cannot be forecast.
	tally *forecast.Tally
	// gaps are what keeps admission from enforcing the trust; nil where admission cannot be forecast.
	gaps []forecast.Gap
	// otherPolicies are the policies in addition to the trust's own that cover its images.
	otherPolicies []v1alpha1.OtherPolicy
}

// conclude returns the status of a trust after a reconciliation. It is pure: the time is that of the findings.
func (f *findings) conclude(trust *v1alpha1.KarmadaImageTrust) v1alpha1.KarmadaImageTrustStatus {
	before := &trust.Status
	after := v1alpha1.KarmadaImageTrustStatus{
		ObservedGeneration: trust.Generation,
		Conditions:         slices.Clone(before.Conditions),
		Policy:             policyStatus(trust, &f.policy),
		PolicyController:   before.PolicyController,
	}
	if f.installed != nil {
		after.PolicyController = f.installed.Status()
	}
	if sameSpec(trust) {
		after.LastVerifiedTime = before.LastVerifiedTime
	}
	applied := f.policy.applied()
	var verified metav1.Condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		verified = conditionUnknown(v1alpha1.InvalidSpecReason, "The spec is invalid, so no image is verified.")
	case f.records == nil:
		// The status before is kept until the workloads have been listed after a start of the operator.
		after.Summary, after.Images = before.Summary, before.Images
		after.Violations, after.OtherPolicies = before.Violations, before.OtherPolicies
		verified = conditionUnknown(v1alpha1.NotYetVerifiedReason, "The workloads of the cluster have not been listed yet.")
	default:
		if f.completesCycle() {
			after.LastVerifiedTime = seconds(f.now)
		}
		images := &f.records.images
		after.Summary = summarize(&images.imageCounts, &f.forecast)
		after.Images = imageList().cut(images.all, images.listed())
		after.Summary.ImagesNotListed = notListed(images.all, len(after.Images))
		denied := 0
		if f.forecast.decided() {
			denied = f.records.denials.n
			after.Violations = violationList().cut(denied, f.records.denials.first())
		} else {
			after.Violations = []v1alpha1.Violation{}
		}
		after.Summary.ViolationsNotListed = notListed(denied, len(after.Violations))
		after.OtherPolicies = f.forecast.otherPolicies
		if sameSpec(trust) && before.Summary != nil {
			carryOverForecast(&after, before, &f.forecast)
		}
		verified = images.condition()
		if len(f.overBudget) > 0 {
			verified.Message = message(fmt.Sprintf("%s More than %d images are named, and not all of them verified, in %s: %s.", verified.Message,
				assess.MaxImagesOfNamespace, text.Count(len(f.overBudget), "namespace"), text.List(f.overBudget, maxNamed)), maxMessage)
		}
		if after.Summary.ImagesNotListed > 0 {
			verified.Message = message(fmt.Sprintf("%s status.images has %d of %d images: policy reports have the results of all workloads.",
				verified.Message, len(after.Images), images.all), maxMessage)
		}
	}
	setCondition(&after, v1alpha1.PolicyAppliedCondition, applied)
	setCondition(&after, v1alpha1.ImagesVerifiedCondition, verified)
	setCondition(&after, v1alpha1.EnforcedCondition, enforced(f))
	setReady(&after, applied)
	// Parts may be those of results that others hold.
	status := *after.DeepCopy()
	text.Clean(&status)
	return status
}

// decided reports whether the forecast is complete.
func (f *forecastResult) decided() bool { return f.tally != nil && !f.pending }

// notListed returns how many entries a list lacks.
func notListed(all, listed int) int32 {
	return int32(all - listed) //nolint:gosec // bounded by the number of containers in a cluster
}

// sameSpec reports whether the status of a trust is of its current spec.
func sameSpec(trust *v1alpha1.KarmadaImageTrust) bool {
	return trust.Status.ObservedGeneration == trust.Generation
}

// policyStatus returns status.policy.
func policyStatus(trust *v1alpha1.KarmadaImageTrust, result *policyResult) *v1alpha1.PolicyStatus {
	before, applied := trust.Status.Policy, result.applied()
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		// The policy in the cluster is left unchanged.
		return before
	case result.status == nil && before != nil && sameSpec(trust) && applied.Status == metav1.ConditionUnknown:
		// A policy that was applied before is going to be repaired, not applied for the first time: see wasApplied.
		kept := before.DeepCopy()
		kept.Ready = metav1.ConditionUnknown
		return kept
	default:
		return result.status
	}
}

// completesCycle reports whether all images have been verified in a cycle that is due.
func (f *findings) completesCycle() bool {
	return f.cycle.due && !f.now.IsZero() && f.records != nil && f.records.images.notFresh == 0
}

// carryOverForecast keeps the forecast of the status before where there is none now: admission cannot be read or, for a
// moment after the start of the operator, not every verdict is known.
func carryOverForecast(after, before *v1alpha1.KarmadaImageTrustStatus, now *forecastResult) {
	if now.tally == nil {
		after.OtherPolicies = before.OtherPolicies
	} else if !now.pending {
		return
	}
	after.Violations = before.Violations
	after.Summary.ViolationsNotListed = before.Summary.ViolationsNotListed
	after.Summary.WouldDeny = before.Summary.WouldDeny
	after.Summary.WouldDenyOnceOptedIn = before.Summary.WouldDenyOnceOptedIn
	after.Summary.Undetermined = before.Summary.Undetermined
}

// setReady sets Ready, which summarizes the operator's own work, and Reconciling and Stalled according to kstatus.
func setReady(status *v1alpha1.KarmadaImageTrustStatus, applied metav1.Condition) {
	ready := readiness(status, applied)
	setCondition(status, v1alpha1.ReadyCondition, ready)
	for conditionType, when := range map[string]metav1.ConditionStatus{
		v1alpha1.StalledCondition:     metav1.ConditionFalse,
		v1alpha1.ReconcilingCondition: metav1.ConditionUnknown,
	} {
		if ready.Status != when {
			apimeta.RemoveStatusCondition(&status.Conditions, conditionType)
			continue
		}
		setCondition(status, conditionType, conditionTrue(ready.Reason, "%s", ready.Message))
	}
	slices.SortFunc(status.Conditions, func(a, b metav1.Condition) int { return cmp.Compare(a.Type, b.Type) })
}

func readiness(status *v1alpha1.KarmadaImageTrustStatus, applied metav1.Condition) metav1.Condition {
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason,
		applied.Reason == v1alpha1.PolicyRejectedReason,
		applied.Reason == v1alpha1.PolicyConflictReason:
		return conditionFalse(applied.Reason, "%s", applied.Message)
	case applied.Status != metav1.ConditionTrue:
		return conditionUnknown(v1alpha1.ApplyingPolicyReason, "%s", applied.Message)
	case status.LastVerifiedTime == nil:
		return conditionUnknown(v1alpha1.VerifyingReason, "The initial verification is in progress.")
	case status.Policy != nil:
		return conditionTrue(v1alpha1.ReconciledReason,
			"ClusterImagePolicy %s is applied; the initial verification is complete.", status.Policy.Name)
	case applied.Reason == v1alpha1.AuditModeReason:
		return conditionTrue(v1alpha1.ReconciledReason,
			"Enforcement is Audit, so no ClusterImagePolicy is applied; the initial verification is complete.")
	default:
		return conditionUnknown(v1alpha1.ApplyingPolicyReason, "The ClusterImagePolicy has not been observed yet.")
	}
}

// summarize counts all images and workloads.
func summarize(images *imageCounts, f *forecastResult) *v1alpha1.Summary {
	verified, untrusted, unknown := images.verdicts[0], images.verdicts[1], images.verdicts[2]
	summary := &v1alpha1.Summary{
		Images:        new(count(images.all)),
		Verified:      new(count(verified)),
		Untrusted:     new(count(untrusted)),
		Unknown:       new(count(unknown)),
		MovedTags:     new(count(images.moved)),
		Workloads:     new(count(f.workloads)),
		VerifiedRatio: fmt.Sprintf("%d/%d", verified, images.all),
	}
	countWorkloads(summary, f.tally)
	return summary
}

func statusEqual(a, b *v1alpha1.KarmadaImageTrustStatus) bool {
	return equality.Semantic.DeepEqual(a, b)
}

// requeueAfter returns the time until the next verification cycle is due; zero for none. Everything else that a trust
// depends on enqueues it when it changes.
func requeueAfter(trust *v1alpha1.KarmadaImageTrust, f *findings) time.Duration {
	if f.policy.kindRemoved {
		return reinstallInterval
	}
	next := currentCycle(trust, f.interval, f.now).next
	if next.IsZero() {
		return 0
	}
	return max(next.Sub(f.now), time.Second)
}
