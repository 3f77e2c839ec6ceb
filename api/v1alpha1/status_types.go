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

// Verdict on one image.
// +kubebuilder:validation:Enum=Verified;Untrusted;Unknown
type Verdict string

const (
	// VerdictVerified means that a signature by the wanted identity was proved.
	VerdictVerified Verdict = "Verified"
	// VerdictUntrusted means that the image was examined and no such signature
	// exists.
	VerdictUntrusted Verdict = "Untrusted"
	// VerdictUnknown means that the image could not be examined, for example
	// because its registry does not answer. It never stands for either of the
	// others.
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

// Signer is what a proved signing certificate says of who signed.
// +kubebuilder:validation:MinProperties=1
type Signer struct {
	// issuer is the OIDC issuer that vouched for the identity.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Issuer string `json:"issuer,omitempty"`

	// identity is the subject of the certificate: a workflow's URL with its ref,
	// or an e-mail address.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Identity string `json:"identity,omitempty"`

	// sourceRepository is the repository that was built, for example
	// karmada-io/karmada.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	SourceRepository string `json:"sourceRepository,omitempty"`

	// sourceRef is the Git ref that was built, for example refs/tags/v1.16.0.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	SourceRef string `json:"sourceRef,omitempty"`

	// sourceCommit is the Git commit that was built.
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

// TransparencyLogEntry is the proved entry of the signature in the
// transparency log.
type TransparencyLogEntry struct {
	// logIndex is the index of the entry in the log.
	// +required
	// +kubebuilder:validation:Minimum=0
	LogIndex *int64 `json:"logIndex,omitempty"`

	// integratedTime is when the log took the signature in: the time of signing.
	// +required
	IntegratedTime *metav1.Time `json:"integratedTime,omitempty"`
}

// LastVerdict is the last verdict that rests on an examination of the image.
type LastVerdict struct {
	// verdict that was reached: Verified or Untrusted.
	// +required
	Verdict Verdict `json:"verdict,omitempty"`

	// time when it was reached.
	// +required
	Time *metav1.Time `json:"time,omitempty"`
}

// Usage tells what an image is known from.
// +kubebuilder:validation:Enum=Running;Requested;Rollback
type Usage string

const (
	// UsageRunning means that a node reports the image.
	UsageRunning Usage = "Running"
	// UsageRequested means that a workload's template or
	// verification.references asks for the image, and that no node reports it.
	UsageRequested Usage = "Requested"
	// UsageRollback means that only ReplicaSets without replicas ask for the
	// image. Its verdict does not count in ImagesVerified.
	UsageRollback Usage = "Rollback"
)

// ImageStatus is the verdict on one image.
type ImageStatus struct {
	// reference of the image as it was asked for, Docker Hub's names spelled out.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reference string `json:"reference,omitempty"`

	// digest that the verdict is about, for example sha256:5f70…: of a running
	// image, what the node reports. Pin the image to it with NAME@DIGEST. Absent
	// while a tag could not be looked up.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Digest string `json:"digest,omitempty"`

	// indexDigest is the digest of the signed multi-platform index that vouches for the
	// digest, where a node reports the digest of one platform. Pin to this one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	IndexDigest string `json:"indexDigest,omitempty"`

	// tagDigest is what the tag names by now, where that is something else than
	// runs.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	TagDigest string `json:"tagDigest,omitempty"`

	// usage tells whether the image runs, is only asked for, or is only what a
	// rollback would return to.
	// +required
	Usage Usage `json:"usage,omitempty"`

	// workloads is how many workloads run the image or ask for it.
	// +required
	// +kubebuilder:validation:Minimum=0
	Workloads *int32 `json:"workloads,omitempty"`

	// verdict on the image: Verified, Untrusted or Unknown.
	// +required
	Verdict Verdict `json:"verdict,omitempty"`

	// reason for the verdict as one word, for example Unsigned or
	// RegistryUnreachable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message says what was seen.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`

	// lastVerdict is kept while the verdict is Unknown.
	// +optional
	LastVerdict *LastVerdict `json:"lastVerdict,omitempty"`

	// signer is what the signing certificate says; of an untrusted image, what was
	// seen in a signature that is sound but by somebody else.
	// +optional
	Signer *Signer `json:"signer,omitempty"`

	// signatureFormat tells how the signature is stored: SimpleSigning is cosign
	// v2's tag beside the image, Bundle a Sigstore bundle that refers to it.
	// +optional
	SignatureFormat SignatureFormat `json:"signatureFormat,omitempty"`

	// transparencyLog is the entry of the signature in the transparency log.
	// +optional
	TransparencyLog *TransparencyLogEntry `json:"transparencyLog,omitempty"`

	// signedTime is when a timestamp authority saw the signature, where that stands
	// in for the transparency log.
	// +optional
	SignedTime *metav1.Time `json:"signedTime,omitempty"`
}

// SignatureFormat is how a signature is stored.
// +kubebuilder:validation:Enum=SimpleSigning;Bundle
type SignatureFormat string

const (
	// SignatureFormatSimpleSigning is a tag beside the image, as cosign v2 makes it.
	SignatureFormatSimpleSigning SignatureFormat = "SimpleSigning"
	// SignatureFormatBundle is a Sigstore bundle that refers to the image, as
	// cosign v3 makes it.
	SignatureFormatBundle SignatureFormat = "Bundle"
)

// PolicyStatus is the ClusterImagePolicy that this trust produced.
type PolicyStatus struct {
	// name of the ClusterImagePolicy.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// mode of the ClusterImagePolicy: warn or enforce.
	// +required
	// +kubebuilder:validation:Enum=warn;enforce
	Mode string `json:"mode,omitempty"`

	// ready is policy-controller's own word on the policy: whether it is Ready at
	// its current generation.
	// +required
	// +kubebuilder:validation:Enum=True;False;Unknown
	Ready metav1.ConditionStatus `json:"ready,omitempty"`
}

// ViolationEffect tells what becomes of a workload.
// +kubebuilder:validation:Enum=WouldDeny;WouldDenyOnceOptedIn
type ViolationEffect string

const (
	// EffectWouldDeny means that admission refuses the workload once the trust is
	// enforced.
	EffectWouldDeny ViolationEffect = "WouldDeny"
	// EffectWouldDenyOnceOptedIn means that admission lets the workload pass, but
	// only because its namespace does not opt in.
	EffectWouldDenyOnceOptedIn ViolationEffect = "WouldDenyOnceOptedIn"
)

// Violation is one container that admission would refuse.
type Violation struct {
	// kind of the workload, for example Deployment.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// namespace of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// name of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// container of the workload, init and ephemeral containers included.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Container string `json:"container,omitempty"`

	// image of the container as the workload asks for it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Image string `json:"image,omitempty"`

	// effect tells whether admission refuses the workload as things are, or only
	// once its namespace opts in.
	// +required
	Effect ViolationEffect `json:"effect,omitempty"`

	// policy is the ClusterImagePolicy that refuses; absent where none covers the
	// image.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy,omitempty"`

	// reason as one word, for example Unsigned or NoMatchingPolicy.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message says what was seen.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`
}

// OtherPolicy is a ClusterImagePolicy beside the trust's own that covers images
// of the trust. Admission asks for all of them to pass.
type OtherPolicy struct {
	// name of the ClusterImagePolicy.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// mode of the ClusterImagePolicy: warn or enforce.
	// +required
	// +kubebuilder:validation:Enum=warn;enforce
	Mode string `json:"mode,omitempty"`

	// images is how many of the trust's images it covers.
	// +required
	// +kubebuilder:validation:Minimum=1
	Images int32 `json:"images,omitempty"`

	// message says which part of the policy this operator does not evaluate, so
	// that the answer on workloads it covers may be open. Absent where it evaluates
	// all of it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// Summary counts the images and workloads of a trust, all of them even where
// the lists are cut.
type Summary struct {
	// images is the number of distinct images.
	// +required
	// +kubebuilder:validation:Minimum=0
	Images *int32 `json:"images,omitempty"`

	// verified is how many of them are verified.
	// +required
	// +kubebuilder:validation:Minimum=0
	Verified *int32 `json:"verified,omitempty"`

	// untrusted is how many of them are untrusted.
	// +required
	// +kubebuilder:validation:Minimum=0
	Untrusted *int32 `json:"untrusted,omitempty"`

	// unknown is how many of them could not be judged.
	// +required
	// +kubebuilder:validation:Minimum=0
	Unknown *int32 `json:"unknown,omitempty"`

	// movedTags is how many images run under a tag that names something else by
	// now.
	// +required
	// +kubebuilder:validation:Minimum=0
	MovedTags *int32 `json:"movedTags,omitempty"`

	// workloads is how many workloads run or ask for images of the trust. A
	// Deployment with all its Pods is one workload; a ReplicaSet that a rollback
	// would return to is another.
	// +required
	// +kubebuilder:validation:Minimum=0
	Workloads *int32 `json:"workloads,omitempty"`

	// wouldDeny is how many of the workloads admission would refuse, if they were
	// created anew with this trust enforced.
	// +required
	// +kubebuilder:validation:Minimum=0
	WouldDeny *int32 `json:"wouldDeny,omitempty"`

	// wouldDenyOnceOptedIn is how many more it would refuse if their namespaces
	// opted in.
	// +required
	// +kubebuilder:validation:Minimum=0
	WouldDenyOnceOptedIn *int32 `json:"wouldDenyOnceOptedIn,omitempty"`

	// undetermined is for how many workloads the answer is open: an image could not be
	// judged, or a policy covers it that this operator does not evaluate.
	// +required
	// +kubebuilder:validation:Minimum=0
	Undetermined *int32 `json:"undetermined,omitempty"`

	// verifiedRatio is the share of verified images for people to read, for
	// example 10/11.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=32
	VerifiedRatio string `json:"verifiedRatio,omitempty"`
}

// KarmadaImageTrustStatus is what was observed.
// +kubebuilder:validation:MinProperties=1
type KarmadaImageTrustStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions of the trust: Ready (the operator's work), PolicyApplied,
	// ImagesVerified (the verdict), Enforced (whether admission really enforces
	// it), and, only while they are True, Reconciling and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// policy is the ClusterImagePolicy that this trust produced; absent under
	// Audit.
	// +optional
	Policy *PolicyStatus `json:"policy,omitempty"`

	// summary counts all images.
	// +optional
	Summary *Summary `json:"summary,omitempty"`

	// images are the verdicts, worst first, at most 50 of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Images []ImageStatus `json:"images,omitempty"`

	// violations are the containers that admission would refuse, at most 50 of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Violations []Violation `json:"violations,omitempty"`

	// otherPolicies are the ClusterImagePolicies beside the trust's own that cover
	// the same images, at most 20 of them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	OtherPolicies []OtherPolicy `json:"otherPolicies,omitempty"`

	// lastVerifiedTime is when a round of verification last ended with every image
	// looked at.
	// +optional
	LastVerifiedTime *metav1.Time `json:"lastVerifiedTime,omitempty"`
}
