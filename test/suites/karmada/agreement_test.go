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

package karmada

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// report is what a member says of a trust, read in the member itself, and the generation of the template that it is about.
type report struct {
	trust      *v1alpha1.KarmadaImageTrust
	generation int64
}

// agreement compares the status of a trust on the control plane with what the members report, value by value. What it
// expects is computed here, in Go, from the whole statuses of the members.
type agreement struct {
	got     *v1alpha1.KarmadaImageTrust
	reports map[string]report

	compared    int
	differences []string
}

// compare returns how many values were compared, and which differ.
func compare(got *v1alpha1.KarmadaImageTrust, reports map[string]report) (compared int, differences []string) {
	a := &agreement{got: got, reports: reports}
	a.equal("status.observedGeneration", got.Status.ObservedGeneration, a.observedGeneration())
	a.fleet()
	a.conditions()
	a.summary()
	a.images()
	return a.compared, a.differences
}

func (a *agreement) equal(what string, got, want any) {
	a.compared++
	if shown, wanted := show(got), show(want); shown != wanted {
		a.differences = append(a.differences, fmt.Sprintf("%s is %s, and the members report %s", what, shown, wanted))
	}
}

// show returns a value as JSON: what pointers point to is compared.
func show(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func (a *agreement) names() []string { return slices.Sorted(maps.Keys(a.reports)) }

// current says whether a member reports about the current generation.
func (a *agreement) current(name string) bool { return a.reports[name].generation == a.got.Generation }

func (a *agreement) observedGeneration() int64 {
	least := a.got.Generation
	for _, one := range a.reports {
		least = min(least, one.generation)
	}
	return least
}

func (a *agreement) fleet() {
	got := a.got.Status.Fleet
	if got == nil {
		a.equal("status.fleet", got, "something")
		return
	}
	reporting := 0
	for name := range a.reports {
		if a.current(name) {
			reporting++
		}
	}
	a.equal("fleet.selected", got.Selected, len(a.reports))
	a.equal("fleet.reporting", got.Reporting, reporting)
	a.equal("fleet.reportingRatio", got.ReportingRatio, fmt.Sprintf("%d/%d", reporting, len(a.reports)))
	a.equal("fleet.clusters", clusterNames(got.Clusters), a.names())
	a.equal("fleet.clustersNotListed", got.ClustersNotListed, 0)
	for i := range got.Clusters {
		a.cluster(&got.Clusters[i])
	}
}

func clusterNames(clusters []v1alpha1.ClusterReport) []string {
	names := make([]string, len(clusters))
	for i := range clusters {
		names[i] = clusters[i].Name
	}
	slices.Sort(names)
	return names
}

func (a *agreement) cluster(got *v1alpha1.ClusterReport) {
	one, ok := a.reports[got.Name]
	if !ok {
		return // named above
	}
	state := v1alpha1.ClusterOutdated
	if a.current(got.Name) {
		state = v1alpha1.ClusterReported
	}
	status, mode := &one.trust.Status, ""
	if status.Policy != nil {
		mode = status.Policy.Mode
	}
	summary := cmp.Or(status.Summary, &v1alpha1.Summary{})
	for field, values := range map[string][2]any{
		"state":          {got.State, state},
		"ready":          {got.Ready, statusOf(one.trust, v1alpha1.ReadyCondition)},
		"imagesVerified": {got.ImagesVerified, statusOf(one.trust, v1alpha1.ImagesVerifiedCondition)},
		"enforced":       {got.Enforced, statusOf(one.trust, v1alpha1.EnforcedCondition)},
		"mode":           {got.Mode, mode},
		"images":         {got.Images, summary.Images},
		"verified":       {got.Verified, summary.Verified},
		"untrusted":      {got.Untrusted, summary.Untrusted},
		"unknown":        {got.Unknown, summary.Unknown},
		"wouldDeny":      {got.WouldDeny, summary.WouldDeny},
		"undetermined":   {got.Undetermined, summary.Undetermined},
	} {
		a.equal("fleet.clusters["+got.Name+"]."+field, values[0], values[1])
	}
}

func statusOf(trust *v1alpha1.KarmadaImageTrust, conditionType string) metav1.ConditionStatus {
	if c := apimeta.FindStatusCondition(trust.Status.Conditions, conditionType); c != nil {
		return c.Status
	}
	return ""
}

// conditions compares all conditions that the members report. False is worse than Unknown, and Unknown is worse than True,
// which an earlier generation does not speak for. Reconciling and Stalled are there if they are True in a member, as they
// are without policy-controller.
func (a *agreement) conditions() {
	types := []string{
		v1alpha1.ReadyCondition, v1alpha1.PolicyAppliedCondition, v1alpha1.ImagesVerifiedCondition, v1alpha1.EnforcedCondition,
	}
	for _, conditionType := range types {
		byStatus := map[metav1.ConditionStatus][]string{}
		reasons := map[metav1.ConditionStatus]map[string]int{}
		for _, name := range a.names() {
			c := apimeta.FindStatusCondition(a.reports[name].trust.Status.Conditions, conditionType)
			status, reason := metav1.ConditionUnknown, "NotReported"
			switch {
			case c == nil:
			case c.Status == metav1.ConditionTrue && !a.current(name):
				reason = string(v1alpha1.ClusterOutdated)
			default:
				status, reason = c.Status, c.Reason
			}
			byStatus[status] = append(byStatus[status], name)
			if reasons[status] == nil {
				reasons[status] = map[string]int{}
			}
			reasons[status][reason]++
		}
		for _, status := range []metav1.ConditionStatus{metav1.ConditionFalse, metav1.ConditionUnknown, metav1.ConditionTrue} {
			if len(byStatus[status]) > 0 {
				a.condition(conditionType, status, mostFrequent(reasons[status]), byStatus[status])
				break
			}
		}
	}
	for _, conditionType := range []string{v1alpha1.ReconcilingCondition, v1alpha1.StalledCondition} {
		var clusters []string
		reasons := map[string]int{}
		for _, name := range a.names() {
			c := apimeta.FindStatusCondition(a.reports[name].trust.Status.Conditions, conditionType)
			if c != nil && c.Status == metav1.ConditionTrue {
				clusters = append(clusters, name)
				reasons[c.Reason]++
			}
		}
		if len(clusters) == 0 {
			a.equal("condition "+conditionType, statusOf(a.got, conditionType), "")
			continue
		}
		a.condition(conditionType, metav1.ConditionTrue, mostFrequent(reasons), clusters)
	}
}

func (a *agreement) condition(conditionType string, status metav1.ConditionStatus, reason string, clusters []string) {
	c := apimeta.FindStatusCondition(a.got.Status.Conditions, conditionType)
	if c == nil {
		a.equal("condition "+conditionType, nil, status)
		return
	}
	n := 0
	for i := range a.got.Status.Conditions {
		if a.got.Status.Conditions[i].Type == conditionType {
			n++
		}
	}
	a.equal("number of conditions "+conditionType, n, 1)
	a.equal("status of "+conditionType, c.Status, status)
	a.equal("reason of "+conditionType, c.Reason, reason)
	a.equal("generation of "+conditionType, c.ObservedGeneration, a.observedGeneration())
	if strings.HasPrefix(c.Message, "True in "+strconv.Itoa(len(a.reports))+" cluster") {
		a.equal("clusters with "+conditionType, len(a.reports), len(clusters))
		return // all is well, and no cluster is named
	}
	for name := range a.reports {
		a.equal(conditionType+" names "+name+" in "+strconv.Quote(c.Message),
			strings.Contains(c.Message, name+": "), slices.Contains(clusters, name))
	}
}

// mostFrequent returns the reason that most clusters have, the first in the order of the alphabet if there are several.
func mostFrequent(reasons map[string]int) string {
	return slices.MinFunc(slices.Collect(maps.Keys(reasons)), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
}

func (a *agreement) summary() {
	got := cmp.Or(a.got.Status.Summary, &v1alpha1.Summary{})
	var want v1alpha1.Summary
	for _, one := range a.reports {
		reported := one.trust.Status.Summary
		if reported == nil {
			continue
		}
		for _, field := range []struct{ sum, addend **int32 }{
			{&want.Images, &reported.Images},
			{&want.Verified, &reported.Verified},
			{&want.Untrusted, &reported.Untrusted},
			{&want.Unknown, &reported.Unknown},
			{&want.MovedTags, &reported.MovedTags},
			{&want.Workloads, &reported.Workloads},
			{&want.WouldDeny, &reported.WouldDeny},
			{&want.WouldDenyOnceOptedIn, &reported.WouldDenyOnceOptedIn},
			{&want.Undetermined, &reported.Undetermined},
		} {
			if *field.addend == nil {
				continue
			}
			if *field.sum == nil {
				*field.sum = new(int32)
			}
			**field.sum += **field.addend
		}
	}
	for field, values := range map[string][2]*int32{
		"images":               {got.Images, want.Images},
		"verified":             {got.Verified, want.Verified},
		"untrusted":            {got.Untrusted, want.Untrusted},
		"unknown":              {got.Unknown, want.Unknown},
		"movedTags":            {got.MovedTags, want.MovedTags},
		"workloads":            {got.Workloads, want.Workloads},
		"wouldDeny":            {got.WouldDeny, want.WouldDeny},
		"wouldDenyOnceOptedIn": {got.WouldDenyOnceOptedIn, want.WouldDenyOnceOptedIn},
		"undetermined":         {got.Undetermined, want.Undetermined},
	} {
		a.equal("summary."+field, values[0], values[1])
	}
	if want.Verified != nil && want.Images != nil {
		a.equal("summary.verifiedRatio", got.VerifiedRatio, fmt.Sprintf("%d/%d", *want.Verified, *want.Images))
	}
	a.equal("lastVerifiedTime", a.got.Status.LastVerifiedTime, a.lastVerifiedTime())
}

// lastVerifiedTime is the earliest one, if all members speak about the current generation.
func (a *agreement) lastVerifiedTime() *metav1.Time {
	var earliest *metav1.Time
	for name, one := range a.reports {
		at := one.trust.Status.LastVerifiedTime
		if !a.current(name) || at == nil {
			return nil
		}
		if earliest == nil || at.Before(earliest) {
			earliest = at
		}
	}
	return earliest
}

// images compares those that are not verified: everything but their messages and their order, of which untrusted ones are
// the first.
func (a *agreement) images() {
	if a.got.Status.Fleet == nil {
		return
	}
	type group struct {
		Reference, Digest, Reason string
		Verdict                   v1alpha1.Verdict
	}
	want, clusters := map[group]int32{}, map[group][]string{}
	for _, name := range a.names() {
		for i := range a.reports[name].trust.Status.Images {
			image := &a.reports[name].trust.Status.Images[i]
			if image.Verdict == v1alpha1.VerdictVerified {
				continue
			}
			key := group{image.Reference, image.Digest, image.Reason, image.Verdict}
			want[key] += *image.Workloads
			if !slices.Contains(clusters[key], name) {
				clusters[key] = append(clusters[key], name)
			}
		}
	}
	got := a.got.Status.Fleet.Images
	a.equal("number of fleet.images", len(got), len(want))
	a.equal("fleet.imagesNotListed", a.got.Status.Fleet.ImagesNotListed, 0)
	for i := range got {
		image := &got[i]
		key := group{image.Reference, image.Digest, image.Reason, image.Verdict}
		a.equal("workloads of "+image.Reference, image.Workloads, want[key])
		a.equal("clusters of "+image.Reference, image.Clusters, clusters[key])
	}
	a.equal("untrusted images come first", slices.IsSortedFunc(got, func(a, b v1alpha1.FleetImage) int {
		return cmp.Compare(rank(a.Verdict), rank(b.Verdict))
	}), true)
}

func rank(verdict v1alpha1.Verdict) int {
	if verdict == v1alpha1.VerdictUntrusted {
		return 0
	}
	return 1
}

// tally adds up the comparisons of several stages of a trust.
type tally struct{ agreed, compared int }

// await waits until the status on the control plane is what the members report now, apart from the last words of members
// that are cut off, and returns that status.
func (n *tally) await(t *testing.T, trust string, live []string, lastWords map[string]report) *v1alpha1.KarmadaImageTrust {
	t.Helper()
	type state struct {
		Got         *v1alpha1.KarmadaImageTrust
		Compared    int
		Differences []string
	}
	var last state
	// A failure is counted as well.
	defer func() {
		n.compared += last.Compared
		n.agreed += last.Compared - len(last.Differences)
	}()
	waitfor.State(t, func(ctx context.Context) (state, error) {
		got, err := fleetTrust(trust)(ctx)
		if err != nil {
			return state{}, err
		}
		reports := maps.Clone(lastWords)
		if reports == nil {
			reports = map[string]report{}
		}
		for _, name := range live {
			if reports[name], err = readReport(ctx, name, got); err != nil {
				return state{}, err
			}
		}
		compared, differences := compare(got, reports)
		last = state{Got: got, Compared: compared, Differences: differences}
		return last, nil
	}, func(s state) string { return strings.Join(s.Differences, "\n") })
	return last.Got
}

// readReport reads what a member says of a trust. It is an error while that is not about the current generation.
func readReport(ctx context.Context, member string, template *v1alpha1.KarmadaImageTrust) (report, error) {
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := fleet.members[member].Client.Get(ctx, client.ObjectKey{Name: template.Name}, trust); err != nil {
		return report{}, fmt.Errorf("%s: %w", member, err)
	}
	generation, err := templateGeneration(trust)
	switch {
	case err != nil:
		return report{}, fmt.Errorf("%s: %w", member, err)
	case generation != template.Generation:
		return report{}, fmt.Errorf("%s has generation %d of the trust, not %d", member, generation, template.Generation)
	case trust.Status.ObservedGeneration != trust.Generation:
		return report{}, fmt.Errorf("%s has not observed the trust", member)
	}
	return report{trust: trust, generation: generation}, nil
}

// templateGeneration is the generation of the template that Karmada made a member's trust from.
func templateGeneration(trust *v1alpha1.KarmadaImageTrust) (int64, error) {
	return strconv.ParseInt(trust.Annotations["resourcetemplate.karmada.io/generation"], 10, 64)
}

// fleetTrust returns a function that reads a trust on the control plane.
func fleetTrust(name string) func(context.Context) (*v1alpha1.KarmadaImageTrust, error) {
	return func(ctx context.Context) (*v1alpha1.KarmadaImageTrust, error) {
		out := &v1alpha1.KarmadaImageTrust{}
		return out, fleet.Client.Get(ctx, client.ObjectKey{Name: name}, out)
	}
}
