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

// Package report makes evidence for people who review a cluster or a fleet: which images are verified, by whom they are signed, what
// admission would deny, and what is not known. It has no client, no clock and no network access.
package report

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// The version of the schema of a Report as JSON, and its kind. Fields may be added in a version; none is renamed or removed.
const (
	APIVersion = "report.trust.karmada.io/v1alpha1"
	Kind       = "Report"
)

// Report is the evidence on one cluster, or on the clusters of a fleet.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Origin     Origin `json:"origin"`
	// Verdict is the worst of all images and clusters, and Admission the worst outcome of all workloads.
	Verdict   v1alpha1.Verdict  `json:"verdict"`
	Admission admission.Outcome `json:"admission"`
	// Coverage has the sums of the clusters: an image that two of them use counts twice.
	Coverage Coverage `json:"coverage"`
	// Notes say what limits the report.
	Notes []string `json:"notes,omitempty"`
	// Clusters has one entry unless the report is about a fleet.
	Clusters []Cluster `json:"clusters"`
}

// Origin says who made a report of what, when and with which program.
type Origin struct {
	// Time at which the report was made, and Version of the program.
	Time    metav1.Time `json:"time"`
	Version string      `json:"version"`
	// Context and Server are those of the kubeconfig, and User is who the API server took the reader for.
	Context string `json:"context,omitempty"`
	Server  string `json:"server,omitempty"`
	User    string `json:"user,omitempty"`
	// Namespace that the workloads are limited to; empty for all.
	Namespace string `json:"namespace,omitempty"`
	// Fleet reports whether the clusters are members of a Karmada control plane.
	Fleet bool `json:"fleet,omitempty"`
	// Examined reports whether the images were examined for the report. Otherwise it has what the operator last reported.
	Examined bool `json:"examined"`
	// TeamLabel is the label that names the team of a workload.
	TeamLabel string `json:"teamLabel,omitempty"`
}

// Coverage counts images and workloads by verdict.
type Coverage struct {
	Images Counts `json:"images"`
	// Workloads are counted by the worst of their images. It is nil where workloads were not read.
	Workloads *Counts `json:"workloads,omitempty"`
}

// Counts are numbers by verdict.
type Counts struct {
	Total     int `json:"total"`
	Verified  int `json:"verified"`
	Untrusted int `json:"untrusted"`
	Unknown   int `json:"unknown"`
	// Uncovered counts what no trust selects. It is nil where that was not looked at, and not part of the total then.
	Uncovered *int `json:"uncovered,omitempty"`
}

// Cluster is what is known of one cluster.
type Cluster struct {
	// Name is that of the member of a fleet, and otherwise that of the context.
	Name string `json:"name"`
	// Problem says why nothing is known of the cluster. It is empty if something is.
	Problem string   `json:"problem,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	// PolicyController says what is known of the version of policy-controller.
	PolicyController string   `json:"policyController,omitempty"`
	Coverage         Coverage `json:"coverage"`
	Trusts           []Trust  `json:"trusts"`
	// Images are those that need attention first: untrusted, unknown, uncovered, verified; then by name.
	Images []Image `json:"images"`
	// Workloads are sorted in the same way: denied, undetermined, allowed; then by name.
	Workloads []Workload `json:"workloads"`
	// Groups count the workloads that would be denied or are undetermined, by team and namespace.
	Groups []Group `json:"groups"`
	// Unknown counts why verdicts and outcomes are not known.
	Unknown []Reason `json:"unknown"`
}

// Trust is a KarmadaImageTrust, what it requires, and what is known of it.
type Trust struct {
	Name        string               `json:"name"`
	Enforcement v1alpha1.Enforcement `json:"enforcement"`
	// Globs select the images, and Signers are those of which one has to sign.
	Globs   []string         `json:"globs,omitempty"`
	Signers []RequiredSigner `json:"signers,omitempty"`
	// Attestations are the names of those that are required.
	Attestations []string `json:"attestations,omitempty"`
	// State and Message say why nothing is known of the trust in a member of a fleet, or why it is old.
	State   string `json:"state,omitempty"`
	Message string `json:"message,omitempty"`
	// Mode of the ClusterImagePolicy; empty if there is none.
	Mode string `json:"mode,omitempty"`
	// Ready and Enforced are conditions that the operator reported.
	Ready    Condition `json:"ready"`
	Enforced Condition `json:"enforced"`
	// LastVerifiedTime is when the operator last completed a verification of all images.
	LastVerifiedTime *metav1.Time `json:"lastVerifiedTime,omitempty"`
	// Reported are the counts of the operator, and Examined those of this report. Either is nil if there are none.
	Reported *TrustCounts `json:"reported,omitempty"`
	Examined *TrustCounts `json:"examined,omitempty"`
	// ImagesNotListed and ViolationsNotListed count what the report has no rows for.
	ImagesNotListed     int `json:"imagesNotListed,omitempty"`
	ViolationsNotListed int `json:"violationsNotListed,omitempty"`
}

// RequiredSigner is a signer that a trust accepts.
type RequiredSigner struct {
	Name string `json:"name,omitempty"`
	// Issuer and Identity are exact, or else regular expressions.
	Issuer         string `json:"issuer,omitempty"`
	IssuerRegexp   string `json:"issuerRegexp,omitempty"`
	Identity       string `json:"identity,omitempty"`
	IdentityRegexp string `json:"identityRegexp,omitempty"`
	TrustRoot      string `json:"trustRoot,omitempty"`
}

// Condition is a condition of a trust. The status is Unknown if there is none.
type Condition struct {
	Status  metav1.ConditionStatus `json:"status"`
	Reason  string                 `json:"reason,omitempty"`
	Message string                 `json:"message,omitempty"`
}

// TrustCounts are the counts of a trust, with the meaning of those in its status. One that is not known is nil.
type TrustCounts struct {
	Images               *int `json:"images,omitempty"`
	Verified             *int `json:"verified,omitempty"`
	Untrusted            *int `json:"untrusted,omitempty"`
	Unknown              *int `json:"unknown,omitempty"`
	WouldDeny            *int `json:"wouldDeny,omitempty"`
	WouldDenyOnceOptedIn *int `json:"wouldDenyOnceOptedIn,omitempty"`
	Undetermined         *int `json:"undetermined,omitempty"`
}

// Image is an image with the verdict of one trust, or one that no trust selects.
type Image struct {
	// Trust is empty for an image that no trust selects.
	Trust       string         `json:"trust,omitempty"`
	Reference   string         `json:"reference"`
	Digest      string         `json:"digest,omitempty"`
	IndexDigest string         `json:"indexDigest,omitempty"`
	TagDigest   string         `json:"tagDigest,omitempty"`
	Usage       v1alpha1.Usage `json:"usage,omitempty"`
	// Verdict is Verified, Untrusted, Unknown or Uncovered.
	Verdict v1alpha1.Verdict `json:"verdict"`
	Reason  string           `json:"reason"`
	Message string           `json:"message,omitempty"`
	// LastVerdict is the last one of the operator other than Unknown.
	LastVerdict     *v1alpha1.LastVerdict          `json:"lastVerdict,omitempty"`
	Signer          *v1alpha1.Signer               `json:"signer,omitempty"`
	SignatureFormat v1alpha1.SignatureFormat       `json:"signatureFormat,omitempty"`
	TransparencyLog *v1alpha1.TransparencyLogEntry `json:"transparencyLog,omitempty"`
	SignedTime      *metav1.Time                   `json:"signedTime,omitempty"`
	// WorkloadCount counts the workloads that use the image, and Workloads are those that run it or, if none does, request it. The
	// list is empty where workloads were not read.
	WorkloadCount int        `json:"workloadCount"`
	Workloads     []Workname `json:"workloads,omitempty"`
}

// VerdictUncovered is the verdict on an image that no trust selects.
const VerdictUncovered v1alpha1.Verdict = "Uncovered"

// The reasons of VerdictUncovered.
const (
	// NoTrustReason means that no KarmadaImageTrust selects the image, and no other policy covers it either.
	NoTrustReason = "NoMatchingTrust"
	// OtherPolicyReason means that only a ClusterImagePolicy covers it that belongs to no trust.
	OtherPolicyReason = "OtherPolicyOnly"
)

// Workname names a workload.
type Workname struct {
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
}

// String is how people read it.
func (w Workname) String() string { return w.Namespace + "/" + w.Kind + "/" + w.Name }

// Workload is what admission would do with a workload once all trusts are enforced.
type Workload struct {
	Workname

	// Team is the value of the label that names it, of the workload or else of its namespace.
	Team string `json:"team,omitempty"`
	// Verdict is the worst of its images; empty where images were not examined.
	Verdict v1alpha1.Verdict `json:"verdict,omitempty"`
	// Admission is what would happen if it were recreated, and OnceOptedIn that this is so only once its namespace has opted in.
	Admission   admission.Outcome `json:"admission"`
	OnceOptedIn bool              `json:"onceOptedIn,omitempty"`
	// Findings are the reasons for another outcome than Allowed.
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is why a container would be denied, or why that is not known.
type Finding struct {
	Container string `json:"container,omitempty"`
	Image     string `json:"image,omitempty"`
	Policy    string `json:"policy,omitempty"`
	Reason    string `json:"reason"`
	Message   string `json:"message,omitempty"`
}

// Group counts workloads of a team in a namespace.
type Group struct {
	Team        string `json:"team,omitempty"`
	Namespace   string `json:"namespace"`
	Denied      int    `json:"denied"`
	OnceOptedIn int    `json:"onceOptedIn"`
	// Undetermined counts workloads for which it is not known.
	Undetermined int `json:"undetermined"`
}

// Reason says why something is not known.
type Reason struct {
	Reason    string `json:"reason"`
	Images    int    `json:"images"`
	Workloads int    `json:"workloads"`
	// Message is that of the first of them.
	Message string `json:"message,omitempty"`
}
