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
	"maps"
	"slices"

	"github.com/karmada-io/image-trust/internal/fleet"
)

// OfFleet returns what the members of a fleet reported last, by cluster. Clusters to which no trust is propagated are left out.
func OfFleet(reports []fleet.Report) []Cluster {
	clusters := map[string]*Cluster{}
	for i := range reports {
		one := &reports[i]
		for k := range one.Clusters {
			row := &one.Clusters[k]
			if !row.Propagated() {
				continue
			}
			c := clusters[row.Cluster]
			if c == nil {
				c = &Cluster{Name: clip(row.Cluster, maxName), Images: []Image{}, Workloads: []Workload{}}
				clusters[row.Cluster] = c
			}
			c.Trusts = append(c.Trusts, ofMember(one, row))
			for at := range row.NotVerified {
				c.Images = append(c.Images, notVerified(one.Trust, &row.NotVerified[at]))
			}
		}
	}
	out := make([]Cluster, 0, len(clusters))
	for _, name := range slices.Sorted(maps.Keys(clusters)) {
		c := clusters[name]
		c.finish()
		out = append(out, *c)
	}
	return out
}

// AddFleet adds to a cluster that was read what the control plane knows of it: which trusts it should have, and whether the operator
// there has reported about them.
func (c *Cluster) AddFleet(reports []fleet.Report) {
	for i := range reports {
		one := &reports[i]
		at := slices.IndexFunc(one.Clusters, func(row fleet.Row) bool { return row.Cluster == c.Name })
		if at < 0 || !one.Clusters[at].Propagated() {
			continue
		}
		known := ofMember(one, &one.Clusters[at])
		if has := slices.IndexFunc(c.Trusts, func(t Trust) bool { return t.Name == known.Name }); has >= 0 {
			c.Trusts[has].State, c.Trusts[has].Message = known.State, cmp.Or(known.Message, c.Trusts[has].Message)
			continue
		}
		if c.Problem == "" && known.State == "" {
			known.State, known.Message = string(fleet.NotApplied), "the cluster has no such trust"
		}
		known.ImagesNotListed = 0
		c.Trusts = append(c.Trusts, known)
	}
	slices.SortStableFunc(c.Trusts, func(a, b Trust) int { return cmp.Compare(a.Name, b.Name) })
}

// ofMember returns a trust as a member reported it last.
func ofMember(of *fleet.Report, row *fleet.Row) Trust {
	t := Trust{
		Name: clip(of.Trust, maxName), Enforcement: of.Enforcement, Mode: clip(row.Mode, maxReason),
		Ready: Condition{Status: row.Ready}, Enforced: Condition{Status: row.Enforced, Message: clip(row.NotEnforced, maxMessage)},
		Message: clip(row.Message, maxMessage),
		Reported: &TrustCounts{
			Images: number(row.Images), Verified: number(row.Verified), Untrusted: number(row.Untrusted), Unknown: number(row.Unknown),
			WouldDeny: number(row.WouldDeny), Undetermined: number(row.Undetermined),
		},
	}
	switch {
	case !row.Answers:
		t.State, t.Message = "Silent", clip(cmp.Or(row.Silence, "Karmada does not reach the cluster"), maxMessage)
	case row.State != fleet.Reported:
		t.State = string(row.State)
	}
	if row.Images == nil {
		t.Reported = nil
	} else {
		t.ImagesNotListed = max(int(*row.Images)-len(row.NotVerified), 0)
	}
	return t
}

func notVerified(trust string, image *fleet.Image) Image {
	row := Image{
		Trust: clip(trust, maxName), Reference: clip(image.Reference, maxReference), Digest: clip(image.Digest, maxDigest), Usage: image.Usage,
		Verdict: known(image.Verdict), Reason: clip(image.Reason, maxReason), Message: clip(image.Message, maxMessage),
	}
	if image.Workloads != nil {
		row.WorkloadCount = int(*image.Workloads)
	}
	return row
}
