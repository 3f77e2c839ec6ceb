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
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxRows bounds each table of Markdown, which is read in pull requests and wikis: they cut long documents.
	maxRows = 200
	// maxCell is the length of the longest message in a table of Markdown, in bytes.
	maxCell = 256
	// maxNamedWorkloads is how many workloads of an image a table of Markdown names.
	maxNamedWorkloads = 5
)

// WriteMarkdown writes a report as GitHub Flavored Markdown. Tables are cut; JSON and CSV have all rows.
func (r *Report) WriteMarkdown(to io.Writer) {
	m := &markdown{}
	m.header(r)
	for i := range r.Clusters {
		m.cluster(&r.Clusters[i], r.Origin.Fleet)
	}
	_, _ = io.WriteString(to, m.b.String()) // the caller writes to memory
}

// markdown builds a document. What others wrote is in code spans, in which nothing is a link, a mention or markup.
type markdown struct{ b strings.Builder }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(&m.b, format+"\n", args...) }

// table writes a table of at most maxRows rows.
func (m *markdown) table(header []string, rows [][]string) {
	m.line("| %s |", strings.Join(header, " | "))
	m.line("|%s", strings.Repeat("---|", len(header)))
	for _, row := range rows[:min(len(rows), maxRows)] {
		m.line("| %s |", strings.Join(row, " | "))
	}
	m.line("")
	if more := len(rows) - maxRows; more > 0 {
		m.line("%d more rows: see the report as JSON or CSV.\n", more)
	}
}

func (m *markdown) header(r *Report) {
	o := &r.Origin
	m.line("# Image trust report\n")
	m.line("Made %s by %s with kubectl imagetrust %s, for the context %s (%s). %s\n",
		formatTime(&o.Time), orNone(text.Code(o.User), "an unknown user"), text.Code(o.Version), orNone(text.Code(o.Context), "none"),
		text.Code(o.Server), o.Basis())
	for _, note := range r.Notes {
		m.line("- %s", text.Code(note))
	}
	header := []string{"", "Total", "Verified", "Untrusted", "Unknown", "Not covered"}
	rows := [][]string{countsRow("Images", &r.Coverage.Images)}
	if r.Coverage.Workloads != nil {
		rows = append(rows, countsRow("Workloads", r.Coverage.Workloads))
	}
	m.table(header, rows)
}

func countsRow(name string, n *Counts) []string {
	return []string{
		name, strconv.Itoa(n.Total), strconv.Itoa(n.Verified), strconv.Itoa(n.Untrusted), strconv.Itoa(n.Unknown), orUnknown(n.Uncovered),
	}
}

// orUnknown formats a number that may not be known.
func orUnknown(n *int) string {
	if n == nil {
		return "not known"
	}
	return strconv.Itoa(*n)
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

func (m *markdown) cluster(c *Cluster, fleet bool) {
	if fleet {
		m.line("## Cluster %s\n", text.Code(c.Name))
	}
	if c.Problem != "" {
		m.line("Nothing is known of the cluster: %s\n", text.Code(c.Problem))
	}
	for _, note := range c.Notes {
		m.line("- %s", text.Code(note))
	}
	m.trusts(c)
	m.denied(c)
	m.unknown(c)
	m.images(c)
}

func (m *markdown) trusts(c *Cluster) {
	if len(c.Trusts) == 0 {
		return
	}
	m.line("### Trusts\n")
	var rows [][]string
	for i := range c.Trusts {
		t := &c.Trusts[i]
		n := t.Counts()
		if n == nil {
			n = &TrustCounts{}
		}
		rows = append(rows, []string{
			text.Code(t.Name), text.Code(string(t.Enforcement)), text.Code(t.EnforcedText()), ratio(*t), orUnknown(n.WouldDeny),
			orUnknown(n.Undetermined), text.Code(text.Truncate(t.Remark(), maxCell)),
		})
	}
	m.table([]string{"Trust", "Enforcement", "Enforced", "Images verified", "Would be denied", "Undetermined", "Remark"}, rows)
}

func (m *markdown) denied(c *Cluster) {
	if len(c.Groups) > 0 {
		m.line("### What would be denied\n")
		var rows [][]string
		for _, g := range c.Groups {
			rows = append(rows, []string{
				orNone(text.Code(g.Team), "none"), text.Code(g.Namespace),
				strconv.Itoa(g.Denied), strconv.Itoa(g.OnceOptedIn), strconv.Itoa(g.Undetermined),
			})
		}
		m.table([]string{"Team", "Namespace", "Denied", "Denied once opted in", "Undetermined"}, rows)
	}
	var rows [][]string
	for i := range c.Workloads {
		w := &c.Workloads[i]
		if w.Admission != admission.Denied {
			continue
		}
		for _, f := range w.Findings {
			rows = append(rows, []string{
				text.Code(w.String()), orNone(text.Code(w.Team), "none"), text.Code(f.Image),
				text.Code(f.Reason), text.Code(text.Truncate(f.Message, maxCell)),
			})
		}
	}
	if len(rows) > 0 {
		m.table([]string{"Workload", "Team", "Image", "Reason", "Message"}, rows)
	}
}

func (m *markdown) unknown(c *Cluster) {
	if len(c.Unknown) == 0 {
		return
	}
	m.line("### What is not known\n")
	var rows [][]string
	for _, one := range c.Unknown {
		rows = append(rows, []string{
			text.Code(one.Reason), strconv.Itoa(one.Images), strconv.Itoa(one.Workloads), text.Code(text.Truncate(one.Message, maxCell)),
		})
	}
	m.table([]string{"Reason", "Images", "Workloads", "For example"}, rows)
}

func (m *markdown) images(c *Cluster) {
	if len(c.Images) == 0 {
		return
	}
	m.line("### Images\n")
	var rows [][]string
	for i := range c.Images[:min(len(c.Images), maxRows+1)] {
		image := &c.Images[i]
		signer := image.Signer
		if signer == nil {
			signer = &v1alpha1.Signer{}
		}
		var users []string
		for _, one := range image.Workloads {
			users = append(users, one.String())
		}
		rows = append(rows, []string{
			text.Code(image.Reference), text.Code(image.Digest), text.Code(string(image.Verdict)), text.Code(image.Reason),
			text.Code(image.Trust), text.Code(signer.Identity), text.Code(signer.SourceCommit), text.Code(image.LogIndex()),
			text.Code(text.List(users, maxNamedWorkloads)),
		})
	}
	for range len(c.Images) - len(rows) {
		rows = append(rows, nil) // counted only
	}
	m.table([]string{"Image", "Digest", "Verdict", "Reason", "Trust", "Signer", "Commit", "Log entry", "Workloads"}, rows)
	if listed := c.NotListed(); listed > 0 {
		m.line("%s that the operator counted and did not list.\n", text.Count(listed, "further image"))
	}
}
