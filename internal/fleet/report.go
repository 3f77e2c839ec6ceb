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

package fleet

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// State says what is known about a trust in a member cluster. Those of a status on the control plane are among them, see
// v1alpha1.ClusterState.
type State string

// The states.
const (
	// Reported means that the operator in the cluster reported about the current spec.
	Reported = State(v1alpha1.ClusterReported)
	// Outdated means that the operator in the cluster last reported about an earlier spec.
	Outdated = State(v1alpha1.ClusterOutdated)
	// NotReported means that the trust is applied in the cluster and that no operator has reported about it.
	NotReported = State(v1alpha1.ClusterNotReported)
	// NotApplied means that Karmada has not applied the trust in the cluster.
	NotApplied = State(v1alpha1.ClusterNotApplied)
	// Unreadable means that the cluster reports something that is not the status of a trust.
	Unreadable = State(v1alpha1.ClusterUnreadable)
	// Unconfirmed means that the operator in the cluster reported, and that it is not known about which spec.
	Unconfirmed State = "Unconfirmed"
	// LeftOut means that a policy selects the cluster for the trust, and that Karmada's scheduler has not taken it: it does not
	// answer, or does not serve KarmadaImageTrusts.
	LeftOut State = "LeftOut"
	// NotPropagated means that the cluster is a member and that no policy selects it for the trust.
	NotPropagated State = "NotPropagated"
	// NotKnown means that it is not known whether the trust is propagated to the cluster.
	NotKnown State = "Unknown"
	// NotServed means the same of a cluster that does not serve KarmadaImageTrusts, so that no policy can.
	NotServed State = "NotServed"
)

// Counts are numbers that members reported. One that was not reported is nil.
type Counts struct {
	// Images counts distinct images, and the next three what they are.
	Images    *int32 `json:"images,omitempty"`
	Verified  *int32 `json:"verified,omitempty"`
	Untrusted *int32 `json:"untrusted,omitempty"`
	Unknown   *int32 `json:"unknown,omitempty"`
	// WouldDeny is the number of workloads that admission would deny with the trust enforced.
	WouldDeny *int32 `json:"wouldDeny,omitempty"`
	// Undetermined is the number of workloads for which that is not known.
	Undetermined *int32 `json:"undetermined,omitempty"`
}

// add adds the counts of a cluster. The sums keep within their type, whatever a member reports.
func (c *Counts) add(other Counts) {
	for _, pair := range []struct {
		sum **int32
		add *int32
	}{
		{&c.Images, other.Images}, {&c.Verified, other.Verified}, {&c.Untrusted, other.Untrusted}, {&c.Unknown, other.Unknown},
		{&c.WouldDeny, other.WouldDeny}, {&c.Undetermined, other.Undetermined},
	} {
		if pair.add == nil {
			continue
		}
		var before int32
		if *pair.sum != nil {
			before = **pair.sum
		}
		total := int32(min(int64(before)+int64(*pair.add), maxCount)) //nolint:gosec // at most maxCount
		*pair.sum = &total
	}
}

const maxCount = 1<<31 - 1

// Ratio formats the number of verified images and that of all images, such as 11/13. It is empty if a number is missing.
func (c *Counts) Ratio() string {
	if c.Images == nil || c.Verified == nil {
		return ""
	}
	return fmt.Sprintf("%d/%d", *c.Verified, *c.Images)
}

// Image is an image that is not verified in a cluster.
type Image struct {
	Reference string           `json:"reference"`
	Digest    string           `json:"digest,omitempty"`
	Usage     v1alpha1.Usage   `json:"usage,omitempty"`
	Verdict   v1alpha1.Verdict `json:"verdict"`
	Reason    string           `json:"reason"`
	Message   string           `json:"message,omitempty"`
	// Workloads is the number of workloads in the cluster that run or request the image.
	Workloads *int32 `json:"workloads,omitempty"`
}

// Row is what is known about a trust in one member cluster.
type Row struct {
	// Cluster is the name of the cluster.
	Cluster string `json:"cluster"`
	// Verdict is Verified if the cluster answers, reported about the current spec, and all of its images are verified; Untrusted
	// if an image is untrusted according to its last word; and otherwise Unknown.
	Verdict v1alpha1.Verdict `json:"verdict"`
	// State says what the counts are about, and Message explains a state other than Reported.
	State   State  `json:"state"`
	Message string `json:"message,omitempty"`
	// Suspended is true if Karmada does not dispatch changes of the trust to the cluster.
	Suspended bool `json:"suspended,omitempty"`
	// Answers is true if Karmada can reach the cluster: otherwise all of this is its last word.
	Answers bool `json:"answers"`
	// SilentSince is when the cluster ceased to answer, and Silence says why, in Karmada's words.
	SilentSince *metav1.Time `json:"silentSince,omitempty"`
	Silence     string       `json:"silence,omitempty"`

	// Mode of the policy in the cluster: warn or enforce. It is empty if there is no policy.
	Mode string `json:"mode,omitempty"`
	// Ready, ImagesVerified and Enforced are the statuses of the conditions in the cluster.
	Ready          metav1.ConditionStatus `json:"ready,omitempty"`
	ImagesVerified metav1.ConditionStatus `json:"imagesVerified,omitempty"`
	Enforced       metav1.ConditionStatus `json:"enforced,omitempty"`
	// NotEnforced explains why Enforced is not True.
	NotEnforced string `json:"notEnforced,omitempty"`

	Counts `json:",inline"`

	// NotVerified are images that are not verified, as far as the cluster reported them.
	NotVerified []Image `json:"notVerified,omitempty"`
}

// Propagated reports whether a policy selects the cluster for the trust.
func (r *Row) Propagated() bool {
	return r.State != NotPropagated && r.State != NotServed && r.State != NotKnown
}

// NotListed is the number of images that are not verified and that the cluster did not report.
func (r *Row) NotListed() int {
	missing := -len(r.NotVerified)
	for _, count := range []*int32{r.Untrusted, r.Unknown} {
		if count != nil {
			missing += int(*count)
		}
	}
	return max(missing, 0)
}

// judge sets the verdict of a row: that of the condition ImagesVerified in the cluster. Images that only an inactive ReplicaSet
// names are counted and listed, and do not affect that condition.
func (r *Row) judge() {
	current := r.State == Reported
	counted := r.Images != nil && r.Verified != nil && r.Untrusted != nil && r.Unknown != nil
	switch {
	case (current || r.State == Unconfirmed) && r.ImagesVerified == metav1.ConditionFalse:
		r.Verdict = v1alpha1.VerdictUntrusted
	case current && r.Answers && counted && r.ImagesVerified == metav1.ConditionTrue:
		r.Verdict = v1alpha1.VerdictVerified
	default:
		r.Verdict = v1alpha1.VerdictUnknown
	}
}

// Report is what is known about a trust in the fleet.
type Report struct {
	// Trust is the name of the trust, and Enforcement what it asks for; overrides may ask for something else in some clusters.
	Trust       string               `json:"trust"`
	Enforcement v1alpha1.Enforcement `json:"enforcement"`
	// Generation of the spec.
	Generation int64 `json:"generation"`
	// Verdict is the worst of the clusters: Untrusted before Unknown before Verified. It is Unknown if there is no cluster.
	Verdict v1alpha1.Verdict `json:"verdict"`
	// Message explains why the trust is propagated to no cluster, or what is not known of the fleet.
	Message string `json:"message,omitempty"`
	// Summary counts the clusters that policies select for the trust.
	Summary Summary `json:"summary"`
	// Clusters are the member clusters: those with untrusted images first, then those of which something is not known, then the
	// others, and at the end those to which the trust is not propagated; each in the order of their names.
	Clusters []Row `json:"clusters"`
	// ClustersNotListed is the number of clusters about which nothing could be read.
	ClustersNotListed int32 `json:"clustersNotListed,omitempty"`
}

// Summary counts the clusters that policies select for a trust, and sums up what they reported last.
type Summary struct {
	Clusters  int `json:"clusters"`
	Reporting int `json:"reporting"`
	Silent    int `json:"silent"`

	Counts `json:",inline"`
}

// finish orders the rows of a report and sums them up. Rows of clusters that are not selected by name or label and to which the
// trust is not propagated do not change the verdict.
func (r *Report) finish(restricted bool) {
	rank := func(row *Row) int {
		switch {
		case !row.Propagated():
			return 3
		case row.Verdict == v1alpha1.VerdictUntrusted:
			return 0
		case row.Verdict == v1alpha1.VerdictVerified:
			return 2
		default:
			return 1
		}
	}
	slices.SortFunc(r.Clusters, func(a, b Row) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Cluster, b.Cluster))
	})
	r.Verdict = v1alpha1.VerdictVerified
	for i := range r.Clusters {
		row := &r.Clusters[i]
		if row.Propagated() || restricted {
			r.Verdict = worse(r.Verdict, row.Verdict)
		}
		if !row.Propagated() {
			continue
		}
		r.Summary.Clusters++
		if !row.Answers {
			r.Summary.Silent++
		} else if row.State == Reported {
			r.Summary.Reporting++
		}
		r.Summary.add(row.Counts)
	}
	if r.Summary.Clusters == 0 || r.ClustersNotListed > 0 {
		r.Verdict = worse(r.Verdict, v1alpha1.VerdictUnknown)
	}
}

// worse returns the worse one of two verdicts.
func worse(a, b v1alpha1.Verdict) v1alpha1.Verdict {
	for _, verdict := range []v1alpha1.Verdict{v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown} {
		if a == verdict || b == verdict {
			return verdict
		}
	}
	return a
}

// WouldDeny says whether admission would deny a workload with the trust enforced: Untrusted if it would in a cluster, Verified if
// it would in none of them, and Unknown if that is not known of all of them.
func (r *Report) WouldDeny() v1alpha1.Verdict {
	verdict := v1alpha1.VerdictVerified
	if r.Verdict == v1alpha1.VerdictUnknown {
		verdict = v1alpha1.VerdictUnknown
	}
	for i := range r.Clusters {
		row := &r.Clusters[i]
		switch {
		case !row.Propagated():
		case row.WouldDeny != nil && *row.WouldDeny > 0:
			return v1alpha1.VerdictUntrusted
		case row.WouldDeny == nil || row.Undetermined == nil || *row.Undetermined > 0:
			verdict = v1alpha1.VerdictUnknown
		}
	}
	return verdict
}
