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

package policyreport

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
)

var (
	openReport   = schema.GroupVersionKind{Group: "openreports.io", Version: "v1alpha1", Kind: "Report"}
	policyReport = schema.GroupVersionKind{Group: "wgpolicyk8s.io", Version: "v1alpha2", Kind: "PolicyReport"}
)

func newTrust() *v1alpha1.KarmadaImageTrust {
	trust := gen.Trust("karmada")
	trust.UID = "trust-uid"
	return trust
}

func newResult(namespace, name string, outcome Outcome) Result {
	return Result{
		APIVersion: "apps/v1", Kind: "Deployment", Namespace: namespace, Name: name, UID: types.UID("uid-" + name),
		Container: "main", Image: "docker.io/karmada/" + name + ":v1", Outcome: outcome, Reason: "Reason", Message: "message",
	}
}

// rendered returns a result of newResult as it is in a report.
func rendered(namespace, name, result, severity string) map[string]any {
	return map[string]any{
		"source": "karmada-image-trust", "policy": "karmada", "rule": "image-signature", "category": "Supply Chain Security",
		"severity": severity, "result": result, "message": "main: Reason: message", "scored": true,
		"properties": map[string]any{"container": "main", "image": "docker.io/karmada/" + name + ":v1", "reason": "Reason"},
		"resources": []any{map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "namespace": namespace, "name": name, "uid": "uid-" + name,
		}},
	}
}

func TestBuild(t *testing.T) {
	got := build(policyReport, newTrust(), []Result{
		newResult("a", "pass", Pass), newResult("a", "error", Error), newResult("a", "fail", Fail), newResult("b", "pass", Pass),
	})
	if len(got) != 2 {
		t.Fatalf("reports in %d namespaces, want 2", len(got))
	}
	want := map[string]any{
		"apiVersion": "wgpolicyk8s.io/v1alpha2",
		"kind":       "PolicyReport",
		"metadata": map[string]any{
			"name": "image-trust-karmada", "namespace": "a",
			"labels": map[string]any{
				"app.kubernetes.io/managed-by": "karmada-image-trust", "trust.karmada.io/trust-uid": "trust-uid",
			},
			"ownerReferences": []any{map[string]any{
				"apiVersion": "trust.karmada.io/v1alpha1", "kind": "KarmadaImageTrust", "name": "karmada", "uid": "trust-uid",
				"controller": true,
			}},
		},
		"summary": map[string]any{"fail": int64(1), "error": int64(1), "pass": int64(1)},
		"results": []any{
			rendered("a", "fail", "fail", "high"), rendered("a", "error", "error", "info"), rendered("a", "pass", "pass", "info"),
		},
	}
	if diff := cmp.Diff(want, got["a"].Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := build(openReport, newTrust(), []Result{newResult("a", "x", Pass)})["a"].Object["source"]; got != "karmada-image-trust" {
		t.Errorf("the source of an OpenReports report is %v", got)
	}
}

func TestBuildOptionalProperties(t *testing.T) {
	r := newResult("a", "x", Fail)
	r.Digest, r.Policy, r.Reason = "sha256:1", "other", ""
	got := r.render("karmada")["properties"]
	want := map[string]any{
		"container": "main", "image": "docker.io/karmada/x:v1", "digest": "sha256:1", "clusterImagePolicy": "other",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBuildLimits(t *testing.T) {
	results := make([]Result, 0, maxResults+2)
	for i := range maxResults + 1 {
		results = append(results, newResult("a", fmt.Sprintf("pass-%03d", i), Pass))
	}
	long := newResult("a", "fail", Fail)
	long.Message = strings.Repeat("ü", maxMessage)
	got := build(policyReport, newTrust(), append(results, long))["a"].Object
	if diff := cmp.Diff(map[string]any{"fail": int64(1), "error": int64(0), "pass": int64(maxResults + 1)}, got["summary"]); diff != "" {
		t.Errorf("the summary counts all results (-want +got):\n%s", diff)
	}
	listed := got["results"].([]any)
	if len(listed) != maxResults {
		t.Errorf("%d results, want %d", len(listed), maxResults)
	}
	first := listed[0].(map[string]any)
	if first["result"] != "fail" {
		t.Errorf("the first result is %v, want the worst", first["result"])
	}
	if message := first["message"].(string); len(message) > maxMessage || !strings.HasSuffix(message, "ü…") {
		t.Errorf("the message has %d bytes: %s", len(message), message)
	}
}

func TestNameOf(t *testing.T) {
	if got := nameOf("karmada"); got != "image-trust-karmada" {
		t.Errorf("got %s", got)
	}
	longest := strings.Repeat("a", 241)
	if got := nameOf(longest); got != "image-trust-"+longest {
		t.Errorf("got %s for the longest name that fits", got)
	}
	one, other := nameOf(longest+"b"), nameOf(longest+"c")
	if one == other || len(one) > 253 || !strings.HasPrefix(one, "image-trust-") {
		t.Errorf("got %s and %s for names that are too long", one, other)
	}
}

// TestNoWorkloadFillsAReport has one workload with more results than a report lists, and another one that fails.
func TestNoWorkloadFillsAReport(t *testing.T) {
	var results []Result
	for i := range 3 * maxResults {
		r := newResult("one", "aaa", Fail)
		r.Container, r.Image, r.UID = fmt.Sprint("c", i), strings.Repeat("i", 2*maxImage)+fmt.Sprint(i), "aaa"
		results = append(results, r)
	}
	intruder := newResult("one", "zzz", Fail)
	intruder.Image, intruder.UID, intruder.Runs = "intruder\x1b[2J\n✓", "zzz", true
	for i := range 2 {
		intruder.Runs = i == 0
		report := build(policyReport, newTrust(), append(slices.Clone(results), intruder))["one"]
		encoded, err := report.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(encoded), "intruder") {
			t.Errorf("the report does not have the result of the other workload; it has %d bytes", len(encoded))
		}
		if strings.Contains(string(encoded), `\u001b`) || strings.Contains(string(encoded), `\n✓`) {
			t.Error("the report has text that is not printable")
		}
		if len(encoded) > 1<<20 {
			t.Errorf("the report has %d bytes, of which etcd would not take much more", len(encoded))
		}
	}
}
