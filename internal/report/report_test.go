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

package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/gen/evidence"
)

func origin() report.Origin {
	return report.Origin{
		Time: metav1.NewTime(time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)), Version: "v1.0.0", Context: "production",
		Server: "https://production.example", User: "jane", Examined: true, TeamLabel: evidence.TeamLabel,
	}
}

// made returns the report on a cluster with a number of images.
func made(tb testing.TB, images int) *report.Report {
	tb.Helper()
	source, err := evidence.Source("production", images)
	if err != nil {
		tb.Fatal(err)
	}
	return report.New(origin(), []report.Source{source})
}

// TestCountsAgree counts the rows of a report and compares them with its sums, and with what the operator would count.
func TestCountsAgree(t *testing.T) {
	r := made(t, 400)
	c := &r.Clusters[0]
	byVerdict, uncovered := map[v1alpha1.Verdict]int{}, 0
	for i := range c.Images {
		image := &c.Images[i]
		byVerdict[image.Verdict]++
		if image.Verdict == report.VerdictUncovered {
			uncovered++
		}
		if image.WorkloadCount == 0 || len(image.Workloads) == 0 {
			t.Errorf("%s is used by no workload", image.Reference)
		}
		if image.Verdict == v1alpha1.VerdictVerified && (image.Signer == nil || image.LogIndex() == "" || image.LogTime() == "") {
			t.Errorf("%s is verified without evidence: %+v", image.Reference, image)
		}
	}
	n := r.Coverage.Images
	if n.Total != len(c.Images) || n.Verified != byVerdict[v1alpha1.VerdictVerified] || n.Untrusted != byVerdict[v1alpha1.VerdictUntrusted] ||
		n.Unknown != byVerdict[v1alpha1.VerdictUnknown] || n.Uncovered == nil || *n.Uncovered != uncovered {
		t.Errorf("coverage is %+v, the rows are %v", n, byVerdict)
	}
	if n.Verified == 0 || n.Untrusted == 0 || n.Unknown == 0 || uncovered == 0 {
		t.Errorf("the example lacks a verdict: %+v", n)
	}
	sum := map[string]int{}
	for _, trust := range c.Trusts {
		e := trust.Examined
		sum["verified"] += *e.Verified
		sum["untrusted"] += *e.Untrusted
		sum["unknown"] += *e.Unknown
		sum["denied"] += *e.WouldDeny + *e.WouldDenyOnceOptedIn
	}
	if sum["verified"] != n.Verified || sum["untrusted"] != n.Untrusted || sum["unknown"] != n.Unknown {
		t.Errorf("the trusts have %v, the coverage is %+v", sum, n)
	}
	denied, unread, workloads := 0, 0, r.Coverage.Workloads
	for _, w := range c.Workloads {
		if w.Admission == admission.Denied {
			denied++
			if w.Verdict == report.VerdictUncovered {
				unread++ // admission denies a name that it cannot read, whoever covers it
			}
		}
	}
	distinct := map[string]bool{}
	for _, w := range c.Workloads {
		for _, f := range w.Findings {
			if f.Policy != "" && w.Admission == admission.Denied {
				distinct[f.Policy] = true
			}
		}
	}
	if len(distinct) != len(c.Trusts) {
		t.Errorf("policies %v deny workloads, of %d trusts", distinct, len(c.Trusts))
	}
	grouped := 0
	for _, g := range c.Groups {
		grouped += g.Denied + g.OnceOptedIn
	}
	if denied == 0 || grouped != denied || sum["denied"] != denied-unread {
		t.Errorf("%d workloads are denied, %d in groups, %d by trusts, %d of no trust", denied, grouped, sum["denied"], unread)
	}
	if workloads.Total != len(c.Workloads) || workloads.Verified+workloads.Untrusted+workloads.Unknown+*workloads.Uncovered != workloads.Total {
		t.Errorf("workloads: %+v of %d", workloads, len(c.Workloads))
	}
	if r.Verdict != v1alpha1.VerdictUntrusted || r.Admission != admission.Denied {
		t.Errorf("the verdict is %s, and admission %s", r.Verdict, r.Admission)
	}
}

// TestTeams takes the team from the workload, or else from its namespace.
func TestTeams(t *testing.T) {
	teams := map[string]string{}
	for _, w := range made(t, 64).Clusters[0].Workloads {
		teams[w.Namespace+"/"+w.Name] = w.Team
	}
	for name, want := range map[string]string{"checkout/api-0": "storefront", "sandbox/api-7": "", "sandbox/hostile-3": "+1+1"} {
		if got, ok := teams[name]; !ok || got != want {
			t.Errorf("%s: team %q, want %q", name, got, want)
		}
	}
}

// TestHostileText writes every format, and looks for what acts upon its reader.
func TestHostileText(t *testing.T) {
	r := made(t, 16)
	pages := map[string]string{}
	var b bytes.Buffer
	must(t, r.WriteHTML(&b))
	pages["html"] = b.String()
	b.Reset()
	r.WriteMarkdown(&b)
	pages["markdown"] = b.String()
	for _, table := range report.Tables() {
		b.Reset()
		must(t, r.WriteCSV(&b, table))
		pages["csv "+table] = b.String()
	}
	for name, page := range pages {
		if !utf8.ValidString(page) {
			t.Errorf("%s is not UTF-8", name)
		}
		for _, c := range []string{"\u202e", "\u2066", "\u200b", "\x1b", "\t", "\r"} {
			if strings.Contains(page, c) {
				t.Errorf("%s has %q", name, c)
			}
		}
	}
	for _, raw := range []string{"<script>document", "<img", "onerror=alert(1)>"} {
		if strings.Contains(pages["html"], raw) {
			t.Errorf("the page has %s", raw)
		}
	}
	if !strings.Contains(html.UnescapeString(pages["html"]), `<img src=x onerror=alert(1)>`) {
		t.Error("the page does not show what is hostile")
	}
	outside := regexp.MustCompile("(?s)(`+)[^`].*?[^`]?(`+)").ReplaceAllString(pages["markdown"], "")
	for _, raw := range []string{"<script", "](", "@karmada", "<img"} {
		if strings.Contains(outside, raw) {
			t.Errorf("Markdown has %s outside of code", raw)
		}
	}
	for _, name := range []string{"csv images", "csv workloads"} {
		rows, err := csv.NewReader(strings.NewReader(pages[name])).ReadAll()
		must(t, err)
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("%s: a spreadsheet evaluates %s", name, cell)
				}
			}
		}
	}
	if !strings.Contains(pages["csv workloads"], "'+1+1") {
		t.Error("CSV does not have the team that looks like a formula")
	}
}

// TestPagePolicy checks that the page allows exactly the style and the script that it has, and loads nothing.
func TestPagePolicy(t *testing.T) {
	var b bytes.Buffer
	must(t, made(t, 8).WriteHTML(&b))
	page := b.String()
	for _, element := range []string{"style", "script"} {
		found := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("the page has %d elements %s", len(found), element)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if !strings.Contains(page, want) {
			t.Errorf("the policy of the page does not have %s", want)
		}
	}
	if !strings.Contains(page, `content="default-src 'none'; `) {
		t.Error("the policy of the page allows what it does not name")
	}
	loads := regexp.MustCompile(`<(link|iframe|img|object|base)|<[^>]* (src|style|on[a-z]+)=|href="[^#]|@import|url\(http`)
	if found := loads.FindString(page); found != "" {
		t.Errorf("the page has %s", found)
	}
}

// TestJSON reads the report as a program does.
func TestJSON(t *testing.T) {
	encoded, err := json.Marshal(made(t, 40))
	must(t, err)
	var got report.Report
	must(t, json.Unmarshal(encoded, &got))
	if got.APIVersion != report.APIVersion || got.Kind != report.Kind || len(got.Clusters) != 1 || got.Clusters[0].Images == nil {
		t.Errorf("%s %s with %d clusters", got.APIVersion, got.Kind, len(got.Clusters))
	}
}

// TestStatusOnly makes a report from the status alone.
func TestStatusOnly(t *testing.T) {
	trust := gen.Trust("karmada")
	trust.Generation, trust.Status.ObservedGeneration = 2, 2
	count := func(n int32) *int32 { return &n }
	trust.Status.Summary = &v1alpha1.Summary{
		Images: count(60), Verified: count(58), Untrusted: count(1), Unknown: count(1), WouldDeny: count(1), Undetermined: count(0),
		ImagesNotListed: 57,
	}
	trust.Status.Images = []v1alpha1.ImageStatus{
		{Reference: "docker.io/karmada/a:v1", Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason, Workloads: count(3)},
		{Reference: "docker.io/karmada/b:v1", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TimeoutReason},
		{Reference: "docker.io/karmada/c:v1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason},
	}
	trust.Status.Violations = []v1alpha1.Violation{{
		Kind: "Deployment", Namespace: "shop", Name: "web", Container: "web", Image: "karmada/a:v1", Effect: v1alpha1.EffectWouldDeny,
		Policy: "karmada", Reason: v1alpha1.UnsignedReason,
	}}
	o := origin()
	o.Examined = false
	r := report.New(o, []report.Source{{Cluster: "production", Trusts: []report.TrustSource{{Object: trust}}}})
	n := r.Coverage.Images
	if n.Total != 60 || n.Verified != 58 || n.Untrusted != 1 || n.Unknown != 1 || n.Uncovered != nil || r.Coverage.Workloads != nil {
		t.Errorf("coverage is %+v", r.Coverage)
	}
	c := r.Clusters[0]
	if len(c.Workloads) != 1 || len(c.Groups) != 1 || c.Groups[0].Denied != 1 || c.NotListed() != 57 || c.Images[0].WorkloadCount != 3 {
		t.Errorf("the cluster is %+v", c)
	}
	if r.Admission != admission.Denied || r.Verdict != v1alpha1.VerdictUntrusted {
		t.Errorf("the verdict is %s, and admission %s", r.Verdict, r.Admission)
	}
	trust.Generation = 3
	if r := report.New(o, []report.Source{{Trusts: []report.TrustSource{{Object: trust}}}}); !r.Clusters[0].Trusts[0].Stale() {
		t.Error("a status of an earlier spec is not stale")
	}
}

// TestNothingKnown makes a report on a cluster that could not be read, and on one without trusts.
func TestNothingKnown(t *testing.T) {
	r := report.New(origin(), []report.Source{{Cluster: "down", Problem: "it does not answer"}})
	if r.Verdict != v1alpha1.VerdictUnknown || r.Admission != admission.Undetermined {
		t.Errorf("the verdict is %s, and admission %s", r.Verdict, r.Admission)
	}
	var page, document bytes.Buffer
	r.Origin.Fleet = true
	must(t, r.WriteHTML(&page))
	r.WriteMarkdown(&document)
	for name, written := range map[string]string{"the page": page.String(), "Markdown": document.String()} {
		if strings.Count(written, "it does not answer") != 1 {
			t.Errorf("%s does not say why nothing is known:\n%s", name, written)
		}
	}
	if r := report.New(origin(), []report.Source{{Cluster: "empty"}}); r.Verdict != v1alpha1.VerdictVerified || r.Admission != admission.Allowed {
		t.Errorf("without trusts: the verdict is %s, and admission %s", r.Verdict, r.Admission)
	}
}

// TestSizes prints how large a page is.
func TestSizes(t *testing.T) {
	for _, images := range []int{500, 5000} {
		var b bytes.Buffer
		must(t, made(t, images).WriteHTML(&b))
		fmt.Printf("figure: report_page_kib_%d_images %d KiB\n", images, b.Len()>>10)
		if perImage := b.Len() / images; perImage > 4<<10 {
			t.Errorf("%d bytes for each of %d images", perImage, images)
		}
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
