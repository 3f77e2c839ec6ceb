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

// Condition types. Ready, PolicyApplied, ImagesVerified and Enforced are always
// present after the first reconciliation. Reconciling and Stalled follow kstatus
// and are only present while they are True.
const (
	// ReadyCondition indicates whether the operator has done its work. It is True
	// if the spec is valid, the ClusterImagePolicy is applied and ready (or none is
	// required), and the initial verification is complete. It does not depend on
	// the verdicts: it stays True if an image is untrusted.
	ReadyCondition = "Ready"

	// PolicyAppliedCondition indicates whether the ClusterImagePolicy is in effect.
	// It is True if the policy is applied and policy-controller reports it Ready
	// for its current generation, or if enforcement is Audit, so that no policy is
	// required. It is False if a change by the user is necessary, and Unknown while
	// the operator waits for policy-controller or the API server.
	PolicyAppliedCondition = "PolicyApplied"

	// ImagesVerifiedCondition indicates the result of verification. It is True if
	// every image is verified, False if at least one image is untrusted, and
	// Unknown if no image is untrusted but some could not be examined.
	ImagesVerifiedCondition = "ImagesVerified"

	// EnforcedCondition indicates whether admission enforces the trust. It is True
	// if admission denies images that fail the trust in every namespace that runs
	// matching images. It is False if something prevents that, and Unknown if
	// policy-controller is not installed or the state of the cluster could not be
	// read.
	EnforcedCondition = "Enforced"

	// ReconcilingCondition is True while the operator works towards the spec. It is
	// absent otherwise.
	ReconcilingCondition = "Reconciling"

	// StalledCondition is True if the operator cannot make progress until the user
	// changes something. It is absent otherwise.
	StalledCondition = "Stalled"

	// PropagatedCondition exists on a Karmada control plane only, where the operator
	// makes no policies and verifies nothing. It indicates whether Karmada propagates
	// the trust to the member clusters that it is meant for. It is True if the trust
	// is applied in all of them and all of them answer, False if the trust is not
	// applied where it should be, and Unknown if some clusters do not answer or are
	// suspended.
	PropagatedCondition = "Propagated"
)

// Reasons of Propagated. If several apply, the first of this list is the reason, and
// the message lists all of them.
const (
	// NotPropagatedReason (False) means that no ClusterPropagationPolicy selects the
	// trust.
	NotPropagatedReason = "NotPropagated"
	// NotScheduledReason (False or Unknown) means that Karmada's scheduler has not
	// selected clusters. It is Unknown while the scheduler has not looked at the trust.
	NotScheduledReason = "NotScheduled"
	// NotAppliedReason (False) means that Karmada has not applied the trust in some of
	// the clusters.
	NotAppliedReason = "NotApplied"
	// APINotServedReason (False) means that the policy selects clusters which do not
	// serve KarmadaImageTrusts. Karmada leaves these out.
	APINotServedReason = "APINotServed"
	// ClustersUnreadableReason (Unknown) means that the member clusters cannot be read
	// from the control plane, so that it is not known which of them answer.
	ClustersUnreadableReason = "ClustersUnreadable"
	// ClusterNotAnsweringReason (Unknown) means that Karmada does not reach some of the
	// clusters. What the status says of them is their last report.
	ClusterNotAnsweringReason = "ClusterNotAnswering"
	// SuspendedReason (Unknown) means that the policy suspends the propagation to some
	// of the clusters, which may have an earlier generation of the trust, or none.
	SuspendedReason = "Suspended"
	// PropagatedReason (True) means that the trust is applied in every cluster, and that
	// all of these answer.
	PropagatedReason = "Propagated"
)

// Reasons of Ready, PolicyApplied, ImagesVerified and Enforced on a Karmada control
// plane, in addition to those that the member clusters report. NotApplied is one of
// them, too.
const (
	// NotReportedReason (Unknown) means that no operator has reported the condition in
	// some of the clusters, or that there is no cluster.
	NotReportedReason = "NotReported"
	// OutdatedReason (Unknown) means that some of the clusters last reported about an
	// earlier generation of the trust.
	OutdatedReason = "Outdated"
	// UnreadableReason (Unknown) means that some of the clusters report something that
	// is not the status of a trust.
	UnreadableReason = "Unreadable"
)

// Reasons of Ready. Reconciling and Stalled have the same reason as Ready.
const (
	// ReconciledReason means that the operator has nothing left to do.
	ReconciledReason = "Reconciled"
	// VerifyingReason means that the initial verification is in progress.
	VerifyingReason = "Verifying"
	// ApplyingPolicyReason means that the ClusterImagePolicy is not in effect yet.
	// PolicyApplied has the cause.
	ApplyingPolicyReason = "ApplyingPolicy"
)

// Reasons of PolicyApplied. InvalidSpec, PolicyRejected and PolicyConflict stall
// the object, and are then also the reasons of Ready and Stalled.
const (
	// AppliedReason means that the ClusterImagePolicy is applied, and that
	// policy-controller reports it Ready.
	AppliedReason = "Applied"
	// AuditModeReason means that no ClusterImagePolicy is required, because
	// enforcement is Audit.
	AuditModeReason = "AuditMode"
	// InvalidSpecReason means that the spec is invalid. The message says what to
	// write instead.
	InvalidSpecReason = "InvalidSpec"
	// PolicyRejectedReason means that the API server or policy-controller's webhook
	// rejected the ClusterImagePolicy.
	PolicyRejectedReason = "PolicyRejected"
	// PolicyConflictReason means that a ClusterImagePolicy of the same name exists
	// that was not created for this trust.
	PolicyConflictReason = "PolicyConflict"
	// PolicyControllerNotInstalledReason means that the cluster does not have the
	// kind ClusterImagePolicy.
	PolicyControllerNotInstalledReason = "PolicyControllerNotInstalled"
	// PolicyNotReadyReason means that policy-controller does not report the
	// ClusterImagePolicy Ready for its current generation yet.
	PolicyNotReadyReason = "PolicyNotReady"
	// PolicyFailedReason means that policy-controller reports that it cannot use
	// the ClusterImagePolicy.
	PolicyFailedReason = "PolicyFailed"
	// TrustRootNotUsableReason means that policy-controller cannot use the TrustRoot:
	// it does not exist, or has a key that policy-controller does not accept. The
	// policy is applied, and accepts no signature by that TrustRoot. It is also a
	// reason of Enforced, and why admission would deny a container.
	TrustRootNotUsableReason = "TrustRootNotUsable"
	// TrustRootNotReadyReason means that policy-controller does not have the keys of
	// the TrustRoot yet, or that it is not known whether it has. It is also why it is
	// undetermined whether admission would deny a container.
	TrustRootNotReadyReason = "TrustRootNotReady"
	// ApplyFailedReason means that the API server could not be reached or failed.
	// The operator retries.
	ApplyFailedReason = "ApplyFailed"
)

// Reasons of ImagesVerified.
const (
	// AllVerifiedReason means that every image is verified.
	AllVerifiedReason = "AllVerified"
	// NoImagesReason means that there are no images to verify.
	NoImagesReason = "NoImages"
	// UntrustedImagesReason means that at least one image is untrusted.
	UntrustedImagesReason = "UntrustedImages"
	// NotYetVerifiedReason means that at least one image has not been examined yet.
	NotYetVerifiedReason = "NotYetVerified"
	// VerificationUnavailableReason means that at least one image could not be
	// examined.
	VerificationUnavailableReason = "VerificationUnavailable"
)

// Reasons of the verdict on one image.
const (
	// SignedReason (Verified) means that the image has a valid signature by the
	// required identity.
	SignedReason = "Signed"

	// AttestedReason (Verified) means that the image has the required attestations
	// by the required identity, and needs no signature.
	AttestedReason = "Attested"

	// UnsignedReason (Untrusted) means that the image has no signature.
	UnsignedReason = "Unsigned"
	// IdentityMismatchReason (Untrusted) means that the image has a valid signature,
	// but by another identity.
	IdentityMismatchReason = "IdentityMismatch"
	// InvalidSignatureReason (Untrusted) means that the signature does not match the
	// image, or is malformed.
	InvalidSignatureReason = "InvalidSignature"
	// UntrustedCertificateReason (Untrusted) means that the signing certificate was
	// not issued by the root of trust, or was not valid at the time of signing.
	UntrustedCertificateReason = "UntrustedCertificate"
	// LogProofInvalidReason (Untrusted) means that the proof of the transparency log
	// entry is missing or invalid.
	LogProofInvalidReason = "LogProofInvalid"
	// PlatformDigestNotSignedReason (Untrusted) means that the digest is that of one
	// platform, and that only the image index that contains it is signed. Admission
	// does not check the index.
	PlatformDigestNotSignedReason = "PlatformDigestNotSigned"
	// AttestationMissingReason (Untrusted) means that a required attestation does
	// not exist.
	AttestationMissingReason = "AttestationMissing"
	// AttestationRejectedReason (Untrusted) means that an attestation by the required
	// identity exists, but does not satisfy the CUE expression.
	AttestationRejectedReason = "AttestationRejected"
	// NotAnImageReason (Untrusted) means that the reference names another kind of
	// artifact, such as a Helm chart.
	NotAnImageReason = "NotAnImage"
	// NotInRepositoryReason (Untrusted) means that a container runs a digest that
	// its repository does not have, although the repository exists and can be read.
	NotInRepositoryReason = "NotInRepository"

	// TooManyImagesReason (Unknown) means that the workloads of a namespace name more
	// images than the operator verifies for one namespace, and that the image is one
	// of the rest.
	TooManyImagesReason = "TooManyImages"
	// TooManySignaturesReason (Unknown) means that the image has more signatures,
	// or attestations, than are examined, and that none of the examined ones is
	// accepted.
	TooManySignaturesReason = "TooManySignatures"
	// DigestNotReportedReason (Unknown) means that a container runs, but that its
	// node reports no digest of the image's repository, so that what runs cannot be
	// told. That is so for an image that was loaded into the node.
	DigestNotReportedReason = "DigestNotReported"
	// TagMovedReason (Unknown) means that the tag was moved while the image was
	// examined, so that verdicts by several policies are about different digests.
	TagMovedReason = "TagMoved"
	// PendingReason (Unknown) means that the image has not been examined yet.
	PendingReason = "Pending"
	// RegistryUnauthorizedReason (Unknown) means that the registry requires
	// credentials (401, 403).
	RegistryUnauthorizedReason = "RegistryUnauthorized"
	// RegistryUnreachableReason (Unknown) means that the registry does not respond,
	// or responds with an error.
	RegistryUnreachableReason = "RegistryUnreachable"
	// RegistryResponseInvalidReason (Unknown) means that a response of the registry
	// is invalid: it is too large, of another media type, or has another digest.
	RegistryResponseInvalidReason = "RegistryResponseInvalid"
	// RateLimitedReason (Unknown) means that the registry limits the rate of
	// requests (429).
	RateLimitedReason = "RateLimited"
	// ImageNotFoundReason (Unknown) means that the registry does not have the image.
	ImageNotFoundReason = "ImageNotFound"
	// TrustRootUnavailableReason (Unknown) means that the root of trust does not
	// exist or cannot be read.
	TrustRootUnavailableReason = "TrustRootUnavailable"
	// ConditionNotEvaluatedReason (Unknown) means that the condition in CUE on an
	// attestation cannot be evaluated; the message says why.
	ConditionNotEvaluatedReason = "ConditionNotEvaluated"
	// UnsupportedFormatReason (Unknown) means that a signature or an attestation of the
	// image, or the entry of the transparency log with it, is in a format that the
	// operator does not support, and that nothing else of the image is accepted.
	UnsupportedFormatReason = "UnsupportedFormat"
	// TimeoutReason (Unknown) means that the verification timed out.
	TimeoutReason = "Timeout"
	// InternalErrorReason (Unknown) means that the operator failed to process the
	// image. Its log has the details.
	InternalErrorReason = "InternalError"
)

// Reasons of Enforced. If several apply, the most severe one is the reason and the
// message lists all of them; the order is defined in controllers/status_enforced.go.
// PolicyControllerNotInstalled, InvalidSpec, AuditMode, PolicyNotReady and
// PolicyFailed are reasons of Enforced, too.
const (
	// AdmissionEnforcesReason (True) means that admission enforces the trust.
	AdmissionEnforcesReason = "AdmissionEnforces"
	// AdmissionUnreadableReason (Unknown) means that webhook configurations,
	// namespaces, workloads or the configuration of policy-controller have not been
	// read yet, or could not be read.
	AdmissionUnreadableReason = "AdmissionUnreadable"
	// PolicyMissingReason (False) means that the ClusterImagePolicy is not applied.
	// PolicyApplied has the cause.
	PolicyMissingReason = "PolicyMissing"
	// WebhookMissingReason (False) means that policy-controller's validating webhook
	// is not registered.
	WebhookMissingReason = "WebhookMissing"
	// FailurePolicyIgnoreReason (False) means that the failurePolicy of the webhook
	// is Ignore, so that workloads are allowed while it is unavailable.
	FailurePolicyIgnoreReason = "FailurePolicyIgnore"
	// WarnModeReason (False) means that the ClusterImagePolicy is in mode warn.
	WarnModeReason = "WarnMode"
	// WebhookLimitedReason (False) means that the rules or selectors of the webhook
	// exclude workloads with matching images.
	WebhookLimitedReason = "WebhookLimited"
	// NamespacesNotOptedInReason (False) means that the namespace selector of the
	// webhook excludes namespaces that run matching images.
	NamespacesNotOptedInReason = "NamespacesNotOptedIn"
	// AttestationsUnverifiedReason (False) means that a policy requires attestations
	// of matching images, but that policy-controller accepts them without
	// verification, because enable-oci11 is set.
	AttestationsUnverifiedReason = "AttestationsUnverified"
	// ImageVolumesReason (False) means that workloads mount matching images as
	// volumes, which policy-controller does not look at.
	ImageVolumesReason = "ImageVolumes"
	// SpellingNotCoveredReason (False) means that workloads name matching images in
	// a spelling of the registry that the ClusterImagePolicy does not match.
	SpellingNotCoveredReason = "SpellingNotCovered"
	// UncoveredImagesDeniedReason (False) means that workloads with matching images
	// also use images that no policy covers, and that no-match-policy denies these.
	UncoveredImagesDeniedReason = "UncoveredImagesDenied"
	// UncoveredImagesAllowedReason (False) means that workloads with matching images
	// also use images that no policy covers, and that no-match-policy allows these.
	UncoveredImagesAllowedReason = "UncoveredImagesAllowed"
)

// Reasons why admission would deny a container, in addition to the reasons of an
// untrusted image.
const (
	// NoMatchingPolicyReason means that no policy covers the image, and that
	// no-match-policy is deny.
	NoMatchingPolicyReason = "NoMatchingPolicy"
	// StaticPolicyReason means that a policy denies the image regardless of its
	// signatures.
	StaticPolicyReason = "StaticPolicy"
	// FormatNotAcceptedReason means that the image is signed or attested in a format
	// that a policy does not accept.
	FormatNotAcceptedReason = "FormatNotAccepted"
	// NotADigestReason means that the image is specified by tag, and that no webhook
	// resolves tags to digests.
	NotADigestReason = "NotADigest"
	// InvalidReferenceReason means that the name of the image cannot be parsed. It
	// is also the reason of an Unknown verdict: a node may be able to parse it.
	InvalidReferenceReason = "InvalidReference"
	// PlaceholderReason means that the result is undetermined, because the name of the
	// image in a file has a placeholder, which another tool replaces before the file is
	// applied.
	PlaceholderReason = "Placeholder"
	// PolicyNotEvaluatedReason means that the result is undetermined, because the
	// image is also covered by a policy that the operator cannot evaluate.
	PolicyNotEvaluatedReason = "PolicyNotEvaluated"
	// PolicyControllerVersionReason means that the result is undetermined, because
	// versions of policy-controller decide differently, and it is not known which one
	// is installed.
	PolicyControllerVersionReason = "PolicyControllerVersion"
)

// Reasons of events. Events about a failed policy or a changed verdict can also
// have one of the reasons above.
const (
	// PolicyRepairedReason means that the ClusterImagePolicy had been changed or
	// deleted by someone else, and was restored.
	PolicyRepairedReason = "PolicyRepaired"
	// PolicyRemovedReason means that the ClusterImagePolicy was removed, because
	// enforcement is Audit.
	PolicyRemovedReason = "PolicyRemoved"
	// ImageUntrustedReason means that an image became untrusted.
	ImageUntrustedReason = "ImageUntrusted"
	// ImageVerifiedReason means that an image that was untrusted is now verified.
	ImageVerifiedReason = "ImageVerified"
	// PolicyReportRejectedReason means that policy reports are not written in some
	// namespaces, because other reports have their names or the API server denies
	// them.
	PolicyReportRejectedReason = "PolicyReportRejected"
)
