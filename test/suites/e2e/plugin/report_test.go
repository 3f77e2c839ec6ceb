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

package plugin

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// teamLabel is the label that the report takes teams from by default.
const teamLabel = "app.kubernetes.io/part-of"

// TestPluginReport compares a report with the status that the operator writes, in every format.
func TestPluginReport(t *testing.T) {
	plugin, p := lab.NewPlugin(t), prediction.New(t, lab)
	const signed, unsigned = "docker.io/plugin-report/signed:v1", "docker.io/plugin-report/unsigned:v1"
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	in := p.CreateNamespace("report", false)
	for name, image := range map[string]string{"signed": signed, "unsigned": unsigned} {
		workload := named(t, prediction.Workload{Kind: "Deployment", Namespace: in, Images: []string{image}}.Object(), name)
		workload.SetLabels(map[string]string{teamLabel: "team-" + name})
		lab.Create(t, workload)
	}
	// The namespace opts in once the workloads exist, as in a cluster that is in use.
	labtest.Update(t, lab.Client, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: in}}, func(n *corev1.Namespace) {
		n.Labels[labtest.OptInLabel] = "true"
	})
	trust := labtest.NewTrust("plugin-report", "plugin-report")
	lab.Create(t, trust)
	status := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, func(got *v1alpha1.KarmadaImageTrust) string {
		if s := got.Status.Summary; s == nil || s.WouldDeny == nil || *s.WouldDeny != 1 || *s.Verified != 1 || *s.Untrusted != 1 {
			return fmt.Sprintf("the summary is %+v", s)
		}
		return ""
	}).Status

	run := func(args ...string) string {
		t.Helper()
		got := plugin.Run(t, "", append(append([]string{"report", trust.Name, "-n", in}, args...), plugin.SigstoreFlags...)...)
		if got.Code != 1 {
			t.Fatalf("exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
		}
		return got.Stdout
	}
	var r report.Report
	if err := json.Unmarshal([]byte(run("-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Kind != report.Kind || !r.Origin.Examined || r.Origin.User == "" || r.Verdict != v1alpha1.VerdictUntrusted || r.Admission != admission.Denied {
		t.Errorf("the report is a %s of %+v: %s, %s", r.Kind, r.Origin, r.Verdict, r.Admission)
	}
	checkExamined(t, &r, &status, in)

	// What the status alone says has the same counts.
	got := plugin.Run(t, "", "report", trust.Name, "--examine=false", "-o", "json")
	var fromStatus report.Report
	if err := json.Unmarshal([]byte(got.Stdout), &fromStatus); err != nil || got.Code != 1 {
		t.Fatalf("exit code %d, %v\n%s", got.Code, err, got.Stderr)
	}
	for name, one := range map[string]report.Counts{"examined": r.Coverage.Images, "of the status": fromStatus.Coverage.Images} {
		if one.Total != int(*status.Summary.Images) || one.Verified != int(*status.Summary.Verified) || one.Untrusted != int(*status.Summary.Untrusted) {
			t.Errorf("the counts %s are %+v, the operator has %+v", name, one, status.Summary)
		}
	}

	rows, err := csv.NewReader(strings.NewReader(run("-o", "csv"))).ReadAll()
	if err != nil || len(rows) != 1+len(r.Clusters[0].Images) {
		t.Errorf("CSV has %d rows: %v", len(rows), err)
	}
	if markdown := run("-o", "markdown"); !strings.Contains(markdown, "| Images | 2 | 1 | 1 | 0 | 0 |") || !strings.Contains(markdown, "`team-unsigned`") {
		t.Errorf("Markdown does not have the counts and the team:\n%s", markdown)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	run("--output-file", file)
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]int{"Verified": 1, "Untrusted": 1, "Unknown": 0, "Uncovered": 0, "Denied": 1} {
		if got := strings.Count(string(page), `data-state="`+state+`"`); got != want {
			t.Errorf("the page has %d rows that are %s, want %d", got, state, want)
		}
	}
	fmt.Printf("figure: report_formats_agree 5/5\n")
}

// checkExamined compares what was examined with the status.
func checkExamined(t *testing.T, r *report.Report, status *v1alpha1.KarmadaImageTrustStatus, namespace string) {
	t.Helper()
	if len(r.Clusters) != 1 || len(r.Clusters[0].Trusts) != 1 {
		t.Fatalf("the report has %d clusters", len(r.Clusters))
	}
	c := &r.Clusters[0]
	one := &c.Trusts[0]
	if one.Examined == nil || one.Reported == nil || one.Differs() || *one.Examined.WouldDeny != int(*status.Summary.WouldDeny) {
		t.Errorf("examined %+v, the operator reported %+v", one.Examined, one.Reported)
	}
	if len(c.Images) != len(status.Images) {
		t.Errorf("%d images, the status has %d", len(c.Images), len(status.Images))
	}
	for i := range status.Images {
		want := &status.Images[i]
		found := false
		for k := range c.Images {
			image := &c.Images[k]
			if image.Reference != want.Reference {
				continue
			}
			found = true
			if image.Digest != want.Digest || image.Verdict != want.Verdict || image.Reason != want.Reason || len(image.Workloads) != 1 {
				t.Errorf("%s is %+v, the status has %+v", want.Reference, image, want)
			}
			if want.Signer != nil && (image.Signer == nil || *image.Signer != *want.Signer ||
				*image.TransparencyLog.LogIndex != *want.TransparencyLog.LogIndex || image.Signer.SourceCommit == "") {
				t.Errorf("%s is signed by %+v, the status has %+v", want.Reference, image.Signer, want.Signer)
			}
		}
		if !found {
			t.Errorf("the report does not have %s", want.Reference)
		}
	}
	denied := c.Workloads[0]
	if denied.Namespace != namespace || denied.Name != "unsigned" || denied.Admission != admission.Denied || denied.Team != "team-unsigned" ||
		len(denied.Findings) != 1 || denied.Findings[0].Reason != v1alpha1.UnsignedReason {
		t.Errorf("the first workload is %+v", denied)
	}
	if len(c.Groups) != 1 || c.Groups[0].Denied != 1 || c.Groups[0].Namespace != namespace {
		t.Errorf("the groups are %+v", c.Groups)
	}
}
