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

package v1alpha1

// Condition types. Ready, PolicyApplied, ImagesVerified and Enforced are present from the first
// visit; Reconciling and Stalled follow kstatus and are present only while True.
const (
	// ReadyCondition speaks of the operator's work: True once the spec is compiled, the policy
	// stands as rendered (or none is wanted), and the first round of verification is done. It says
	// nothing about the verdict: an untrusted image leaves Ready True.
	ReadyCondition = "Ready"

	// PolicyAppliedCondition is True while the ClusterImagePolicy is as rendered and policy-controller
	// reports it Ready at its generation, or while none is wanted (Audit). False needs a change
	// by the user; Unknown is waiting for policy-controller or the API server.
	PolicyAppliedCondition = "PolicyApplied"

	// ImagesVerifiedCondition is the verdict: True while every image is verified, False while at
	// least one is untrusted, Unknown while some could not be judged and none is untrusted.
	ImagesVerifiedCondition = "ImagesVerified"

	// EnforcedCondition is the reality check: True while admission really refuses matching images that fail the
	// trust, in every namespace that runs some. False names the first thing that is in the way; Unknown means
	// that policy-controller is absent or cannot be looked at.
	EnforcedCondition = "Enforced"

	// ReconcilingCondition is True while the operator works towards the spec. Absent otherwise.
	ReconcilingCondition = "Reconciling"

	// StalledCondition is True while the operator cannot go on without a change by the user. Absent otherwise.
	StalledCondition = "Stalled"
)

// Reasons of Ready, and of Reconciling and Stalled, which repeat it.
const (
	// ReconciledReason: nothing is left to do.
	ReconciledReason = "Reconciled"
	// VerifyingReason: the first round of verification is under way.
	VerifyingReason = "Verifying"
	// ApplyingPolicyReason: the ClusterImagePolicy is not yet in force; PolicyApplied says why.
	ApplyingPolicyReason = "ApplyingPolicy"
)

// Reasons of PolicyApplied. Those that stall the object are also reasons of Ready and Stalled.
const (
	// AppliedReason: the policy is as rendered and policy-controller reports it Ready.
	AppliedReason = "Applied"
	// AuditModeReason: no policy is wanted, and none of ours exists.
	AuditModeReason = "AuditMode"
	// InvalidSpecReason: the spec cannot be compiled; the message says what to write. Stalls.
	InvalidSpecReason = "InvalidSpec"
	// PolicyRejectedReason: the API server or policy-controller's webhook refused the policy. Stalls.
	PolicyRejectedReason = "PolicyRejected"
	// PolicyConflictReason: a ClusterImagePolicy of that name exists and is not ours. Stalls.
	PolicyConflictReason = "PolicyConflict"
	// PolicyControllerNotInstalledReason: the cluster has no kind ClusterImagePolicy yet.
	PolicyControllerNotInstalledReason = "PolicyControllerNotInstalled"
	// PolicyNotReadyReason: policy-controller does not report the policy Ready at its generation yet.
	PolicyNotReadyReason = "PolicyNotReady"
	// PolicyFailedReason: policy-controller reports that it cannot use the policy.
	PolicyFailedReason = "PolicyFailed"
	// ApplyFailedReason: the API server could not be reached or failed; it is tried again.
	ApplyFailedReason = "ApplyFailed"
)

// Reasons of ImagesVerified.
const (
	// AllVerifiedReason: every image is verified.
	AllVerifiedReason = "AllVerified"
	// NoImagesReason: there is no image to verify.
	NoImagesReason = "NoImages"
	// UntrustedImagesReason: at least one image is untrusted.
	UntrustedImagesReason = "UntrustedImages"
	// NotYetVerifiedReason: some image has not been examined yet.
	NotYetVerifiedReason = "NotYetVerified"
	// VerificationUnavailableReason: some image could not be examined.
	VerificationUnavailableReason = "VerificationUnavailable"
)

// Reasons of one image's verdict.
const (
	// SignedReason (Verified): a signature by the wanted identity was proved.
	SignedReason = "Signed"

	// UnsignedReason (Untrusted): no signature is stored beside the image.
	UnsignedReason = "Unsigned"
	// IdentityMismatchReason (Untrusted): a sound signature, by somebody else.
	IdentityMismatchReason = "IdentityMismatch"
	// InvalidSignatureReason (Untrusted): the signature does not fit the image, or is malformed.
	InvalidSignatureReason = "InvalidSignature"
	// UntrustedCertificateReason (Untrusted): the certificate does not come from the root of trust,
	// or was not valid when it signed.
	UntrustedCertificateReason = "UntrustedCertificate"
	// LogProofInvalidReason (Untrusted): the proof of the transparency log entry is missing or wrong.
	LogProofInvalidReason = "LogProofInvalid"
	// PlatformDigestNotSignedReason (Untrusted): the digest is that of one platform; the index that holds it is
	// signed, it is not, and admission does not look further.
	PlatformDigestNotSignedReason = "PlatformDigestNotSigned"
	// AttestationMissingReason (Untrusted): an attestation that is asked for is not stored beside the image.
	AttestationMissingReason = "AttestationMissing"
	// AttestationRejectedReason (Untrusted): an attestation is there, by the wanted identity, and does not fulfil the
	// condition in CUE.
	AttestationRejectedReason = "AttestationRejected"
	// NotAnImageReason (Untrusted): the reference names something else, such as a Helm chart.
	NotAnImageReason = "NotAnImage"
	// TooManySignaturesReason (Untrusted): none of the signatures that were examined is by the wanted identity,
	// and there are more than are examined.
	TooManySignaturesReason = "TooManySignatures"

	// PendingReason (Unknown): not examined yet.
	PendingReason = "Pending"
	// RegistryUnauthorizedReason (Unknown): the registry asks for credentials (401, 403).
	RegistryUnauthorizedReason = "RegistryUnauthorized"
	// RegistryUnreachableReason (Unknown): the registry does not answer, or answers with an error.
	RegistryUnreachableReason = "RegistryUnreachable"
	// RegistryResponseInvalidReason (Unknown): the registry's answer is not what was asked for: too
	// large, of another type, or its digest is wrong.
	RegistryResponseInvalidReason = "RegistryResponseInvalid"
	// RateLimitedReason (Unknown): the registry limits requests (429).
	RateLimitedReason = "RateLimited"
	// ImageNotFoundReason (Unknown): the registry has no such image.
	ImageNotFoundReason = "ImageNotFound"
	// TrustRootUnavailableReason (Unknown): the root of trust is missing or cannot be read.
	TrustRootUnavailableReason = "TrustRootUnavailable"
	// TimeoutReason (Unknown): the examination took too long.
	TimeoutReason = "Timeout"
	// InternalErrorReason (Unknown): the operator failed on this input; its log says more.
	InternalErrorReason = "InternalError"
)

// Reasons of Enforced, the gravest first: of several, the condition has the first as its reason, and its message
// tells the others as well. PolicyControllerNotInstalled, InvalidSpec, AuditMode, PolicyNotReady and PolicyFailed are reasons too.
const (
	// AdmissionEnforcesReason (True): nothing is in the way.
	AdmissionEnforcesReason = "AdmissionEnforces"
	// AdmissionUnreadableReason (Unknown): webhook configurations, namespaces, workloads or policy-controller's
	// configuration could not be read yet.
	AdmissionUnreadableReason = "AdmissionUnreadable"
	// PolicyMissingReason (False): the ClusterImagePolicy is not in place; PolicyApplied says why.
	PolicyMissingReason = "PolicyMissing"
	// WebhookMissingReason (False): policy-controller's validating webhook is not registered.
	WebhookMissingReason = "WebhookMissing"
	// FailurePolicyIgnoreReason (False): workloads pass while the webhook does not answer.
	FailurePolicyIgnoreReason = "FailurePolicyIgnore"
	// WarnModeReason (False): the policy only warns.
	WarnModeReason = "WarnMode"
	// WebhookLimitedReason (False): the webhook's rules or selectors leave matching workloads out.
	WebhookLimitedReason = "WebhookLimited"
	// NamespacesNotOptedInReason (False): namespaces run matching images, and the webhook's selector leaves them out.
	NamespacesNotOptedInReason = "NamespacesNotOptedIn"
	// AttestationsUnverifiedReason (False): a policy asks for attestations of matching images, and enable-oci11 has
	// policy-controller accept them unverified.
	AttestationsUnverifiedReason = "AttestationsUnverified"
	// UncoveredImagesDeniedReason (False): beside matching images run some that no policy covers, and
	// no-match-policy refuses them.
	UncoveredImagesDeniedReason = "UncoveredImagesDenied"
	// UncoveredImagesAllowedReason (False): beside matching images run some that no policy covers, and
	// no-match-policy lets them through.
	UncoveredImagesAllowedReason = "UncoveredImagesAllowed"
)

// Reasons why admission would refuse a container, beside those of an untrusted image.
const (
	// NoMatchingPolicyReason: no policy covers the image, and no-match-policy refuses that.
	NoMatchingPolicyReason = "NoMatchingPolicy"
	// StaticPolicyReason: a policy refuses the image whatever its signatures.
	StaticPolicyReason = "StaticPolicy"
	// FormatNotAcceptedReason: the image is signed or attested in a form that a policy does not take.
	FormatNotAcceptedReason = "FormatNotAccepted"
	// NotADigestReason: the image is named by tag, and no webhook turns tags into digests.
	NotADigestReason = "NotADigest"
	// InvalidReferenceReason: the image's name cannot be read.
	InvalidReferenceReason = "InvalidReference"
	// PolicyNotEvaluatedReason: a policy that this operator cannot evaluate covers the image too, so that the
	// answer is open.
	PolicyNotEvaluatedReason = "PolicyNotEvaluated"
)

// Reasons of events; those of changed verdicts and failed policies are the reasons above.
const (
	// PolicyRepairedReason: the ClusterImagePolicy had been changed or deleted, and was restored.
	PolicyRepairedReason = "PolicyRepaired"
	// PolicyRemovedReason: the ClusterImagePolicy was removed, because enforcement is Audit.
	PolicyRemovedReason = "PolicyRemoved"
	// ImageUntrustedReason: an image turned untrusted.
	ImageUntrustedReason = "ImageUntrusted"
	// ImageVerifiedReason: an image that was untrusted is verified.
	ImageVerifiedReason = "ImageVerified"
)
