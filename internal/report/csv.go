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
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// The tables that CSV has room for: one at a time.
const (
	ImageTable    = "images"
	WorkloadTable = "workloads"
)

// Tables lists the tables of a report as CSV.
func Tables() []string { return []string{ImageTable, WorkloadTable} }

// WriteCSV writes a table of a report, with a header. Cells that a spreadsheet would take for a formula begin with an apostrophe.
func (r *Report) WriteCSV(to io.Writer, table string) error {
	w := csv.NewWriter(to)
	write := func(cells ...string) {
		for i := range cells {
			cells[i] = notFormula(cells[i])
		}
		_ = w.Write(cells) // Error returns it
	}
	if table == WorkloadTable {
		r.workloadRows(write)
	} else {
		r.imageRows(write)
	}
	w.Flush()
	return w.Error()
}

// notFormula returns a cell that no spreadsheet evaluates: https://owasp.org/www-community/attacks/CSV_Injection. Characters that are
// not printable, tabs among them, were replaced before.
func notFormula(cell string) string {
	if trimmed := strings.TrimLeft(cell, " "); trimmed != "" && strings.ContainsRune("=+-@|%", rune(trimmed[0])) {
		return "'" + cell
	}
	return cell
}

func (r *Report) imageRows(write func(cells ...string)) {
	write("cluster", "trust", "image", "digest", "usage", "verdict", "reason", "message", "signer", "issuer", "identity", "repository",
		"ref", "commit", "workflow", "trigger", "format", "log_index", "log_time", "log_url", "signed_time", "workload_count", "workloads")
	for i := range r.Clusters {
		c := &r.Clusters[i]
		for k := range c.Images {
			image := &c.Images[k]
			var s v1alpha1.Signer
			if image.Signer != nil {
				s = *image.Signer
			}
			var workloads []string
			for _, one := range image.Workloads {
				workloads = append(workloads, one.String())
			}
			write(c.Name, image.Trust, image.Reference, image.Digest, string(image.Usage), string(image.Verdict), image.Reason, image.Message,
				s.Name, s.Issuer, s.Identity, s.SourceRepository, s.SourceRef, s.SourceCommit, s.WorkflowName, s.WorkflowTrigger,
				string(image.SignatureFormat), image.LogIndex(), image.LogTime(), image.LogURL(), formatTime(image.SignedTime),
				strconv.Itoa(image.WorkloadCount), strings.Join(workloads, "; "))
		}
	}
}

func (r *Report) workloadRows(write func(cells ...string)) {
	write("cluster", "namespace", "team", "kind", "name", "verdict", "admission", "once_opted_in", "container", "image", "policy", "reason",
		"message")
	for i := range r.Clusters {
		c := &r.Clusters[i]
		for k := range c.Workloads {
			w := &c.Workloads[k]
			all := w.Findings
			if len(all) == 0 {
				all = []Finding{{}}
			}
			for _, f := range all {
				write(c.Name, w.Namespace, w.Team, w.Kind, w.Name, string(w.Verdict), w.Admission.String(), strconv.FormatBool(w.OnceOptedIn),
					f.Container, f.Image, f.Policy, f.Reason, f.Message)
			}
		}
	}
}
