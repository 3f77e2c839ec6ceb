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
	"maps"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/metrics"
)

// measurements returns what metrics have of a reconciliation. It is pure: it counts what the status was concluded from.
func measurements(trust *v1alpha1.KarmadaImageTrust, f *findings, status *v1alpha1.KarmadaImageTrustStatus) metrics.Pass {
	pass := metrics.Pass{
		Trust: trust.Name, Time: f.now, Interval: f.interval, Enforcement: string(trust.Spec.Enforcement),
		Conditions: metrics.Conditions(status.Conditions),
	}
	if status.Policy != nil {
		pass.Mode = status.Policy.Mode
	}
	if f.records != nil {
		images := &f.records.images
		pass.Images = maps.Clone(images.byKind)
		// Every image has a verdict other than Unknown that is of the current verification cycle. Images that only inactive
		// ReplicaSets name do not count.
		if images.notDecided == 0 && status.LastVerifiedTime != nil {
			pass.LastVerdict = status.LastVerifiedTime.Time
		}
	}
	pass.Workloads, pass.Containers = workloadCounts(status.Summary), containerCounts(&f.forecast)
	if f.records != nil && f.forecast.gaps != nil {
		for _, gap := range f.gaps() {
			pass.Gaps = append(pass.Gaps, gap.Reason)
		}
	}
	for i := range f.policy.events {
		if f.policy.events[i].reason == v1alpha1.PolicyRepairedReason {
			pass.Repairs++
		}
	}
	return pass
}

// lastVerdict is when the last verification cycle with a verdict on every image ended, as far as the status that an earlier
// process wrote says so; zero otherwise.
func lastVerdict(trust *v1alpha1.KarmadaImageTrust) time.Time {
	status := &trust.Status
	summary := status.Summary
	if sameSpec(trust) && status.LastVerifiedTime != nil && summary != nil && summary.Unknown != nil && *summary.Unknown == 0 {
		return status.LastVerifiedTime.Time
	}
	return time.Time{}
}

// workloadCounts counts workloads by what admission would do with them, as the status does; nil while that is not known.
func workloadCounts(summary *v1alpha1.Summary) map[string]int {
	if summary == nil || summary.Workloads == nil || summary.WouldDeny == nil || summary.WouldDenyOnceOptedIn == nil ||
		summary.Undetermined == nil {
		return nil
	}
	deny, later, undetermined := int(*summary.WouldDeny), int(*summary.WouldDenyOnceOptedIn), int(*summary.Undetermined)
	return map[string]int{
		metrics.OutcomeDenied: deny, metrics.OutcomeDeniedOnceOptedIn: later, metrics.OutcomeUndetermined: undetermined,
		metrics.OutcomeAllowed: max(int(*summary.Workloads)-deny-later-undetermined, 0),
	}
}

// containerCounts counts the containers that admission would not allow; nil while that is not known.
func containerCounts(f *forecastResult) map[metrics.Container]int {
	if !f.decided() {
		return nil
	}
	counts := map[metrics.Container]int{}
	for c, n := range f.tally.Containers() {
		outcome := metrics.OutcomeUndetermined
		switch {
		case c.Outcome != admission.Denied:
		case c.Effect == v1alpha1.EffectWouldDeny:
			outcome = metrics.OutcomeDenied
		default:
			outcome = metrics.OutcomeDeniedOnceOptedIn
		}
		counts[metrics.Container{Outcome: outcome, Reason: c.Reason}] += n
	}
	return counts
}
