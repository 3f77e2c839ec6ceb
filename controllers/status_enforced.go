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
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/text"
)

// severity returns the position of a reason of Enforced=False; lower is more severe. A reason that is not in this list
// comes first.
func severity(reason string) int {
	return slices.Index([]string{
		v1alpha1.AuditModeReason,
		v1alpha1.PolicyMissingReason,
		v1alpha1.PolicyFailedReason,
		v1alpha1.TrustRootNotUsableReason,
		v1alpha1.PolicyNotReadyReason,
		v1alpha1.TrustRootNotReadyReason,
		v1alpha1.WebhookMissingReason,
		v1alpha1.FailurePolicyIgnoreReason,
		v1alpha1.WarnModeReason,
		v1alpha1.WebhookLimitedReason,
		v1alpha1.NamespacesNotOptedInReason,
		v1alpha1.AttestationsUnverifiedReason,
		v1alpha1.ImageVolumesReason,
		v1alpha1.SpellingNotCoveredReason,
		v1alpha1.UncoveredImagesDeniedReason,
		v1alpha1.UncoveredImagesAllowedReason,
	}, reason)
}

// enforced returns the condition Enforced: whether admission denies what the trust does not allow.
func enforced(f *findings) metav1.Condition {
	applied := f.policy.applied()
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		return conditionUnknown(v1alpha1.InvalidSpecReason, "The spec is invalid, so enforcement is not evaluated.")
	case applied.Reason == v1alpha1.PolicyControllerNotInstalledReason:
		return conditionUnknown(applied.Reason, "%s", applied.Message)
	case f.records == nil:
		return conditionUnknown(v1alpha1.AdmissionUnreadableReason, "%s",
			cmp.Or(f.forecast.problem, "The workloads of the cluster have not been listed yet."))
	case f.forecast.tally == nil || f.forecast.gaps == nil:
		return conditionUnknown(v1alpha1.AdmissionUnreadableReason, "%s",
			cmp.Or(f.forecast.problem, "The state of admission has not been read yet."))
	}
	gaps := f.gaps()
	if len(gaps) == 0 {
		tally := f.forecast.tally
		return conditionTrue(v1alpha1.AdmissionEnforcesReason, "%s%s", enforcedMessage(tally), dependsOnVersion(tally, f.installed))
	}
	slices.SortStableFunc(gaps, func(a, b forecast.Gap) int {
		return cmp.Compare(severity(a.Reason), severity(b.Reason))
	})
	return conditionFalse(gaps[0].Reason, "%s", strings.Join(gapMessages(gaps), " "))
}

// gaps are all that keeps admission from enforcing the trust.
func (f *findings) gaps() []forecast.Gap {
	return slices.Concat(policyGaps(&f.policy), f.forecast.gaps)
}

// gapMessages returns the messages of gaps. Where they do not fit into a condition, each has a share of the room: some name
// images and workloads, and long names in one must not displace the others.
func gapMessages(gaps []forecast.Gap) []string {
	length := 0
	for _, gap := range gaps {
		length += len(gap.Message) + 1
	}
	messages := make([]string, 0, len(gaps))
	for _, gap := range gaps {
		if length > maxMessage {
			gap.Message = text.Truncate(gap.Message, maxMessage/len(gaps)-1)
		}
		messages = append(messages, gap.Message)
	}
	return messages
}

// policyGaps are the gaps that the trust's own policy leaves.
func policyGaps(result *policyResult) []forecast.Gap {
	applied := result.applied()
	switch {
	case applied.Reason == v1alpha1.AuditModeReason:
		return []forecast.Gap{{Reason: applied.Reason, Message: "Enforcement is Audit: nothing is denied."}}
	case result.status == nil:
		return []forecast.Gap{{Reason: v1alpha1.PolicyMissingReason, Message: "The ClusterImagePolicy is not in place: see PolicyApplied."}}
	}
	var gaps []forecast.Gap
	switch {
	case applied.Status == metav1.ConditionTrue:
	case applied.Reason == v1alpha1.TrustRootNotUsableReason, applied.Reason == v1alpha1.TrustRootNotReadyReason:
		gaps = append(gaps, forecast.Gap{Reason: applied.Reason, Message: applied.Message})
	case applied.Status == metav1.ConditionFalse:
		gaps = append(gaps, forecast.Gap{Reason: v1alpha1.PolicyFailedReason, Message: applied.Message})
	default:
		gaps = append(gaps, forecast.Gap{Reason: v1alpha1.PolicyNotReadyReason, Message: applied.Message})
	}
	switch result.status.Mode {
	case modeEnforce:
	case modeWarn:
		gaps = append(gaps, forecast.Gap{
			Reason: v1alpha1.WarnModeReason, Message: "Enforcement is Warn: admission warns but denies nothing.",
		})
	default:
		gaps = append(gaps, forecast.Gap{
			Reason: v1alpha1.PolicyNotReadyReason, Message: "The mode of the ClusterImagePolicy is not known.",
		})
	}
	return gaps
}

// enforcedMessage says how many workloads admission enforces the trust on.
func enforcedMessage(tally *forecast.Tally) string {
	if tally.Workloads() == 0 {
		return "Admission enforces the trust; no workload uses a matching image."
	}
	return fmt.Sprintf("Admission enforces the trust on %s in %s.",
		text.Count(tally.Workloads(), "workload"), text.Count(tally.Namespaces(), "namespace"))
}
