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

// PolicyStatus describes the ClusterImagePolicy of this trust.
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

	// ready mirrors the Ready condition of the ClusterImagePolicy for its current
	// generation.
	// +required
	// +kubebuilder:validation:Enum=True;False;Unknown
	Ready metav1.ConditionStatus `json:"ready,omitempty"`
}

// VersionSource is what the version of policy-controller was recognised by.
// +kubebuilder:validation:Enum=ImageDigest;ImageTag;ChartLabel;Flag
type VersionSource string

const (
	// VersionByImageDigest means that the image of the webhook is one that a release
	// published.
	VersionByImageDigest VersionSource = "ImageDigest"
	// VersionByImageTag means that the tag of the webhook's image is a version.
	VersionByImageTag VersionSource = "ImageTag"
	// VersionByChartLabel means that the Deployment of the webhook has the label
	// app.kubernetes.io/version, which the Helm chart sets.
	VersionByChartLabel VersionSource = "ChartLabel"
	// VersionByFlag means that the operator was started with
	// --policy-controller-version.
	VersionByFlag VersionSource = "Flag"
)

// PolicyControllerStatus describes the policy-controller that is installed.
// +kubebuilder:validation:MinProperties=1
type PolicyControllerStatus struct {
	// version of policy-controller, for example 0.13.1. It is not set if it is not
	// known: where supported versions decide differently, the outcome of admission
	// is undetermined.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Version string `json:"version,omitempty"`

	// source says what the version was recognised by. It is not set if the version
	// is not known.
	// +optional
	Source VersionSource `json:"source,omitempty"`

	// message says why the version is not known or not supported, or what
	// contradicts it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// ViolationEffect is what admission would do with a workload.
// +kubebuilder:validation:Enum=WouldDeny;WouldDenyOnceOptedIn
type ViolationEffect string

const (
	// EffectWouldDeny means that admission would deny the workload with the trust
	// enforced.
	EffectWouldDeny ViolationEffect = "WouldDeny"
	// EffectWouldDenyOnceOptedIn means that admission allows the workload, but only
	// because its namespace has not opted in to policy-controller.
	EffectWouldDenyOnceOptedIn ViolationEffect = "WouldDenyOnceOptedIn"
)

// Violation is one container that admission would deny.
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

	// container is the name of the container, init container or ephemeral
	// container.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Container string `json:"container,omitempty"`

	// image of the container as the workload names it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Image string `json:"image,omitempty"`

	// effect is WouldDeny if admission would deny the workload with the trust
	// enforced, and WouldDenyOnceOptedIn if its namespace has to opt in as well.
	// +required
	Effect ViolationEffect `json:"effect,omitempty"`

	// policy is the name of the ClusterImagePolicy that the image fails. It is not
	// set if no policy covers the image.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy,omitempty"`

	// reason for the violation in CamelCase, for example Unsigned or
	// NoMatchingPolicy.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message explains the violation.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`
}

// OtherPolicy is another ClusterImagePolicy that covers images of the trust. An
// image must pass all policies that cover it.
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

	// images is the number of images of the trust that the policy covers.
	// +required
	// +kubebuilder:validation:Minimum=1
	Images int32 `json:"images,omitempty"`

	// message describes the part of the policy that the operator cannot evaluate,
	// because of which workloads may be undetermined. It is not set if the operator
	// evaluates the whole policy.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// Summary counts all images and workloads of a trust, including those that are
// truncated from the lists.
type Summary struct {
	// images is the number of distinct images.
	// +required
	// +kubebuilder:validation:Minimum=0
	Images *int32 `json:"images,omitempty"`

	// imagesNotListed is the number of images for which status.images has no
	// room. Policy reports have the results of all workloads.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ImagesNotListed int32 `json:"imagesNotListed,omitempty"`

	// verified is the number of images that are verified.
	// +required
	// +kubebuilder:validation:Minimum=0
	Verified *int32 `json:"verified,omitempty"`

	// untrusted is the number of images that are untrusted.
	// +required
	// +kubebuilder:validation:Minimum=0
	Untrusted *int32 `json:"untrusted,omitempty"`

	// unknown is the number of images that could not be examined.
	// +required
	// +kubebuilder:validation:Minimum=0
	Unknown *int32 `json:"unknown,omitempty"`

	// movedTags is the number of running images whose tag currently resolves to
	// another digest.
	// +required
	// +kubebuilder:validation:Minimum=0
	MovedTags *int32 `json:"movedTags,omitempty"`

	// workloads is the number of workloads that run or request images of the
	// trust. A Deployment with all its Pods is one workload. A ReplicaSet that a
	// rollback would return to is another one.
	// +required
	// +kubebuilder:validation:Minimum=0
	Workloads *int32 `json:"workloads,omitempty"`

	// wouldDeny is the number of workloads that admission would deny if they were
	// recreated with this trust enforced.
	// +required
	// +kubebuilder:validation:Minimum=0
	WouldDeny *int32 `json:"wouldDeny,omitempty"`

	// wouldDenyOnceOptedIn is the number of further workloads that admission would
	// deny if their namespaces opted in to policy-controller.
	// +required
	// +kubebuilder:validation:Minimum=0
	WouldDenyOnceOptedIn *int32 `json:"wouldDenyOnceOptedIn,omitempty"`

	// violationsNotListed is the number of violations for which status.violations
	// has no room. Policy reports have the results of all workloads.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ViolationsNotListed int32 `json:"violationsNotListed,omitempty"`

	// undetermined is the number of workloads for which it is not known whether
	// admission would deny them, because an image could not be examined, or because
	// a policy that the operator cannot evaluate covers it.
	// +required
	// +kubebuilder:validation:Minimum=0
	Undetermined *int32 `json:"undetermined,omitempty"`

	// verifiedRatio is the number of verified images and of all images, for
	// display, for example 10/11.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=32
	VerifiedRatio string `json:"verifiedRatio,omitempty"`
}

// KarmadaImageTrustStatus is the observed state of a KarmadaImageTrust.
// +kubebuilder:validation:MinProperties=1
type KarmadaImageTrustStatus struct {
	// observedGeneration is the generation of the spec that this status describes. It
	// is -1 until the operator has looked at the trust for the first time.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions of the trust: Ready (whether the operator has done its work),
	// PolicyApplied (whether the ClusterImagePolicy is applied and ready),
	// ImagesVerified (whether all images are verified), Enforced (whether admission
	// enforces the trust), and Reconciling and Stalled, which are only present
	// while they are True. On a Karmada control plane they are the worst that the
	// clusters report, and Propagated says whether the trust is propagated to
	// clusters that answer.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// policy describes the ClusterImagePolicy of this trust. It is not set if
	// enforcement is Audit.
	// +optional
	Policy *PolicyStatus `json:"policy,omitempty"`

	// policyController describes the policy-controller that is installed. It is not
	// set while that has not been looked at.
	// +optional
	PolicyController *PolicyControllerStatus `json:"policyController,omitempty"`

	// summary counts all images and workloads.
	// +optional
	Summary *Summary `json:"summary,omitempty"`

	// images lists the verdicts, at most 50 of them: what is not verified first,
	// of that what runs first, and of that what is untrusted. Namespaces and
	// workloads have their entries in turn. summary.imagesNotListed counts the
	// others.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Images []ImageStatus `json:"images,omitempty"`

	// violations lists the containers that admission would deny, at most 50 of
	// them: those that run first. Namespaces and workloads have their entries in
	// turn. summary.violationsNotListed counts the others.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Violations []Violation `json:"violations,omitempty"`

	// otherPolicies lists the other ClusterImagePolicies that cover images of the
	// trust, at most 20 of them.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	OtherPolicies []OtherPolicy `json:"otherPolicies,omitempty"`

	// fleet is what the member clusters report. It is only set on a Karmada control
	// plane, where the summary has the sums of all clusters: an image that runs in
	// two clusters counts twice.
	// +optional
	Fleet *FleetStatus `json:"fleet,omitempty"`

	// lastVerifiedTime is the time at which the last verification of all images
	// was completed.
	// +optional
	LastVerifiedTime *metav1.Time `json:"lastVerifiedTime,omitempty"`
}
