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

// Package policyreport writes the verdicts on workloads as policy reports, for dashboards that read them: one report for
// each trust in each namespace. It writes the Report kind of OpenReports if that is installed, else the PolicyReport kind
// of the Kubernetes policy working group, which it succeeds. It never writes both: dashboards that read both kinds would
// show each result twice.
package policyreport

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/shares"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// TrustLabel is the label of a report with the UID of its trust.
	TrustLabel = "trust.karmada.io/trust-uid"

	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = v1alpha1.OperatorName
	source         = v1alpha1.OperatorName
	// maxResults is the maximum number of results in a report. The summary counts all of them.
	maxResults = 500
	// maxMessage, maxImage and maxName are the maximum lengths of texts in bytes, and maxSize is about that of all results.
	// They keep a report well below the size limit of etcd.
	maxMessage = 512
	maxImage   = 1024
	maxName    = 253
	maxSize    = 512 << 10
	// resultSize is about the size of a result apart from its texts.
	resultSize = 400
)

// Outcome is the result of a check. Its values are those of policy reports, of which warn and skip are not used.
type Outcome string

const (
	// Pass means that the image is verified.
	Pass Outcome = "pass"
	// Fail means that the image is untrusted, or that admission would deny it.
	Fail Outcome = "fail"
	// Error means that the image could not be verified.
	Error Outcome = "error"
)

// outcomes returns all outcomes, the worst first.
func outcomes() []Outcome { return []Outcome{Fail, Error, Pass} }

// Result is the result for one container of a workload.
type Result struct {
	// APIVersion, Kind, Namespace, Name and UID identify the workload.
	APIVersion, Kind, Namespace, Name string
	UID                               types.UID

	// Container is the name of the container, and Image its image as it is written in the workload. Digest is the digest
	// that was verified; it is empty if there is none.
	Container, Image, Digest string

	Outcome         Outcome
	Reason, Message string
	// Policy is the ClusterImagePolicy that denies the image; empty if none does.
	Policy string
	// Runs reports whether a pod runs the container. Of one outcome, a report has those first.
	Runs bool
}

// kinds returns the kinds of reports, the preferred one first.
func kinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Group: "openreports.io", Version: "v1alpha1", Kind: "Report"},
		{Group: "wgpolicyk8s.io", Version: "v1alpha2", Kind: "PolicyReport"},
	}
}

// newReport returns the report of a trust in a namespace. It sorts the results.
func newReport(
	kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, namespace string, results []Result,
) *unstructured.Unstructured {
	results = ordered(results)
	counts := map[Outcome]int64{}
	for _, r := range results {
		counts[r.Outcome]++
	}
	summary := map[string]any{}
	for _, outcome := range outcomes() {
		summary[string(outcome)] = counts[outcome]
	}
	listed := make([]any, 0, min(len(results), maxResults))
	size := 0
	for _, r := range results[:min(len(results), maxResults)] {
		r.shorten()
		if size += r.size(); size > maxSize {
			break
		}
		listed = append(listed, r.render(trust.Name))
	}
	out := &unstructured.Unstructured{Object: map[string]any{"summary": summary, "results": listed}}
	if kind.Group == "openreports.io" {
		out.Object["source"] = source
	}
	out.SetGroupVersionKind(kind)
	out.SetNamespace(namespace)
	out.SetName(nameOf(trust.Name))
	out.SetLabels(map[string]string{managedByLabel: managedBy, TrustLabel: string(trust.UID)})
	out.SetOwnerReferences([]metav1.OwnerReference{trust.ControllerReference()})
	return out
}

// ordered returns the results of a namespace as its report lists them: by outcome, those that run first, and the workloads in
// turn, so that one workload cannot fill the report.
func ordered(results []Result) []Result {
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Container, b.Container),
			cmp.Compare(a.Image, b.Image), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Policy, b.Policy),
		)
	})
	entries := make([]shares.Entry, len(results))
	for i := range results {
		r := &results[i]
		entries[i].Class = 2 * slices.Index(outcomes(), r.Outcome)
		if !r.Runs {
			entries[i].Class++
		}
		entries[i].Users = []shares.User{shares.UserOf(r.Namespace, r.Kind, r.Name, string(r.UID))}
	}
	out := make([]Result, 0, len(results))
	for _, at := range shares.Order(entries) {
		out = append(out, results[at])
	}
	return out
}

// shorten makes the texts that users wrote printable, and cuts them.
func (r *Result) shorten() {
	r.Container = text.Truncate(text.Printable(r.Container), maxName)
	r.Image = text.Truncate(text.Printable(r.Image), maxImage)
	r.Message = text.Truncate(text.Printable(r.Message), maxMessage)
}

// size returns about the number of bytes that a result has in its report.
func (r *Result) size() int {
	return resultSize + len(r.Container) + len(r.Image) + len(r.Digest) + 2*len(r.Reason) + len(r.Message) + len(r.Policy) + len(r.Name)
}

func (r *Result) render(trust string) map[string]any {
	severity := "info"
	if r.Outcome == Fail {
		severity = "high"
	}
	properties := map[string]any{"container": r.Container, "image": r.Image}
	for key, value := range map[string]string{"digest": r.Digest, "reason": r.Reason, "clusterImagePolicy": r.Policy} {
		if value != "" {
			properties[key] = value
		}
	}
	message := text.Truncate(fmt.Sprintf("%s: %s: %s", r.Container, r.Reason, r.Message), maxMessage)
	return map[string]any{
		"source": source, "policy": trust, "rule": "image-signature", "category": "Supply Chain Security",
		"severity": severity, "result": string(r.Outcome), "message": message,
		"scored": true, "properties": properties,
		"resources": []any{map[string]any{
			"apiVersion": r.APIVersion, "kind": r.Kind, "namespace": r.Namespace, "name": r.Name, "uid": string(r.UID),
		}},
	}
}

// nameOf returns the name of a trust's reports: a prefix and the name of the trust, or its hash if that is too long.
func nameOf(trust string) string {
	const prefix, maxLength = "image-trust-", 253
	if len(prefix)+len(trust) <= maxLength {
		return prefix + trust
	}
	return fmt.Sprintf("%s%x", prefix, sha256.Sum256([]byte(trust)))
}
