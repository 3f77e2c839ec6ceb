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

// ClusterState says what is known about a trust in one member cluster of a
// Karmada fleet.
// +kubebuilder:validation:Enum=Reported;Outdated;NotReported;NotApplied;Unreadable
type ClusterState string

const (
	// ClusterReported means that the operator in the cluster reports about the
	// current generation of the trust.
	ClusterReported ClusterState = "Reported"
	// ClusterOutdated means that the operator in the cluster last reported about an
	// earlier generation of the trust.
	ClusterOutdated ClusterState = "Outdated"
	// ClusterNotReported means that the trust is applied in the cluster and that no
	// operator has reported about it.
	ClusterNotReported ClusterState = "NotReported"
	// ClusterNotApplied means that Karmada has not applied the trust in the cluster.
	ClusterNotApplied ClusterState = "NotApplied"
	// ClusterUnreadable means that the cluster reports something that is not the
	// status of a KarmadaImageTrust.
	ClusterUnreadable ClusterState = "Unreadable"
)

// ClusterReport is what one member cluster of a Karmada fleet last reported
// about a trust. Counts that the cluster did not report are not set.
type ClusterReport struct {
	// name of the cluster in Karmada.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// state is Reported if the cluster reports about the current generation of the
	// trust, and otherwise says why its counts are old or missing.
	// +required
	State ClusterState `json:"state,omitempty"`

	// message explains a state other than Reported.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message,omitempty"`

	// ready is the status of the condition Ready in the cluster.
	// +optional
	// +kubebuilder:validation:Enum=True;False;Unknown
	Ready metav1.ConditionStatus `json:"ready,omitempty"`

	// imagesVerified is the status of the condition ImagesVerified in the cluster.
	// +optional
	// +kubebuilder:validation:Enum=True;False;Unknown
	ImagesVerified metav1.ConditionStatus `json:"imagesVerified,omitempty"`

	// enforced is the status of the condition Enforced in the cluster.
	// +optional
	// +kubebuilder:validation:Enum=True;False;Unknown
	Enforced metav1.ConditionStatus `json:"enforced,omitempty"`

	// mode of the ClusterImagePolicy in the cluster: warn or enforce. It is not set
	// if enforcement is Audit there.
	// +optional
	// +kubebuilder:validation:Enum=warn;enforce
	Mode string `json:"mode,omitempty"`

	// images is the number of distinct images in the cluster.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Images *int32 `json:"images,omitempty"`

	// verified is the number of images that are verified.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Verified *int32 `json:"verified,omitempty"`

	// untrusted is the number of images that are untrusted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Untrusted *int32 `json:"untrusted,omitempty"`

	// unknown is the number of images that could not be examined.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Unknown *int32 `json:"unknown,omitempty"`

	// wouldDeny is the number of workloads in the cluster that admission would deny
	// with this trust enforced.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WouldDeny *int32 `json:"wouldDeny,omitempty"`

	// undetermined is the number of workloads in the cluster for which it is not
	// known whether admission would deny them.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Undetermined *int32 `json:"undetermined,omitempty"`
}

// FleetImage is an image that is not verified in at least one member cluster of
// a Karmada fleet.
type FleetImage struct {
	// reference of the image as the workloads name it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reference string `json:"reference,omitempty"`

	// digest of the image, if the clusters report one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Digest string `json:"digest,omitempty"`

	// verdict is Untrusted or Unknown.
	// +required
	Verdict Verdict `json:"verdict,omitempty"`

	// reason for the verdict in CamelCase, for example Unsigned.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message explains the verdict, as the first of the clusters reports it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message,omitempty"`

	// workloads is the number of workloads in all these clusters that run or request
	// the image.
	// +required
	// +kubebuilder:validation:Minimum=0
	Workloads *int32 `json:"workloads,omitempty"`

	// clusters lists the clusters that report this verdict, in the order of their
	// names.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Clusters []string `json:"clusters,omitempty"`

	// clustersNotListed is the number of further clusters.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ClustersNotListed int32 `json:"clustersNotListed,omitempty"`
}

// FleetStatus is what the member clusters of a Karmada fleet report about a
// trust that is propagated to them. Karmada sets it on its control plane.
type FleetStatus struct {
	// selected is the number of clusters that the trust is propagated to.
	// +required
	// +kubebuilder:validation:Minimum=0
	Selected *int32 `json:"selected,omitempty"`

	// reporting is the number of clusters whose operator has reported about the
	// current generation of the trust. A cluster that no longer answers keeps its
	// last report: the condition Propagated says which clusters answer.
	// +required
	// +kubebuilder:validation:Minimum=0
	Reporting *int32 `json:"reporting,omitempty"`

	// reportingRatio is the number of clusters that report and of those selected,
	// for display, for example 2/3.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=32
	ReportingRatio string `json:"reportingRatio,omitempty"`

	// clusters lists the clusters with their counts, at most 100 of them: those with
	// untrusted images or workloads that would be denied first, then those that do
	// not report, then the others, each in the order of their names.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	Clusters []ClusterReport `json:"clusters,omitempty"`

	// clustersNotListed is the number of clusters for which there is no room.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ClustersNotListed int32 `json:"clustersNotListed,omitempty"`

	// images lists the images that are not verified, at most 50 of them: untrusted
	// ones first, and of these what runs in most clusters.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Images []FleetImage `json:"images,omitempty"`

	// imagesNotListed is the least number of further images that are not verified:
	// those that clusters reported and for which there is no room, and the largest
	// number that one cluster counted without reporting them.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ImagesNotListed int32 `json:"imagesNotListed,omitempty"`
}
