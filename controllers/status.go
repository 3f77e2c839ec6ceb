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
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

// observation is what a reconciliation observed. The status is computed from it and from the status before. The zero
// value, also of a single field, says that nothing is known: no condition that depends on it is True.
type observation struct {
	// now is the time of the reconciliation.
	now time.Time
	// policy is the result of applying the ClusterImagePolicy.
	policy policyResult
	// images are the images of the trust; nil while the workloads of the cluster have not been listed.
	images []assess.Image
	// rootProblems says why there is no root of trust, by the names of signers; without those that have one.
	rootProblems map[string]string
	// forecast is what admission would do with the workloads of the trust.
	forecast forecastResult
	// cycle of verification, and the interval between two.
	cycle    verificationCycle
	interval time.Duration
	// overBudget are the namespaces with more images than are verified.
	overBudget []string
	// workloads are those that the images were collected from.
	workloads []inventory.Workload
	// installed is the policy-controller that was found; nil while none was looked for.
	installed *installed.PolicyController
	// history is what earlier passes of this process observed.
	history history
}

// forecastResult is what admission would do with the workloads of a trust once it is enforced.
type forecastResult struct {
	// workloads counts the workloads that use images of the trust.
	workloads int
	// problem says why admission cannot be forecast; empty otherwise.
	problem string
	// pending reports whether a verdict that the forecast depends on is missing since the start of the operator.
	pending bool
	// forecasts has one entry for each workload; nil where admission cannot be forecast.
	forecasts []forecast.Forecast
	// gaps are what keeps admission from enforcing the trust; nil where admission cannot be forecast.
	gaps []forecast.Gap
	// otherPolicies are the policies in addition to the trust's own that cover its images.
	otherPolicies []v1alpha1.OtherPolicy
}

// conclusion is what follows from an observation.
type conclusion struct {
	status v1alpha1.KarmadaImageTrustStatus
	// images and denials are all entries of the lists of images and of violations, in their order. They are nil while they
	// are not known.
	images  []entry[v1alpha1.ImageStatus]
	denials []entry[v1alpha1.Violation]
}

// conclude returns the status of a trust after an observation, and what it is made from. It is pure: the time is the
// observation's.
func conclude(trust *v1alpha1.KarmadaImageTrust, obs *observation) conclusion {
	var c conclusion
	before := &trust.Status
	after := v1alpha1.KarmadaImageTrustStatus{
		ObservedGeneration: trust.Generation,
		Conditions:         slices.Clone(before.Conditions),
		Policy:             policyStatus(trust, &obs.policy),
		PolicyController:   before.PolicyController,
	}
	if obs.installed != nil {
		after.PolicyController = obs.installed.Status()
	}
	if sameSpec(trust) {
		after.LastVerifiedTime = before.LastVerifiedTime
	}
	applied := obs.policy.applied()
	var verified metav1.Condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		verified = conditionUnknown(v1alpha1.InvalidSpecReason, "The spec is invalid, so no image is verified.")
	case obs.images == nil:
		// The status before is kept until the workloads have been listed after a start of the operator.
		after.Summary, after.Images = before.Summary, before.Images
		after.Violations, after.OtherPolicies = before.Violations, before.OtherPolicies
		verified = conditionUnknown(v1alpha1.NotYetVerifiedReason, "The workloads of the cluster have not been listed yet.")
	default:
		if obs.completesCycle() {
			after.LastVerifiedTime = seconds(obs.now)
		}
		c.images = imageEntries(trust, obs)
		images := statuses(c.images)
		after.Summary = summarize(images, &obs.forecast)
		after.Images = imageList().cut(images)
		after.Summary.ImagesNotListed = notListed(len(images), len(after.Images))
		if obs.forecast.forecasts != nil && !obs.forecast.pending {
			c.denials = violationEntries(obs)
		}
		after.Violations = violationList().cut(statuses(c.denials))
		after.Summary.ViolationsNotListed = notListed(len(c.denials), len(after.Violations))
		after.OtherPolicies = obs.forecast.otherPolicies
		if sameSpec(trust) && before.Summary != nil {
			carryOverForecast(&after, before, &obs.forecast)
		}
		verified = imagesVerified(images)
		if len(obs.overBudget) > 0 {
			verified.Message = message(fmt.Sprintf("%s More than %d images are named, and not all of them verified, in %s: %s.", verified.Message,
				assess.MaxImagesOfNamespace, text.Count(len(obs.overBudget), "namespace"), text.List(obs.overBudget, maxNamed)), maxMessage)
		}
		if after.Summary.ImagesNotListed > 0 {
			verified.Message = message(fmt.Sprintf("%s status.images has %d of %d images: policy reports have the results of all workloads.",
				verified.Message, len(after.Images), len(images)), maxMessage)
		}
	}
	setCondition(&after, v1alpha1.PolicyAppliedCondition, applied)
	setCondition(&after, v1alpha1.ImagesVerifiedCondition, verified)
	setCondition(&after, v1alpha1.EnforcedCondition, enforced(obs))
	setReady(&after, applied)
	// Parts may be those of results that others hold.
	after.DeepCopyInto(&c.status)
	text.Clean(&c.status)
	return c
}

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
func (o *observation) completesCycle() bool {
	return o.cycle.due && !o.now.IsZero() && o.images != nil &&
		!slices.ContainsFunc(o.images, func(i assess.Image) bool { return !i.Answer.Fresh })
}

// carryOverForecast keeps the forecast of the status before where there is none now: admission cannot be read or, for a
// moment after the start of the operator, not every verdict is known.
func carryOverForecast(after, before *v1alpha1.KarmadaImageTrustStatus, now *forecastResult) {
	if now.forecasts == nil {
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
func summarize(images []v1alpha1.ImageStatus, f *forecastResult) *v1alpha1.Summary {
	counts := map[v1alpha1.Verdict]int32{}
	var moved int32
	for i := range images {
		counts[images[i].Verdict]++
		if images[i].TagDigest != "" {
			moved++
		}
	}
	summary := &v1alpha1.Summary{
		Images:        new(int32(len(images))), //nolint:gosec // bounded by the number of containers in a cluster
		Verified:      new(counts[v1alpha1.VerdictVerified]),
		Untrusted:     new(counts[v1alpha1.VerdictUntrusted]),
		Unknown:       new(counts[v1alpha1.VerdictUnknown]),
		MovedTags:     &moved,
		Workloads:     new(int32(f.workloads)), //nolint:gosec // bounded by the number of workloads in a cluster
		VerifiedRatio: fmt.Sprintf("%d/%d", counts[v1alpha1.VerdictVerified], len(images)),
	}
	countWorkloads(summary, f.forecasts)
	return summary
}

func statusEqual(a, b *v1alpha1.KarmadaImageTrustStatus) bool {
	return equality.Semantic.DeepEqual(a, b)
}

// requeueAfter returns the time until the next verification cycle is due; zero for none. Everything else that a trust
// depends on enqueues it when it changes.
func requeueAfter(trust *v1alpha1.KarmadaImageTrust, obs *observation) time.Duration {
	if obs.policy.kindRemoved {
		return reinstallInterval
	}
	next := currentCycle(trust, obs.interval, obs.now).next
	if next.IsZero() {
		return 0
	}
	return max(next.Sub(obs.now), time.Second)
}
