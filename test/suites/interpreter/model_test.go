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

package interpreter

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// member is what is true of a cluster, from which both what it reports and what the model says of it are made.
type member struct {
	name       string
	state      v1alpha1.ClusterState
	observed   int64 // the generation of the template that it reports about; 0 if it does not say
	conditions map[string]condition
	counts     []int32 // of countNames; nil if it does not report them
	mode       string
	images     []image
	verified   string // lastVerifiedTime
}

type condition struct {
	status metav1.ConditionStatus
	reason string
	time   string
}

type image struct {
	reference, digest, reason string
	verdict                   v1alpha1.Verdict
	workloads                 int32
}

func countNames() []string {
	return []string{"images", "verified", "untrusted", "unknown", "movedTags", "workloads", "wouldDeny", "wouldDenyOnceOptedIn", "undetermined"}
}

func foldedTypes() []string {
	return []string{v1alpha1.EnforcedCondition, v1alpha1.ImagesVerifiedCondition, v1alpha1.PolicyAppliedCondition, v1alpha1.ReadyCondition}
}

// status is what the cluster's status looks like once it is reflected; nil if there is none.
func (m *member) status() any {
	switch m.state {
	case v1alpha1.ClusterNotApplied:
		return nil
	case v1alpha1.ClusterNotReported:
		return object{"generation": 1, "resourceTemplateGeneration": generation}
	case v1alpha1.ClusterUnreadable:
		return object{"conditions": "all is well"}
	default:
	}
	status := object{"generation": 7, "observedGeneration": 7}
	if m.observed > 0 {
		status["resourceTemplateGeneration"] = m.observed
	}
	var conditions []any
	for name, c := range m.conditions {
		entry := object{"type": name, "status": c.status, "reason": c.reason, "message": "as " + m.name + " says"}
		if c.time != "" {
			entry["lastTransitionTime"] = c.time
		}
		conditions = append(conditions, entry)
	}
	status["conditions"] = conditions
	if m.counts != nil {
		summary := object{}
		for i, name := range countNames() {
			summary[name] = m.counts[i]
		}
		status["summary"] = summary
	}
	if m.mode != "" {
		status["policy"] = object{"mode": m.mode}
	}
	if m.verified != "" {
		status["lastVerifiedTime"] = m.verified
	}
	var images []any
	for _, i := range m.images {
		images = append(images, object{
			"reference": i.reference, "digest": i.digest, "verdict": i.verdict, "reason": i.reason, "workloads": i.workloads, "usage": "Running",
		})
	}
	if images != nil {
		status["images"] = images
	}
	return status
}

// opinion is what a cluster says of a condition, as far as that counts.
func (m *member) opinion(name string) (metav1.ConditionStatus, string) {
	c, found := m.conditions[name]
	switch {
	case m.state != v1alpha1.ClusterReported && m.state != v1alpha1.ClusterOutdated:
		return metav1.ConditionUnknown, string(m.state)
	case !found:
		return metav1.ConditionUnknown, v1alpha1.NotReportedReason
	case c.status == metav1.ConditionTrue && m.state == v1alpha1.ClusterOutdated:
		return metav1.ConditionUnknown, v1alpha1.OutdatedReason
	case c.status == metav1.ConditionTrue && name == v1alpha1.ImagesVerifiedCondition && m.counts == nil:
		return metav1.ConditionUnknown, v1alpha1.NotReportedReason
	}
	return c.status, c.reason
}

// badness orders statuses: the worst is the largest.
func badness(status metav1.ConditionStatus) int {
	return slices.Index([]metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionUnknown, metav1.ConditionFalse}, status)
}

// fold is the model of the aggregation for fleets that have room. Messages are left out.
func fold(members []member, previous []metav1.Condition) v1alpha1.KarmadaImageTrustStatus {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	var status v1alpha1.KarmadaImageTrustStatus
	status.ObservedGeneration = observedByAll(members)
	for _, name := range foldedTypes() {
		status.Conditions = append(status.Conditions, foldCondition(name, members, true))
	}
	for _, name := range []string{v1alpha1.ReconcilingCondition, v1alpha1.StalledCondition} {
		concerned := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.conditions[name].status != metav1.ConditionTrue })
		if len(concerned) > 0 {
			status.Conditions = append(status.Conditions, foldCondition(name, concerned, false))
		}
	}
	for i := range status.Conditions {
		c := &status.Conditions[i]
		c.ObservedGeneration = status.ObservedGeneration
		if p := slices.IndexFunc(previous, func(p metav1.Condition) bool { return p.Type == c.Type }); p >= 0 &&
			(previous[p].Status == c.Status || c.LastTransitionTime.IsZero()) {
			c.LastTransitionTime = previous[p].LastTransitionTime
		}
		if c.LastTransitionTime.IsZero() {
			c.LastTransitionTime = parse("2026-11-01T00:00:00Z")
		}
	}
	if p := slices.IndexFunc(previous, func(p metav1.Condition) bool { return p.Type == v1alpha1.PropagatedCondition }); p >= 0 {
		status.Conditions = append(status.Conditions, previous[p])
	}
	slices.SortFunc(status.Conditions, func(a, b metav1.Condition) int { return strings.Compare(a.Type, b.Type) })
	status.Summary = sum(members)
	status.LastVerifiedTime = verifiedByAll(members)
	status.Fleet = foldFleet(members)
	return status
}

func observedByAll(members []member) int64 {
	earliest := int64(generation)
	for _, m := range members {
		if m.observed == 0 || (m.state != v1alpha1.ClusterReported && m.state != v1alpha1.ClusterOutdated) {
			return 0
		}
		earliest = min(earliest, m.observed)
	}
	if len(members) == 0 {
		return 0
	}
	return earliest
}

func foldCondition(name string, members []member, asOpinion bool) metav1.Condition {
	view := func(m *member) (metav1.ConditionStatus, string) {
		if asOpinion {
			return m.opinion(name)
		}
		return m.conditions[name].status, m.conditions[name].reason
	}
	folded := metav1.Condition{Type: name, Status: metav1.ConditionTrue}
	if len(members) == 0 {
		folded.Status, folded.Reason = metav1.ConditionUnknown, v1alpha1.NotReportedReason
		return folded
	}
	for i := range members {
		if s, _ := view(&members[i]); badness(s) > badness(folded.Status) {
			folded.Status = s
		}
	}
	reasons := map[string]int{}
	for i := range members {
		s, reason := view(&members[i])
		if s != folded.Status {
			continue
		}
		reasons[reason]++
		if c := members[i].conditions[name]; c.status == s && c.time != "" {
			if time := parse(c.time); folded.LastTransitionTime.Before(&time) {
				folded.LastTransitionTime = time
			}
		}
	}
	for reason, n := range reasons {
		if most := reasons[folded.Reason]; n > most || n == most && reason < folded.Reason {
			folded.Reason = reason
		}
	}
	return folded
}

func sum(members []member) *v1alpha1.Summary {
	var sums []int32
	for _, m := range members {
		if m.counts == nil {
			continue
		}
		if sums == nil {
			sums = make([]int32, len(m.counts))
		}
		for i := range sums {
			sums[i] = int32(min(int64(sums[i])+int64(m.counts[i]), 1<<31-1)) //nolint:gosec // the smaller one of the two
		}
	}
	if sums == nil {
		return nil
	}
	return &v1alpha1.Summary{
		Images: &sums[0], Verified: &sums[1], Untrusted: &sums[2], Unknown: &sums[3], MovedTags: &sums[4], Workloads: &sums[5],
		WouldDeny: &sums[6], WouldDenyOnceOptedIn: &sums[7], Undetermined: &sums[8], VerifiedRatio: fmt.Sprintf("%d/%d", sums[1], sums[0]),
	}
}

func verifiedByAll(members []member) *metav1.Time {
	var earliest *metav1.Time
	for _, m := range members {
		if m.state != v1alpha1.ClusterReported || m.verified == "" {
			return nil
		}
		if time := parse(m.verified); earliest == nil || time.Before(earliest) {
			earliest = &time
		}
	}
	return earliest
}

func foldFleet(members []member) *v1alpha1.FleetStatus {
	fleet := &v1alpha1.FleetStatus{Selected: new(int32(len(members))), Reporting: new(int32)} //nolint:gosec // few
	rank := map[string]int{}
	unreported := int32(0)
	for _, m := range members {
		report := v1alpha1.ClusterReport{Name: m.name, State: m.state, Mode: m.mode}
		report.Ready = m.conditions[v1alpha1.ReadyCondition].status
		report.ImagesVerified = m.conditions[v1alpha1.ImagesVerifiedCondition].status
		report.Enforced = m.conditions[v1alpha1.EnforcedCondition].status
		if report.ImagesVerified == metav1.ConditionTrue && m.counts == nil {
			report.ImagesVerified = metav1.ConditionUnknown
		}
		if m.counts != nil {
			report.Images, report.Verified, report.Untrusted, report.Unknown = &m.counts[0], &m.counts[1], &m.counts[2], &m.counts[3]
			report.WouldDeny, report.Undetermined = &m.counts[6], &m.counts[8]
			unreported = max(unreported, m.counts[2]+m.counts[3]-int32(len(m.images))) //nolint:gosec // few
		}
		switch {
		case report.ImagesVerified == metav1.ConditionFalse || len(m.counts) > 6 && (m.counts[2] > 0 || m.counts[6] > 0):
			rank[m.name] = 0
		case m.state != v1alpha1.ClusterReported:
			rank[m.name] = 1
		default:
			rank[m.name] = 2
		}
		if m.state == v1alpha1.ClusterReported {
			*fleet.Reporting++
		}
		fleet.Clusters = append(fleet.Clusters, report)
	}
	slices.SortStableFunc(fleet.Clusters, func(a, b v1alpha1.ClusterReport) int { return cmp.Compare(rank[a.Name], rank[b.Name]) })
	fleet.ReportingRatio = fmt.Sprintf("%d/%d", *fleet.Reporting, *fleet.Selected)
	fleet.Images = foldImages(members)
	fleet.ImagesNotListed = unreported
	return fleet
}

func foldImages(members []member) []v1alpha1.FleetImage {
	var images []v1alpha1.FleetImage
	for _, m := range members {
		for _, i := range m.images {
			at := slices.IndexFunc(images, func(f v1alpha1.FleetImage) bool {
				return f.Reference == i.reference && f.Digest == i.digest && f.Verdict == i.verdict && f.Reason == i.reason
			})
			if at < 0 {
				at = len(images)
				images = append(images, v1alpha1.FleetImage{
					Reference: i.reference, Digest: i.digest, Verdict: i.verdict, Reason: i.reason, Workloads: new(int32),
				})
			}
			*images[at].Workloads += i.workloads
			if len(images[at].Clusters) < 10 {
				images[at].Clusters = append(images[at].Clusters, m.name)
			} else {
				images[at].ClustersNotListed++
			}
		}
	}
	slices.SortFunc(images, func(a, b v1alpha1.FleetImage) int {
		return cmp.Or(
			-strings.Compare(string(a.Verdict), string(b.Verdict)), // Untrusted before Unknown
			-cmp.Compare(len(a.Clusters)+int(a.ClustersNotListed), len(b.Clusters)+int(b.ClustersNotListed)),
			-cmp.Compare(*a.Workloads, *b.Workloads),
			strings.Compare(a.Reference, b.Reference), strings.Compare(a.Digest, b.Digest), strings.Compare(a.Reason, b.Reason))
	})
	return images
}

func parse(time string) metav1.Time {
	var parsed metav1.Time
	if err := parsed.UnmarshalJSON([]byte(`"` + time + `"`)); err != nil {
		panic(err)
	}
	return parsed
}

// randomMember makes a cluster in any state.
func randomMember(r *rand.Rand, name string) member {
	m := member{name: name, conditions: map[string]condition{}}
	switch r.IntN(12) {
	case 0:
		m.state = v1alpha1.ClusterNotApplied
		return m
	case 1:
		m.state = v1alpha1.ClusterNotReported
		return m
	case 2:
		m.state = v1alpha1.ClusterUnreadable
		return m
	case 3:
		m.state, m.observed = v1alpha1.ClusterOutdated, r.Int64N(generation)
	default:
		m.state, m.observed = v1alpha1.ClusterReported, generation
	}
	if r.IntN(8) > 0 {
		m.mode = []string{"warn", "enforce"}[r.IntN(2)]
	}
	if r.IntN(6) > 0 {
		m.verified = randomTime(r)
	}
	fine := r.IntN(3) > 0
	for _, name := range foldedTypes() {
		if r.IntN(12) == 0 {
			continue
		}
		c := condition{status: metav1.ConditionTrue, reason: []string{"AllVerified", "Reconciled"}[r.IntN(2)], time: randomTime(r)}
		if !fine {
			c.status = []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}[r.IntN(3)]
			c.reason = []string{"UntrustedImages", "VerificationUnavailable", "WarnMode"}[r.IntN(3)]
		}
		if r.IntN(10) == 0 {
			c.time = ""
		}
		m.conditions[name] = c
	}
	for _, name := range []string{v1alpha1.ReconcilingCondition, v1alpha1.StalledCondition} {
		if r.IntN(10) == 0 {
			m.conditions[name] = condition{status: metav1.ConditionTrue, reason: "Verifying", time: randomTime(r)}
		}
	}
	if len(m.conditions) == 0 { // it would not have reported at all
		m.conditions[v1alpha1.ReadyCondition] = condition{status: metav1.ConditionUnknown, reason: "Verifying"}
	}
	m.randomImages(r)
	return m
}

// randomImages adds images and counts that agree with the conditions.
func (m *member) randomImages(r *rand.Rand) {
	var untrusted, unknown int32
	if m.conditions[v1alpha1.ImagesVerifiedCondition].status != metav1.ConditionTrue {
		for n := range r.IntN(6) {
			i := image{
				reference: fmt.Sprintf("docker.io/karmada/image-%d:v1", n), digest: fmt.Sprintf("sha256:%d", r.IntN(2)),
				reason: "Unsigned", verdict: v1alpha1.VerdictUntrusted, workloads: r.Int32N(5),
			}
			if r.IntN(2) == 0 {
				i.reason, i.verdict = "RegistryUnreachable", v1alpha1.VerdictUnknown
				unknown++
			} else {
				untrusted++
			}
			m.images = append(m.images, i)
		}
	}
	if r.IntN(8) == 0 {
		return
	}
	untrusted += r.Int32N(3)
	verified := r.Int32N(20)
	m.counts = []int32{verified + untrusted + unknown, verified, untrusted, unknown, r.Int32N(3), r.Int32N(40), r.Int32N(3), r.Int32N(3), r.Int32N(3)}
	if r.IntN(20) == 0 {
		m.counts[5] = 1<<31 - 1
	}
}

func randomTime(r *rand.Rand) string {
	return fmt.Sprintf("2026-0%d-1%dT0%d:00:00Z", 1+r.IntN(9), r.IntN(10), r.IntN(10))
}
