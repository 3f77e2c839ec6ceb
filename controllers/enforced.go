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
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/forecast"
)

// gravity orders what keeps a trust from being enforced, the gravest first.
func gravity(reason string) int {
	return slices.Index([]string{
		v1alpha1.AuditModeReason,
		v1alpha1.PolicyMissingReason,
		v1alpha1.PolicyFailedReason,
		v1alpha1.PolicyNotReadyReason,
		v1alpha1.WebhookMissingReason,
		v1alpha1.FailurePolicyIgnoreReason,
		v1alpha1.WarnModeReason,
		v1alpha1.WebhookLimitedReason,
		v1alpha1.NamespacesNotOptedInReason,
		v1alpha1.AttestationsUnverifiedReason,
		v1alpha1.UncoveredImagesDeniedReason,
		v1alpha1.UncoveredImagesAllowedReason,
	}, reason)
}

// enforced is the reality check: whether admission does what the trust says.
func enforced(seen observation) metav1.Condition {
	applied := seen.policy.condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		return unknown(v1alpha1.InvalidSpecReason, "What is enforced is not looked at while the spec is invalid.")
	case applied.Reason == v1alpha1.PolicyControllerNotInstalledReason:
		return unknown(applied.Reason, "%s", applied.Message)
	case seen.unread:
		return unknown(v1alpha1.AdmissionUnreadableReason, "The workloads of the cluster have not been read yet.")
	case seen.outlook.unreadable != "":
		return unknown(v1alpha1.AdmissionUnreadableReason, "%s", seen.outlook.unreadable)
	}
	obstacles := slices.Concat(policyObstacles(seen.policy), seen.outlook.obstacles)
	if len(obstacles) == 0 {
		return success(v1alpha1.AdmissionEnforcesReason, "%s", everywhere(seen.outlook.forecasts))
	}
	slices.SortStableFunc(obstacles, func(a, b forecast.Gap) int {
		return cmp.Compare(gravity(a.Reason), gravity(b.Reason))
	})
	messages := make([]string, 0, len(obstacles))
	for _, obstacle := range obstacles {
		messages = append(messages, obstacle.Message)
	}
	return failure(obstacles[0].Reason, "%s", strings.Join(messages, " "))
}

// policyObstacles are those that the trust's own policy is.
func policyObstacles(policy policyOutcome) []forecast.Gap {
	applied := policy.condition
	switch {
	case applied.Reason == v1alpha1.AuditModeReason:
		return []forecast.Gap{{Reason: applied.Reason, Message: "Enforcement is Audit: nothing is refused."}}
	case policy.status == nil:
		return []forecast.Gap{{Reason: v1alpha1.PolicyMissingReason, Message: "The ClusterImagePolicy is not in place: see PolicyApplied."}}
	}
	var obstacles []forecast.Gap
	switch applied.Status {
	case metav1.ConditionTrue:
	case metav1.ConditionFalse:
		obstacles = append(obstacles, forecast.Gap{Reason: v1alpha1.PolicyFailedReason, Message: applied.Message})
	default:
		obstacles = append(obstacles, forecast.Gap{Reason: v1alpha1.PolicyNotReadyReason, Message: applied.Message})
	}
	if policy.status.Mode == "warn" {
		obstacles = append(obstacles, forecast.Gap{
			Reason: v1alpha1.WarnModeReason, Message: "Enforcement is Warn: admission warns and refuses nothing.",
		})
	}
	return obstacles
}

// everywhere says how far admission enforces the trust.
func everywhere(forecasts []forecast.Forecast) string {
	if len(forecasts) == 0 {
		return "Admission enforces the trust; no workload has matching images now."
	}
	namespaces := map[string]bool{}
	for i := range forecasts {
		namespaces[forecasts[i].Workload.Namespace] = true
	}
	return "Admission enforces the trust on " + count(len(forecasts), "workload", "workloads") + " in " +
		count(len(namespaces), "namespace", "namespaces") + "."
}
