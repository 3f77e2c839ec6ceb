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
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// Source is what a report is made from.
type Source struct {
	Trust *v1alpha1.KarmadaImageTrust
	// Binding of the trust; nil if there is none, or if it could not be read.
	Binding *Binding
	// BindingUnreadable says why the binding could not be read. Then the status of the trust on the control plane is used.
	BindingUnreadable string
	// Clusters are the member clusters that are looked at, and All the members.
	Clusters []Cluster
	// Restricted is true if Clusters are not all members, because some were asked for.
	Restricted bool
}

// NewReport tells what is known about a trust in the clusters.
func NewReport(s Source) Report {
	trust := s.Trust
	r := Report{Trust: trust.Name, Enforcement: trust.Spec.Enforcement, Generation: trust.Generation, Clusters: []Row{}}
	if r.Enforcement == "" {
		r.Enforcement = v1alpha1.EnforcementAudit
	}
	rows := s.rows(&r)
	// A status that is cut, or that is not there, does not say of which clusters it is silent.
	complete := s.BindingUnreadable == "" || trust.Status.Fleet != nil && r.ClustersNotListed == 0
	for i := range s.Clusters {
		cluster := &s.Clusters[i]
		row, known := rows[cluster.Name]
		delete(rows, cluster.Name)
		if !known {
			row = s.without(cluster, complete)
		}
		row.heard(cluster)
		r.Clusters = append(r.Clusters, row)
	}
	if !s.Restricted {
		for _, row := range rows {
			row.Silence = "the cluster is no member any more"
			r.Clusters = append(r.Clusters, row)
		}
	}
	for i := range r.Clusters {
		r.Clusters[i].judge()
	}
	r.finish(s.Restricted)
	return r
}

// rows returns what is known of the clusters to which the trust is propagated, and says in the report if that is not all.
func (s *Source) rows(r *Report) map[string]Row {
	fleet := s.Trust.Status.Fleet
	switch {
	case s.Binding != nil:
		rows := s.Binding.rows(s.Trust.Generation)
		if len(rows) == 0 {
			r.Message = "propagated to no cluster"
			if s.Binding.NotScheduled != "" {
				r.Message += ": " + text.Truncate(s.Binding.NotScheduled, maxMessage)
			}
		}
		return rows
	case s.BindingUnreadable == "":
		r.Message = "not propagated: no ClusterPropagationPolicy selects it"
		return nil
	case fleet != nil:
		r.Message = "as the status of the trust has it, since " + text.Truncate(s.BindingUnreadable, maxMessage)
		r.ClustersNotListed = fleet.ClustersNotListed
		return fleetRows(fleet)
	default:
		r.Message = "nothing is known of the clusters: " + text.Truncate(s.BindingUnreadable, maxMessage)
		return nil
	}
}

const notServed = "no KarmadaImageTrusts there: install the CustomResourceDefinition and the operator"

// without returns the row of a cluster to which the trust is not propagated, as far as that is known.
func (s *Source) without(cluster *Cluster, complete bool) Row {
	r := Row{Cluster: cluster.Name}
	switch {
	case s.Binding != nil && s.Binding.leftOut(cluster.object):
		r.State, r.Message = LeftOut, whyLeftOut(cluster)
	case cluster.Serves == metav1.ConditionFalse:
		r.State, r.Message = NotServed, notServed
	case complete:
		r.State, r.Message = NotPropagated, "no policy selects the cluster"
	default:
		r.State, r.Message = NotKnown, "not known whether the trust is propagated to the cluster"
	}
	return r
}

// whyLeftOut says why the scheduler has not taken a cluster, as far as that is known.
func whyLeftOut(cluster *Cluster) string {
	switch {
	case !cluster.Answers():
		return "selected by the policy, but not propagated: the cluster does not answer"
	case cluster.Serves != metav1.ConditionTrue:
		return "selected by the policy, but not propagated: " + notServed
	default:
		return "selected by the policy, but not propagated yet"
	}
}

// heard sets whether the cluster answers.
func (r *Row) heard(cluster *Cluster) {
	r.Answers = cluster.Answers()
	if r.Answers {
		return
	}
	r.Silence = text.Truncate(cluster.Message, maxMessage)
	if !cluster.Since.IsZero() {
		r.SilentSince = &metav1.Time{Time: cluster.Since}
	}
}

// rows returns a row for each cluster that Karmada has selected.
func (b *Binding) rows(generation int64) map[string]Row {
	rows := make(map[string]Row, len(b.Clusters))
	for _, name := range b.Clusters {
		rows[name] = b.row(name, generation)
	}
	return rows
}

func (b *Binding) row(name string, generation int64) Row {
	r := Row{Cluster: name, Suspended: b.Suspended(name)}
	item := b.items[name]
	switch {
	case item == nil || !item.Applied:
		r.State, r.Message = NotApplied, "not applied yet"
		if item != nil && item.AppliedMessage != "" {
			r.Message = text.Truncate("not applied: "+item.AppliedMessage, maxMessage)
		}
	case item.Status == nil || len(item.Status.Raw) == 0:
		r.State, r.Message = NotReported, notReported
	default:
		status, err := decode(item.Status.Raw)
		if err != nil {
			r.State, r.Message = Unreadable, text.Truncate("what the cluster reports is not the status of a trust: "+err.Error(), maxMessage)
			return r
		}
		r.fill(status, generation)
	}
	return r
}

const notReported = "applied, and no operator has reported about it"

// fleetRows returns the rows that the status of a trust on the control plane has.
func fleetRows(status *v1alpha1.FleetStatus) map[string]Row {
	rows := make(map[string]Row, len(status.Clusters))
	for i := range status.Clusters {
		c := &status.Clusters[i]
		row := Row{
			Cluster: c.Name, State: State(c.State), Message: c.Message, Mode: c.Mode,
			Ready: c.Ready, ImagesVerified: c.ImagesVerified, Enforced: c.Enforced,
			Counts: Counts{
				Images: c.Images, Verified: c.Verified, Untrusted: c.Untrusted, Unknown: c.Unknown,
				WouldDeny: c.WouldDeny, Undetermined: c.Undetermined,
			},
		}
		for j := range status.Images {
			if image := &status.Images[j]; slices.Contains(image.Clusters, c.Name) {
				row.NotVerified = append(row.NotVerified, Image{
					Reference: image.Reference, Digest: image.Digest, Verdict: image.Verdict, Reason: image.Reason, Message: image.Message,
				})
			}
		}
		rows[c.Name] = row
	}
	return rows
}
