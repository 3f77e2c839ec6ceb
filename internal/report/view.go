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
	"fmt"
	"html/template"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// view is a report as the page shows it: with the lists of all clusters in one.
type view struct {
	*Report

	Policy template.HTML
	Style  template.CSS
	Script template.JS
	// Subject is what the report is about.
	Subject string

	// AllNotes are those of the report and, with their names, those of the clusters.
	AllNotes  []string
	Charts    []chart
	Trusts    []trustRow
	Groups    []groupRow
	Workloads []workloadRow
	Unknown   []reasonRow
	Images    []imageRow

	// Denied, OnceOptedIn and Undetermined count workloads, and EnforcedTrusts trusts.
	Denied, OnceOptedIn, Undetermined, EnforcedTrusts int
	// NotListed and ViolationsNotListed count what the operator did not list.
	NotListed, ViolationsNotListed int
	// Known reports whether workloads were read.
	Known        bool
	HasUncovered bool
}

type trustRow struct {
	Trust
	Cluster string
}

type groupRow struct {
	Group
	Cluster string
}

type workloadRow struct {
	Workload
	Cluster string
}

type reasonRow struct {
	Reason
	Cluster string
}

// imageRow is an image with what its cells show.
type imageRow struct {
	*Image
	Cluster string
	// Why explains a verdict other than Verified.
	Why string
	// Signed is when the image was signed: by the log, or by a timestamp.
	Signed *metav1.Time
	// Users is nil where no workload is known.
	Users *users
}

// maxUsers is how many workloads of an image the page names.
const maxUsers = 100

// users are the workloads of an image.
type users struct {
	Usage v1alpha1.Usage
	Names []Workname
	More  int
}

// UsageOf says how workloads use an image.
func (v *view) UsageOf(u *users) string {
	switch u.Usage {
	case v1alpha1.UsageRunning:
		return "running in"
	case v1alpha1.UsageRollback:
		return "rollback of"
	default:
		return "requested by"
	}
}

func newView(r *Report) *view {
	v := &view{
		Report: r, Policy: contentPolicy(), Subject: cmp.Or(r.Origin.Context, r.Origin.Server, "cluster"),
		Style:  template.CSS(pageStyle), //nolint:gosec // constant
		Script: template.JS(pageScript), //nolint:gosec // constant
	}
	v.Charts = append(v.Charts, newChart("Images", &r.Coverage.Images))
	if r.Coverage.Workloads != nil {
		v.Charts = append(v.Charts, newChart("Workloads", r.Coverage.Workloads))
	}
	v.AllNotes = slices.Clone(r.Notes)
	v.Known, v.HasUncovered = r.Coverage.Workloads != nil, r.Coverage.Images.Uncovered != nil
	for i := range r.Clusters {
		v.add(&r.Clusters[i])
	}
	slices.SortStableFunc(v.Images, func(a, b imageRow) int { return cmp.Compare(rank(a.Verdict), rank(b.Verdict)) })
	slices.SortStableFunc(v.Workloads, func(a, b workloadRow) int {
		return cmp.Compare(outcomeRank(a.Admission), outcomeRank(b.Admission))
	})
	return v
}

// add adds the lists of a cluster.
func (v *view) add(c *Cluster) {
	for i := range c.Trusts {
		t := &c.Trusts[i]
		v.Trusts = append(v.Trusts, trustRow{*t, c.Name})
		v.ViolationsNotListed += t.ViolationsNotListed
		if t.Enforced.Status == metav1.ConditionTrue {
			v.EnforcedTrusts++
		}
	}
	v.NotListed += c.NotListed()
	for _, note := range c.Notes {
		if v.Origin.Fleet {
			note = c.Name + ": " + note
		}
		v.AllNotes = append(v.AllNotes, note)
	}
	if c.Coverage.Workloads == nil {
		v.addCounts(c)
	}
	for _, one := range c.Groups {
		v.Groups = append(v.Groups, groupRow{one, c.Name})
		if c.Coverage.Workloads == nil {
			continue
		}
		v.Denied, v.OnceOptedIn, v.Undetermined = v.Denied+one.Denied, v.OnceOptedIn+one.OnceOptedIn, v.Undetermined+one.Undetermined
	}
	for i := range c.Workloads {
		if w := &c.Workloads[i]; w.Admission != admission.Allowed {
			v.Workloads = append(v.Workloads, workloadRow{*w, c.Name})
		}
	}
	for _, one := range c.Unknown {
		v.Unknown = append(v.Unknown, reasonRow{one, c.Name})
	}
	for i := range c.Images {
		v.Images = append(v.Images, newImageRow(&c.Images[i], c.Name))
	}
}

// addCounts adds what the operator counted for each trust of a cluster whose workloads were not read.
func (v *view) addCounts(c *Cluster) {
	for i := range c.Trusts {
		n := c.Trusts[i].Counts()
		if n == nil {
			continue
		}
		for _, pair := range []struct {
			sum *int
			add *int
		}{{&v.Denied, n.WouldDeny}, {&v.OnceOptedIn, n.WouldDenyOnceOptedIn}, {&v.Undetermined, n.Undetermined}} {
			if pair.add != nil {
				*pair.sum += *pair.add
			}
		}
	}
}

func newImageRow(image *Image, cluster string) imageRow {
	row := imageRow{Image: image, Cluster: cluster, Signed: image.SignedTime}
	if image.Verdict != v1alpha1.VerdictVerified {
		row.Why = image.Message
	}
	if image.TransparencyLog != nil && image.TransparencyLog.IntegratedTime != nil {
		row.Signed = image.TransparencyLog.IntegratedTime
	}
	if len(image.Workloads) > 0 {
		named := image.Workloads[:min(len(image.Workloads), maxUsers)]
		row.Users = &users{Usage: image.Usage, Names: named, More: len(image.Workloads) - len(named)}
	}
	return row
}

// chart is a bar of segments.
type chart struct {
	ID, Title, Percent, Label string
	Total                     int
	Segments                  []segment
}

// segment is a part of a bar.
type segment struct {
	Class, Name, Symbol string
	Count               int
	// Known is false for what was not looked at.
	Known bool
	// X and Width are in thousandths of the bar. Pattern reports whether it is drawn with one.
	X, Width int
	Pattern  bool
}

// barWidth is the width of a bar, and minSegment that of the smallest segment, which would be invisible otherwise.
const (
	barWidth   = 1000
	minSegment = 8
)

func newChart(title string, n *Counts) chart {
	c := chart{ID: strings.ToLower(title), Title: title, Total: n.Total, Percent: "–"}
	if n.Total > 0 {
		c.Percent = fmt.Sprintf("%d%%", n.Verified*100/n.Total) // never 100% unless all are
	}
	uncovered, known := 0, n.Uncovered != nil
	if known {
		uncovered = *n.Uncovered
	}
	labels := []string{}
	for _, one := range []struct {
		verdict v1alpha1.Verdict
		count   int
		known   bool
	}{
		{v1alpha1.VerdictVerified, n.Verified, true}, {v1alpha1.VerdictUntrusted, n.Untrusted, true},
		{v1alpha1.VerdictUnknown, n.Unknown, true}, {VerdictUncovered, uncovered, known},
	} {
		k := kindOf(one.verdict)
		s := segment{
			Class: k.class, Name: k.name, Symbol: k.symbol, Count: one.count, Known: one.known,
			Pattern: one.verdict != v1alpha1.VerdictVerified,
		}
		if one.count > 0 {
			s.Width = max(one.count*barWidth/n.Total, minSegment)
		}
		c.Segments = append(c.Segments, s)
		labels = append(labels, fmt.Sprintf("%d %s", one.count, strings.ToLower(k.name)))
	}
	layOut(c.Segments)
	c.Label = fmt.Sprintf("%s: %d. %s", title, n.Total, strings.Join(labels, ", "))
	return c
}

// layOut places segments one after the other; the widest makes room for the others.
func layOut(segments []segment) {
	total, widest := 0, 0
	for i := range segments {
		total += segments[i].Width
		if segments[i].Width > segments[widest].Width {
			widest = i
		}
	}
	if total > 0 {
		segments[widest].Width += barWidth - total
	}
	x := 0
	for i := range segments {
		segments[i].X = x
		x += segments[i].Width
	}
}
