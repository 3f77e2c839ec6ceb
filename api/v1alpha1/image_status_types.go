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

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict is the result of verifying one image.
// +kubebuilder:validation:Enum=Verified;Untrusted;Unknown
type Verdict string

const (
	// VerdictVerified means that the image has a valid signature by the required
	// identity, and every required attestation.
	VerdictVerified Verdict = "Verified"
	// VerdictUntrusted means that the image was examined and has no such signature
	// or lacks an attestation.
	VerdictUntrusted Verdict = "Untrusted"
	// VerdictUnknown means that the image could not be examined, for example
	// because its registry is unavailable. An image that could not be examined is
	// never reported as Verified or Untrusted.
	VerdictUnknown Verdict = "Unknown"
)

// Worse reports whether v is a worse verdict than other: Untrusted is worse than
// Unknown, and Unknown is worse than Verified. Anything else counts as Unknown.
func (v Verdict) Worse(other Verdict) bool { return v.severity() > other.severity() }

func (v Verdict) severity() int {
	switch v {
	case VerdictVerified:
		return 0
	case VerdictUntrusted:
		return 2
	default:
		return 1
	}
}

// Signer describes who signed an image, according to the signing certificate.
// +kubebuilder:validation:MinProperties=1
type Signer struct {
	// name of the signer in spec.signers that signed the image. It is only set for
	// a verified image of a trust that lists signers.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// issuer is the OIDC issuer of the identity.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// identity is the subject of the certificate: the URL of a workflow with its
	// ref, or an e-mail address.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Identity string `json:"identity,omitempty"`

	// sourceRepository is the repository that the image was built from, for
	// example karmada-io/karmada.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	SourceRepository string `json:"sourceRepository,omitempty"`

	// sourceRef is the Git ref that the image was built from, for example
	// refs/tags/v1.16.0.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	SourceRef string `json:"sourceRef,omitempty"`

	// sourceCommit is the Git commit that the image was built from.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	SourceCommit string `json:"sourceCommit,omitempty"`

	// workflowName is the name of the workflow that signed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	WorkflowName string `json:"workflowName,omitempty"`

	// workflowTrigger is the event that started the workflow, for example push or
	// release.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	WorkflowTrigger string `json:"workflowTrigger,omitempty"`
}

// TransparencyLogEntry is the verified entry of a signature in the transparency
// log.
type TransparencyLogEntry struct {
	// logIndex is the index of the entry in the log.
	// +required
	// +kubebuilder:validation:Minimum=0
	LogIndex *int64 `json:"logIndex,omitempty"`

	// integratedTime is the time at which the signature was added to the log. It
	// is not set for a log of Rekor v2, whose entries have no time: signedTime is
	// set instead.
	// +optional
	IntegratedTime *metav1.Time `json:"integratedTime,omitempty"`

	// url is the URL of the log, as the root of trust has it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	URL string `json:"url,omitempty"`
}

// LastVerdict is the last verdict other than Unknown.
type LastVerdict struct {
	// verdict is Verified or Untrusted.
	// +required
	Verdict Verdict `json:"verdict,omitempty"`

	// time of the verdict.
	// +required
	Time *metav1.Time `json:"time,omitempty"`
}

// Usage describes how an image is used in the cluster.
// +kubebuilder:validation:Enum=Running;Requested;Rollback
type Usage string

const (
	// UsageRunning means that a node reports that it runs the image.
	UsageRunning Usage = "Running"
	// UsageRequested means that a workload's template or verification.references
	// names the image, and that no node reports it.
	UsageRequested Usage = "Requested"
	// UsageRollback means that only ReplicaSets without replicas name the image.
	// Its verdict does not affect the condition ImagesVerified.
	UsageRollback Usage = "Rollback"
)

// ImageStatus is the result of verifying one image.
type ImageStatus struct {
	// reference of the image as the workload names it, with the full name of
	// images on Docker Hub.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reference string `json:"reference,omitempty"`

	// digest that was verified, for example sha256:5f70…. For a running image it
	// is the digest that the node reports. It is not set while the tag of an image
	// could not be resolved, and for a running image whose node reports no digest.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Digest string `json:"digest,omitempty"`

	// indexDigest is the digest of the signed multi-platform image index that
	// contains digest. It is set if a node reports the digest of one platform. Pin
	// the image to this digest then.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	IndexDigest string `json:"indexDigest,omitempty"`

	// tagDigest is the digest that the tag currently resolves to, if it differs
	// from the running one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	TagDigest string `json:"tagDigest,omitempty"`

	// usage is Running if a node reports the image, Requested if only a workload's
	// template or verification.references names it, and Rollback if only an
	// inactive ReplicaSet does.
	// +required
	Usage Usage `json:"usage,omitempty"`

	// workloads is the number of workloads that run or request the image.
	// +required
	// +kubebuilder:validation:Minimum=0
	Workloads *int32 `json:"workloads,omitempty"`

	// verdict is Verified, Untrusted or Unknown.
	// +required
	Verdict Verdict `json:"verdict,omitempty"`

	// reason for the verdict in CamelCase, for example Unsigned or
	// RegistryUnreachable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message explains the verdict.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`

	// lastVerdict is the last verdict other than Unknown. It is only set while
	// the verdict is Unknown.
	// +optional
	LastVerdict *LastVerdict `json:"lastVerdict,omitempty"`

	// signer describes who signed the image. For an untrusted image it is the
	// signer of a valid signature by another identity, if there is one.
	// +optional
	Signer *Signer `json:"signer,omitempty"`

	// signatureFormat is how the signature is stored: SimpleSigning for the tag
	// that cosign v2 writes, Bundle for a Sigstore bundle that refers to the image.
	// +optional
	SignatureFormat SignatureFormat `json:"signatureFormat,omitempty"`

	// transparencyLog is the entry of the signature in the transparency log. It
	// is not set if a timestamp was used instead of the log.
	// +optional
	TransparencyLog *TransparencyLogEntry `json:"transparencyLog,omitempty"`

	// signedTime is the time in the timestamp of a timestamp authority, if that
	// proves the time of signing and not the transparency log.
	// +optional
	SignedTime *metav1.Time `json:"signedTime,omitempty"`
}

// SignatureFormat is how a signature is stored.
// +kubebuilder:validation:Enum=SimpleSigning;Bundle
type SignatureFormat string

const (
	// SignatureFormatSimpleSigning is a signature under the tag sha256-….sig, as
	// cosign v2 writes it.
	SignatureFormatSimpleSigning SignatureFormat = "SimpleSigning"
	// SignatureFormatBundle is a Sigstore bundle that refers to the image, as
	// cosign v3 writes it.
	SignatureFormatBundle SignatureFormat = "Bundle"
)
