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

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/text"
)

// imagesPerCluster is the number of images that are listed for a cluster, unless all are asked for.
const imagesPerCluster = 3

// fleetPrinter writes what is known of trusts in a fleet as text.
type fleetPrinter struct {
	*text.Printer

	style style
	// all is true to list all images, and what is not enforced.
	all bool
	now time.Time
}

func (p fleetPrinter) reports(reports []fleet.Report) {
	for i := range reports {
		if i > 0 {
			p.Printf("\n")
		}
		p.report(&reports[i])
	}
	if len(reports) == 0 {
		p.Printf("No KarmadaImageTrusts found.\n")
	}
}

func (p fleetPrinter) report(r *fleet.Report) {
	p.Printf("%s %s  %s · %s", mark(p.style, r.Verdict), r.Trust, r.Enforcement, text.Count(r.Summary.Clusters, "cluster"))
	if ratio := r.Summary.Ratio(); ratio != "" {
		p.Printf(" · %s verified", ratio)
	}
	if deny := r.Summary.WouldDeny; deny != nil && *deny > 0 {
		p.Printf(" · %s", p.style.failure(fmt.Sprintf("%d would be denied", *deny)))
	}
	if undetermined := r.Summary.Undetermined; undetermined != nil && *undetermined > 0 {
		p.Printf(" · %s", p.style.warning(fmt.Sprintf("%d undetermined", *undetermined)))
	}
	if r.Summary.Silent > 0 {
		p.Printf(" · %s", p.style.warning(fmt.Sprintf("%d without an answer", r.Summary.Silent)))
	}
	p.Printf("\n")
	if r.Message != "" {
		p.Printf("    %s %s\n", p.style.warning("?"), r.Message)
	}
	layout := p.layout(r.Clusters)
	var others []*fleet.Row
	for i := range r.Clusters {
		if row := &r.Clusters[i]; row.Propagated() {
			p.row(row, layout)
		} else {
			others = append(others, row)
		}
	}
	p.others(others)
	if r.ClustersNotListed > 0 {
		p.Printf("    %s %s not in the status of the trust\n", p.style.warning("?"), text.Count(int(r.ClustersNotListed), "further cluster"))
	}
}

// fleetLayout has the widths of columns.
type fleetLayout struct{ cluster, ratio, words int }

func (p fleetPrinter) layout(rows []fleet.Row) fleetLayout {
	var l fleetLayout
	for i := range rows {
		row := &rows[i]
		if !row.Propagated() {
			continue
		}
		l.cluster = max(l.cluster, utf8.RuneCountInString(row.Cluster))
		if ratio, words := p.words(row); ratio != "" {
			l.ratio = max(l.ratio, len(ratio))
			if len(row.NotVerified) > 0 {
				l.words = max(l.words, utf8.RuneCountInString(words))
			}
		}
	}
	return l
}

// row writes a line about a cluster, and further ones for images that are not verified.
func (p fleetPrinter) row(row *fleet.Row, l fleetLayout) {
	ratio, words := p.words(row)
	line := padded(row.Cluster, l.cluster) + "  "
	below := padded("", utf8.RuneCountInString(line))
	if ratio != "" {
		line += padded(ratio, l.ratio) + "  "
	}
	line += words
	listed := row.NotVerified
	if !p.all {
		listed = listed[:min(len(listed), imagesPerCluster)]
	}
	if len(listed) > 0 {
		line = padded(line, l.cluster+l.ratio+l.words+4) + "  "
		p.Printf("    %s %s", mark(p.style, row.Verdict), line)
		below = padded("", utf8.RuneCountInString(line))
	} else {
		p.Printf("    %s %s\n", mark(p.style, row.Verdict), line)
	}
	for i := range listed {
		if i > 0 {
			p.Printf("      %s", below)
		}
		image := &listed[i]
		p.Printf("%s %s  %s: %s\n", mark(p.style, image.Verdict), image.Reference, image.Reason, image.Message)
	}
	if hidden := len(row.NotVerified) - len(listed); hidden > 0 {
		p.Printf("      %s%s: see -o wide\n", below, text.Count(hidden, "further image"))
	}
	if unlisted := row.NotListed(); unlisted > 0 {
		p.Printf("      %s%s that the cluster did not list\n", below, text.Count(unlisted, "further image"))
	}
	if p.all && row.NotEnforced != "" {
		p.Printf("      %snot enforced: %s\n", padded("", l.cluster+2), row.NotEnforced)
	}
}

// clustersPerLine is the number of clusters without the trust that are named, unless all are asked for.
const clustersPerLine = 5

// others writes a line for the clusters without the trust that have the same reason.
func (p fleetPrinter) others(rows []*fleet.Row) {
	for len(rows) > 0 {
		state, message := rows[0].State, rows[0].Message
		var names []string
		var rest []*fleet.Row
		for _, row := range rows {
			if row.State == state && row.Message == message {
				names = append(names, row.Cluster)
			} else {
				rest = append(rest, row)
			}
		}
		rows = rest
		hidden := ""
		if more := len(names) - clustersPerLine; more > 0 && !p.all {
			names, hidden = names[:clustersPerLine], fmt.Sprintf(" and %d more", more)
		}
		sign := p.style.colour(0, "–")
		if state == fleet.NotKnown {
			sign = p.style.warning("?")
		}
		p.Printf("    %s %s%s: %s\n", sign, strings.Join(names, ", "), hidden, message)
	}
}

// padded appends blanks until a text has a width.
func padded(value string, width int) string {
	return value + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(value)))
}

// words describes what is known about a trust in a cluster. The ratio is that of the images that are verified; it is empty if
// the words have it, or if there is none.
func (p fleetPrinter) words(row *fleet.Row) (ratio, words string) {
	ratio = row.Ratio()
	parts := []string{modeOf(row)}
	if ratio == "" {
		parts = nil
	}
	if deny := row.WouldDeny; deny != nil && *deny > 0 {
		parts = append(parts, fmt.Sprintf("%d would be denied", *deny))
	}
	if undetermined := row.Undetermined; undetermined != nil && *undetermined > 0 {
		parts = append(parts, fmt.Sprintf("%d undetermined", *undetermined))
	}
	if !row.Answers {
		return "", p.silence(row, ratio, parts)
	}
	if row.Suspended {
		parts = append(parts, "suspended")
	}
	if row.Message != "" {
		parts = append(parts, row.Message)
	}
	return ratio, strings.Join(parts, ", ")
}

// silence describes a cluster that does not answer: since when, and its last word.
func (p fleetPrinter) silence(row *fleet.Row, ratio string, last []string) string {
	words := "no word"
	if row.SilentSince != nil {
		words += " for " + duration.HumanDuration(p.now.Sub(row.SilentSince.Time))
	}
	if row.Suspended {
		words += ", suspended"
	}
	if row.Message != "" {
		last = append(last, row.Message)
	}
	if ratio != "" {
		last = append([]string{ratio}, last...)
	}
	words += "; last: " + strings.Join(last, ", ")
	if p.all && row.Silence != "" {
		words += " (" + row.Silence + ")"
	}
	return words
}

// modeOf says what admission does in a cluster.
func modeOf(row *fleet.Row) string {
	switch {
	case row.Mode == "enforce" && row.Enforced == metav1.ConditionTrue:
		return "enforced"
	case row.Mode == "enforce":
		return "not enforced"
	case row.Mode == "" && strings.HasPrefix(row.NotEnforced, v1alpha1.AuditModeReason):
		return "audit"
	case row.Mode == "":
		return "no policy"
	default:
		return row.Mode
	}
}
