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

package main

import (
	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/sarif"
)

// The rules of plan that are not reasons of a finding.
const (
	// ruleNotCovered is that no policy covers an image.
	ruleNotCovered = "NotCovered"
	// ruleImageVolume is that admission does not look at an image volume.
	ruleImageVolume = "ImageVolume"
	// ruleClusterUnknown is that nothing is known of a member cluster.
	ruleClusterUnknown = "ClusterUnknown"
)

// planRules returns the rules of plan as SARIF: the reasons of findings and of what was skipped. docs/troubleshooting.md has the same
// reasons in more words.
func planRules() []sarif.Rule {
	return append(append(deniedRules(), undeterminedRules()...), noteRules()...)
}

func deniedRules() []sarif.Rule {
	denied := func(id, summary, help string) sarif.Rule {
		return sarif.Rule{ID: id, Level: sarif.Error, Summary: summary, Help: help}
	}
	return []sarif.Rule{
		denied(v1alpha1.UnsignedReason, "The image has no signature.", "Sign the image."),
		denied(v1alpha1.IdentityMismatchReason, "The image is signed by another identity.",
			"If it may sign, extend the identity of the trust; otherwise find out where the image comes from."),
		denied(v1alpha1.InvalidSignatureReason, "A signature does not match the image, or is malformed.",
			"Sign again, and find out who changed the content of the registry."),

		denied(v1alpha1.UntrustedCertificateReason, "The certificate is not of the root of trust, or was not valid when the image was signed.",
			"Check the root of trust. Signatures made with a key are not supported."),
		denied(v1alpha1.LogProofInvalidReason, "The entry of the transparency log is missing or invalid.",
			"Sign with a transparency log, which is cosign's default, and check the root of trust."),
		denied(v1alpha1.PlatformDigestNotSignedReason, "The digest is that of a single platform, and only the index is signed.",
			"Pin to the index."),
		denied(v1alpha1.AttestationMissingReason, "A required attestation does not exist.",
			"Attest the image with the identity that signs it, or remove the attestation from the trust."),
		denied(v1alpha1.AttestationRejectedReason, "An attestation does not fulfil the condition of the trust.",
			"Correct the attestation or the condition."),
		denied(v1alpha1.NotAnImageReason, "The reference names another kind of artifact.", "Correct the reference."),
		denied(v1alpha1.NotInRepositoryReason, "The repository does not have the digest.", "Correct the digest."),
		denied(v1alpha1.NoMatchingPolicyReason, "No policy covers the image, and no-match-policy is deny.",
			"Cover it with a trust or a policy."),
		denied(v1alpha1.StaticPolicyReason, "A policy denies the image regardless of its signatures.",
			"Use another image, or change the policy."),
		denied(v1alpha1.FormatNotAcceptedReason, "The image is signed or attested in a format that policy-controller does not accept.",
			"Sign it in cosign v2's format, or upgrade policy-controller."),
		denied(v1alpha1.TrustRootNotUsableReason, "policy-controller has no keys of the TrustRoot that the policy names.",
			"Write a TrustRoot that policy-controller can use."),
		denied(v1alpha1.NotADigestReason, "The image is named by tag, and no webhook resolves tags to digests.",
			"Use the digest, or restore the mutating webhook of policy-controller."),
		denied(v1alpha1.InvalidReferenceReason, "The name of the image cannot be parsed.", "Correct the name."),
	}
}

func undeterminedRules() []sarif.Rule {
	open := func(id, summary, help string) sarif.Rule {
		return sarif.Rule{ID: id, Level: sarif.Warning, Summary: summary, Help: help}
	}
	return []sarif.Rule{
		open(v1alpha1.PlaceholderReason, "The name of the image has a placeholder.",
			"Plan what is applied, for example the output of helm template or kustomize build."),
		open(string(manifests.UnknownImage), "An object names an image in a way that is not known.", "Name its fields with --image-fields."),
		open(ruleClusterUnknown, "Nothing is known of a member cluster.", "Check that Karmada reaches the cluster, and your rights in it."),
		open(v1alpha1.PolicyNotEvaluatedReason, "A policy that covers the image cannot be evaluated.",
			"Evaluate it with policy-controller's own tools."),
		open(v1alpha1.PolicyControllerVersionReason, "Versions of policy-controller decide differently on the image.",
			"Name the installed version with --policy-controller-version."),
		open(v1alpha1.AdmissionUnreadableReason, "The admission of the cluster is not known.", "Check your rights in the cluster."),
		open(v1alpha1.TrustRootNotReadyReason, "It is not known whether policy-controller has the keys of the TrustRoot.",
			"Wait until policy-controller has read the TrustRoot."),
		open(v1alpha1.TrustRootUnavailableReason, "The root of trust does not exist or cannot be read.",
			"Create the TrustRoot, or name its file."),
		open(v1alpha1.RegistryUnauthorizedReason, "The registry requires credentials.", "Log in, or check the name of the image."),
		open(v1alpha1.RegistryUnreachableReason, "The registry does not answer, or answers with an error.", "Run the command again."),
		open(v1alpha1.RegistryResponseInvalidReason, "An answer of the registry is invalid.", "Look for a proxy or a login page in between."),
		open(v1alpha1.RateLimitedReason, "The registry limits requests.", "Run the command later, or log in."),
		open(v1alpha1.ImageNotFoundReason, "The registry does not have the image.", "Check the name of the image."),
		open(v1alpha1.TooManySignaturesReason, "The image has more signatures than are examined.", "Remove those that are not needed."),
		open(v1alpha1.TooManyImagesReason, "The namespace names more images than are verified.", "Plan fewer workloads at once."),
		open(v1alpha1.TagMovedReason, "The tag was moved while the image was examined.", "Run the command again."),
		open(v1alpha1.DigestNotReportedReason, "The node reports no digest of what runs.", "Pull the image from its registry."),
		open(v1alpha1.PendingReason, "The image was not examined.", "Run the command again."),
		open(v1alpha1.ConditionNotEvaluatedReason, "A condition on an attestation cannot be evaluated.", "Simplify the condition."),
		open(v1alpha1.UnsupportedFormatReason, "A signature or an attestation is in a format that is not supported.",
			"Sign again with a current cosign."),
		open(v1alpha1.TimeoutReason, "The verification timed out.", "Run the command again, or set a longer --timeout."),
		open(v1alpha1.InternalErrorReason, "The verification failed.", "Please report it."),
	}
}

func noteRules() []sarif.Rule {
	note := func(id, summary, help string) sarif.Rule {
		return sarif.Rule{ID: id, Level: sarif.Note, Summary: summary, Help: help}
	}
	skipped := func(reason manifests.SkipReason, summary, help string) sarif.Rule {
		return note(string(reason), summary, help)
	}
	return []sarif.Rule{
		note(ruleNotCovered, "No policy covers the image.", "Cover it with a trust or a policy, or leave it to no-match-policy."),
		note(ruleImageVolume, "Admission does not look at the image of a volume.", "Verify the image with kubectl imagetrust verify."),
		skipped(manifests.Patch, "A container has no image.", "Plan what is applied, for example the output of kustomize build."),
		skipped(manifests.EphemeralContainer, "No pod is created with an ephemeral container.", "Remove it from the file."),
		skipped(manifests.ChartTemplate, "The file is a template of a Helm chart.", "Plan the output of helm template."),
		skipped(manifests.KustomizeInput, "The file is input of kustomize.", "Plan the output of kustomize build."),
		skipped(manifests.NotAnObject, "A document is no Kubernetes object.",
			"Name files with Kubernetes objects only, or exclude it with --exclude."),
		skipped(manifests.LinkedDirectory, "A link to a directory is not followed.", "Name the directory if its manifests are applied."),
		skipped(manifests.SpecialFile, "A device or a pipe in a directory is not read.", "Name it to have it read."),
		skipped(manifests.Excluded, "The file is excluded.", "Remove it from --exclude to plan it."),
	}
}
