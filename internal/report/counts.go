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
	"github.com/karmada-io/image-trust/internal/text"
)

// The longest texts of a report, in bytes. Most of them are written by tenants, registries and members of a fleet.
const (
	maxReference = 1024
	maxMessage   = 1024
	maxName      = 253
	maxDigest    = 128
	maxReason    = 64
	maxLabel     = 63
)

// clip returns printable text of at most a number of bytes.
func clip(s string, limit int) string {
	return text.Truncate(text.Printable(text.Truncate(s, limit)), limit)
}

func clipSigner(s *v1alpha1.Signer) *v1alpha1.Signer {
	if s == nil {
		return nil
	}
	return &v1alpha1.Signer{
		Name: clip(s.Name, maxName), Issuer: clip(s.Issuer, maxReference), Identity: clip(s.Identity, maxReference),
		SourceRepository: clip(s.SourceRepository, maxReference), SourceRef: clip(s.SourceRef, maxReference),
		SourceCommit: clip(s.SourceCommit, maxDigest), WorkflowName: clip(s.WorkflowName, maxReference),
		WorkflowTrigger: clip(s.WorkflowTrigger, maxDigest),
	}
}

func clipLog(entry *v1alpha1.TransparencyLogEntry) *v1alpha1.TransparencyLogEntry {
	if entry == nil {
		return nil
	}
	clipped := *entry
	clipped.URL = clip(entry.URL, maxReference)
	return &clipped
}

// rank orders verdicts by how much attention they need.
func rank(verdict v1alpha1.Verdict) int {
	return slices.Index([]v1alpha1.Verdict{
		v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown, VerdictUncovered, v1alpha1.VerdictVerified, "",
	}, verdict)
}

func outcomeRank(outcome admission.Outcome) int {
	return slices.Index([]admission.Outcome{admission.Denied, admission.Undetermined, admission.Allowed}, outcome)
}

func worse(a, b v1alpha1.Verdict) v1alpha1.Verdict {
	if b.Worse(a) {
		return b
	}
	return a
}

func worseOutcome(a, b admission.Outcome) admission.Outcome {
	if outcomeRank(b) < outcomeRank(a) {
		return b
	}
	return a
}

// verdict is the worst of the images of all trusts, without those that only a rollback would run. It is Unknown where a trust has
// no counts.
func (c *Cluster) verdict() v1alpha1.Verdict {
	worst := v1alpha1.VerdictVerified
	if c.Problem != "" {
		worst = v1alpha1.VerdictUnknown
	}
	for i := range c.Images {
		if image := &c.Images[i]; image.Verdict != VerdictUncovered && image.Usage != v1alpha1.UsageRollback {
			worst = worse(worst, image.Verdict)
		}
	}
	for i := range c.Trusts {
		if c.Trusts[i].Counts() == nil || c.Trusts[i].Stale() {
			worst = worse(worst, v1alpha1.VerdictUnknown)
		}
	}
	return worst
}

// Stale reports whether what is known of the trust is not about its current spec, or from a cluster that does not answer.
func (t *Trust) Stale() bool { return t.Examined == nil && (t.State != "" || t.Message != "") }

// admission is the worst outcome of all workloads. Where they were not read, the counts of the operator say it.
func (c *Cluster) admission() admission.Outcome {
	worst := admission.Allowed
	if c.Problem != "" {
		worst = admission.Undetermined
	}
	for i := range c.Workloads {
		if w := &c.Workloads[i]; !w.OnceOptedIn {
			worst = worseOutcome(worst, w.Admission)
		}
	}
	for i := range c.Trusts {
		switch n := c.Trusts[i].Counts(); {
		case n != nil && n.WouldDeny != nil && *n.WouldDeny > 0:
			return admission.Denied
		case n == nil || n.WouldDeny == nil || n.Undetermined == nil || *n.Undetermined > 0:
			worst = worseOutcome(worst, admission.Undetermined)
		}
	}
	return worst
}

// coverage counts images and workloads. An image of several trusts has the worst of their verdicts.
func (c *Cluster) coverage() Coverage {
	var out Coverage
	examined := false
	byImage := map[[2]string]v1alpha1.Verdict{}
	for i := range c.Images {
		image := &c.Images[i]
		key := [2]string{image.Reference, image.Digest}
		before, ok := byImage[key]
		if !ok || rank(image.Verdict) < rank(before) {
			byImage[key] = image.Verdict
		}
	}
	for _, verdict := range byImage {
		out.Images.count(verdict)
	}
	for i := range c.Trusts {
		t := &c.Trusts[i]
		examined = examined || t.Examined != nil
		if t.ImagesNotListed > 0 {
			out.Images.addNotListed(t, c.Images)
		}
	}
	workloads := &Counts{}
	for i := range c.Workloads {
		if verdict := c.Workloads[i].Verdict; verdict != "" {
			workloads.count(verdict)
			examined = true
		}
	}
	if examined {
		out.Workloads = workloads
		for _, counts := range []*Counts{&out.Images, workloads} {
			if counts.Uncovered == nil {
				counts.Uncovered = new(0)
			}
		}
	}
	return out
}

// count counts one image or workload.
func (n *Counts) count(verdict v1alpha1.Verdict) {
	n.Total++
	switch verdict {
	case v1alpha1.VerdictVerified:
		n.Verified++
	case v1alpha1.VerdictUntrusted:
		n.Untrusted++
	case VerdictUncovered:
		if n.Uncovered == nil {
			n.Uncovered = new(0)
		}
		*n.Uncovered++
	default:
		n.Unknown++
	}
}

// addNotListed adds the images of a trust that the operator counted and did not list.
func (n *Counts) addNotListed(t *Trust, images []Image) {
	if t.Reported == nil || t.Reported.Verified == nil || t.Reported.Untrusted == nil || t.Reported.Unknown == nil {
		return
	}
	listed := map[v1alpha1.Verdict]int{}
	for i := range images {
		if images[i].Trust == t.Name {
			listed[images[i].Verdict]++
		}
	}
	verified := max(*t.Reported.Verified-listed[v1alpha1.VerdictVerified], 0)
	untrusted := max(*t.Reported.Untrusted-listed[v1alpha1.VerdictUntrusted], 0)
	unknown := max(*t.Reported.Unknown-listed[v1alpha1.VerdictUnknown], 0)
	n.Verified, n.Untrusted, n.Unknown = n.Verified+verified, n.Untrusted+untrusted, n.Unknown+unknown
	n.Total += verified + untrusted + unknown
}

// add adds the counts of a cluster.
func (c *Coverage) add(other Coverage) {
	c.Images.add(other.Images)
	if other.Workloads != nil {
		if c.Workloads == nil {
			c.Workloads = &Counts{}
		}
		c.Workloads.add(*other.Workloads)
	}
}

func (n *Counts) add(other Counts) {
	n.Total, n.Verified = n.Total+other.Total, n.Verified+other.Verified
	n.Untrusted, n.Unknown = n.Untrusted+other.Untrusted, n.Unknown+other.Unknown
	if other.Uncovered != nil {
		sum := *other.Uncovered
		if n.Uncovered != nil {
			sum += *n.Uncovered
		}
		n.Uncovered = &sum
	}
}

// reasons counts why verdicts and outcomes are not known: the most frequent first.
func reasons(c *Cluster) []Reason {
	counted := map[string]*Reason{}
	find := func(reason, message string) *Reason {
		if counted[reason] == nil {
			counted[reason] = &Reason{Reason: reason, Message: message}
		}
		return counted[reason]
	}
	for i := range c.Images {
		if image := &c.Images[i]; image.Verdict == v1alpha1.VerdictUnknown {
			find(image.Reason, image.Message).Images++
		}
	}
	for i := range c.Workloads {
		w := &c.Workloads[i]
		if w.Admission != admission.Undetermined {
			continue
		}
		seen := map[string]bool{}
		for _, f := range w.Findings {
			if !seen[f.Reason] {
				seen[f.Reason] = true
				find(f.Reason, f.Message).Workloads++
			}
		}
	}
	out := make([]Reason, 0, len(counted))
	for _, one := range counted {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Images+b.Workloads, a.Images+a.Workloads), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
