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

package report

import (
	"cmp"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// Source is what was read of a cluster.
type Source struct {
	// Cluster is the name of the cluster, and Problem says why it could not be read.
	Cluster, Problem string
	Notes            []string
	// PolicyController says what is known of the version of policy-controller.
	PolicyController string
	Trusts           []TrustSource
	// Workloads are those of the cluster, Plan is made for them with all trusts enforced, and NamespaceLabels returns the labels of a
	// namespace. Plan is nil where workloads were not read.
	Workloads       []inventory.Workload
	Plan            *forecast.Plan
	NamespaceLabels func(name string) (labels map[string]string, known bool)
	// WebhookMissing reports whether policy-controller's webhook is not registered, so that no namespace has opted in.
	WebhookMissing bool
}

// TrustSource is what was read of a trust, and what an examination found out.
type TrustSource struct {
	Object *v1alpha1.KarmadaImageTrust
	// Compiled is nil where the images were not examined.
	Compiled *policy.Policy
	// Images are those of the trust in the workloads of the Source, and Forecasts those of its workloads with the trust enforced.
	Images    []assess.Image
	Forecasts []forecast.Forecast
}

// New returns the report on clusters that were read.
func New(origin Origin, sources []Source) *Report {
	clusters := make([]Cluster, 0, len(sources))
	for i := range sources {
		clusters = append(clusters, newCluster(&origin, &sources[i]))
	}
	return Of(origin, clusters)
}

// Of returns the report on clusters. All text in it becomes printable.
func Of(origin Origin, clusters []Cluster) *Report {
	r := &Report{
		APIVersion: APIVersion, Kind: Kind, Origin: origin, Clusters: clusters,
		Verdict: v1alpha1.VerdictVerified, Admission: admission.Allowed,
	}
	for i := range clusters {
		c := &clusters[i]
		r.Verdict, r.Admission = worse(r.Verdict, c.verdict()), worseOutcome(r.Admission, c.admission())
		r.Coverage.add(c.Coverage)
	}
	text.Clean(r)
	return r
}

func newCluster(origin *Origin, s *Source) Cluster {
	c := Cluster{
		Name: clip(s.Cluster, maxName), Problem: clip(s.Problem, maxMessage), Notes: s.Notes,
		PolicyController: clip(s.PolicyController, maxMessage),
		Trusts:           []Trust{}, Images: []Image{}, Workloads: []Workload{}, Groups: []Group{}, Unknown: []Reason{},
	}
	for i := range s.Trusts {
		one := &s.Trusts[i]
		c.Trusts = append(c.Trusts, newTrust(one))
		c.Images = append(c.Images, one.images(s.Workloads)...)
	}
	if s.WebhookMissing {
		c.Notes = append(c.Notes, "the webhook of policy-controller is not registered: admission denies nothing before it is")
	}
	if s.Plan != nil {
		c.Images = append(c.Images, s.uncovered()...)
		c.Workloads = s.workloads(origin.TeamLabel)
	} else {
		c.Workloads = s.violations()
	}
	c.finish()
	return c
}

// finish orders the lists of a cluster, and counts what is in them.
func (c *Cluster) finish() {
	slices.SortStableFunc(c.Trusts, func(a, b Trust) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(c.Images, func(a, b Image) int {
		return cmp.Or(
			cmp.Compare(rank(a.Verdict), rank(b.Verdict)), cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Digest, b.Digest),
			cmp.Compare(a.Trust, b.Trust),
		)
	})
	slices.SortStableFunc(c.Workloads, func(a, b Workload) int {
		return cmp.Or(
			cmp.Compare(outcomeRank(a.Admission), outcomeRank(b.Admission)), cmp.Compare(rank(a.Verdict), rank(b.Verdict)),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
		)
	})
	c.Groups, c.Unknown = groups(c.Workloads), reasons(c)
	c.Coverage = c.coverage()
}

// images returns the rows of a trust: what an examination found out, or else what the operator reported.
func (s *TrustSource) images(workloads []inventory.Workload) []Image {
	reported := s.Object.Status.Images
	if s.Compiled == nil {
		rows := make([]Image, 0, len(reported))
		for i := range reported {
			rows = append(rows, newImage(s.Object.Name, &reported[i]))
		}
		return rows
	}
	last := map[[2]string]*v1alpha1.LastVerdict{}
	for i := range reported {
		last[[2]string{reported[i].Reference, reported[i].Digest}] = lastVerdict(&reported[i], &s.Object.Status)
	}
	rows := make([]Image, 0, len(s.Images))
	for i := range s.Images {
		status := s.Images[i].Status()
		row := newImage(s.Object.Name, &status)
		if row.Verdict == v1alpha1.VerdictUnknown {
			row.LastVerdict = last[[2]string{status.Reference, status.Digest}]
		}
		row.Workloads = names(workloads, s.Images[i].Users)
		rows = append(rows, row)
	}
	return rows
}

// lastVerdict is the last verdict of the operator on an image that is not known any more.
func lastVerdict(image *v1alpha1.ImageStatus, status *v1alpha1.KarmadaImageTrustStatus) *v1alpha1.LastVerdict {
	if image.Verdict == v1alpha1.VerdictUnknown || status.LastVerifiedTime == nil {
		return image.LastVerdict
	}
	return &v1alpha1.LastVerdict{Verdict: image.Verdict, Time: status.LastVerifiedTime}
}

func newImage(trust string, image *v1alpha1.ImageStatus) Image {
	row := Image{
		Trust: clip(trust, maxName), Reference: clip(image.Reference, maxReference), Digest: clip(image.Digest, maxDigest),
		IndexDigest: clip(image.IndexDigest, maxDigest), TagDigest: clip(image.TagDigest, maxDigest), Usage: image.Usage,
		Verdict: known(image.Verdict), Reason: clip(image.Reason, maxReason), Message: clip(image.Message, maxMessage),
		SignatureFormat: image.SignatureFormat, TransparencyLog: clipLog(image.TransparencyLog), SignedTime: image.SignedTime,
		LastVerdict: image.LastVerdict, Signer: clipSigner(image.Signer),
	}
	if image.Workloads != nil {
		row.WorkloadCount = int(*image.Workloads)
	}
	return row
}

// known returns a verdict, and Unknown for what is none.
func known(verdict v1alpha1.Verdict) v1alpha1.Verdict {
	switch verdict {
	case v1alpha1.VerdictVerified, v1alpha1.VerdictUntrusted:
		return verdict
	default:
		return v1alpha1.VerdictUnknown
	}
}

// uncovered returns the images that no trust selects.
func (s *Source) uncovered() []Image {
	trusts := make([]*policy.Policy, 0, len(s.Trusts))
	for i := range s.Trusts {
		if s.Trusts[i].Compiled != nil {
			trusts = append(trusts, s.Trusts[i].Compiled)
		}
	}
	// What no policy at all covers, by workload.
	alone := map[Workname]bool{}
	for i := range s.Plan.Workloads {
		if w := &s.Plan.Workloads[i]; len(w.Uncovered) > 0 {
			alone[Workname{w.Namespace, w.Kind, w.Name}] = true
		}
	}
	found := assess.CollectUncovered(trusts, s.Workloads)
	rows := make([]Image, 0, len(found))
	for i := range found {
		one := &found[i]
		row := Image{
			Reference: clip(one.Reference, maxReference), Digest: clip(one.Digest, maxDigest), Usage: one.Usage,
			Verdict: VerdictUncovered, Reason: OtherPolicyReason, WorkloadCount: len(one.Users), Workloads: names(s.Workloads, one.Users),
			Message: "only a ClusterImagePolicy covers the image that belongs to no KarmadaImageTrust",
		}
		for _, at := range one.Users {
			if w := &s.Workloads[at]; alone[Workname{w.Namespace, w.Kind, w.Name}] {
				row.Reason, row.Message = NoTrustReason, "no KarmadaImageTrust selects the image"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// names returns the names of workloads by their positions.
func names(workloads []inventory.Workload, at []int) []Workname {
	out := make([]Workname, 0, len(at))
	for _, i := range at {
		if i < len(workloads) {
			out = append(out, nameOf(&workloads[i]))
		}
	}
	return out
}

func nameOf(w *inventory.Workload) Workname {
	return Workname{Namespace: clip(w.Namespace, maxName), Kind: clip(w.Kind, maxName), Name: clip(w.Name, maxName)}
}
