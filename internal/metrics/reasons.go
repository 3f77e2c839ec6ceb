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

package metrics

import "github.com/karmada-io/image-trust/api/v1alpha1"

// otherReason stands for reasons that the API does not have.
const otherReason = "Other"

// reasons are those that labels may have: those of conditions, verdicts and forecasts.
//
//nolint:gochecknoglobals // a constant table
var reasons = set(
	// Propagated, and what a control plane adds to the other conditions.
	v1alpha1.NotPropagatedReason, v1alpha1.NotScheduledReason, v1alpha1.NotAppliedReason, v1alpha1.APINotServedReason,
	v1alpha1.ClustersUnreadableReason, v1alpha1.ClusterNotAnsweringReason, v1alpha1.SuspendedReason, v1alpha1.PropagatedReason,
	v1alpha1.NotReportedReason, v1alpha1.OutdatedReason, v1alpha1.UnreadableReason,
	// Ready.
	v1alpha1.ReconciledReason, v1alpha1.VerifyingReason, v1alpha1.ApplyingPolicyReason,
	// PolicyApplied.
	v1alpha1.AppliedReason, v1alpha1.AuditModeReason, v1alpha1.InvalidSpecReason, v1alpha1.PolicyRejectedReason,
	v1alpha1.PolicyConflictReason, v1alpha1.PolicyControllerNotInstalledReason, v1alpha1.PolicyNotReadyReason,
	v1alpha1.PolicyFailedReason, v1alpha1.TrustRootNotUsableReason, v1alpha1.TrustRootNotReadyReason, v1alpha1.ApplyFailedReason,
	// ImagesVerified.
	v1alpha1.AllVerifiedReason, v1alpha1.NoImagesReason, v1alpha1.UntrustedImagesReason, v1alpha1.NotYetVerifiedReason,
	v1alpha1.VerificationUnavailableReason,
	// Verdicts.
	v1alpha1.SignedReason, v1alpha1.AttestedReason,
	v1alpha1.UnsignedReason, v1alpha1.IdentityMismatchReason, v1alpha1.InvalidSignatureReason, v1alpha1.UntrustedCertificateReason,
	v1alpha1.LogProofInvalidReason, v1alpha1.PlatformDigestNotSignedReason, v1alpha1.AttestationMissingReason,
	v1alpha1.AttestationRejectedReason, v1alpha1.NotAnImageReason, v1alpha1.NotInRepositoryReason,
	v1alpha1.TooManyImagesReason, v1alpha1.TooManySignaturesReason, v1alpha1.DigestNotReportedReason, v1alpha1.TagMovedReason,
	v1alpha1.PendingReason, v1alpha1.RegistryUnauthorizedReason, v1alpha1.RegistryUnreachableReason,
	v1alpha1.RegistryResponseInvalidReason, v1alpha1.RateLimitedReason, v1alpha1.ImageNotFoundReason,
	v1alpha1.TrustRootUnavailableReason, v1alpha1.ConditionNotEvaluatedReason, v1alpha1.UnsupportedFormatReason,
	v1alpha1.TimeoutReason, v1alpha1.InternalErrorReason,
	// Enforced.
	v1alpha1.AdmissionEnforcesReason, v1alpha1.AdmissionUnreadableReason, v1alpha1.PolicyMissingReason, v1alpha1.WebhookMissingReason,
	v1alpha1.FailurePolicyIgnoreReason, v1alpha1.WarnModeReason, v1alpha1.WebhookLimitedReason, v1alpha1.NamespacesNotOptedInReason,
	v1alpha1.AttestationsUnverifiedReason, v1alpha1.ImageVolumesReason, v1alpha1.SpellingNotCoveredReason,
	v1alpha1.UncoveredImagesDeniedReason, v1alpha1.UncoveredImagesAllowedReason,
	// Forecasts.
	v1alpha1.NoMatchingPolicyReason, v1alpha1.StaticPolicyReason, v1alpha1.FormatNotAcceptedReason, v1alpha1.NotADigestReason,
	v1alpha1.InvalidReferenceReason, v1alpha1.PlaceholderReason, v1alpha1.PolicyNotEvaluatedReason,
	v1alpha1.PolicyControllerVersionReason,
)

func set(values ...string) map[string]bool {
	out := make(map[string]bool, len(values))
	for _, value := range values {
		out[value] = true
	}
	return out
}

// bounded returns a reason as labels have it.
func bounded(reason string) string {
	if reasons[reason] {
		return reason
	}
	return otherReason
}
