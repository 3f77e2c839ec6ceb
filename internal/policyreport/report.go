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

// Package policyreport writes results as policy reports, for the dashboards that read them: one report for each trust in each
// namespace. Where the kind of OpenReports is installed that one is written, since it succeeds the one of the
// Kubernetes policy working group, and readers of both would show everything twice.
package policyreport

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

const (
	// TrustLabel names the trust that a report is of, by UID.
	TrustLabel = "trust.karmada.io/trust-uid"

	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = v1alpha1.OperatorName
	source         = v1alpha1.OperatorName
	// maxResults and maxMessage bound a report, well below what etcd stores. The summary counts all.
	maxResults = 500
	maxMessage = 512
)

// Outcome of a Result, in the words of policy reports.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn"
	// Error: it could not be judged.
	Error Outcome = "error"
	Skip  Outcome = "skip"
)

// outcomes, the worst first.
func outcomes() []Outcome { return []Outcome{Fail, Warn, Error, Skip, Pass} }

// Result on one container of a workload.
type Result struct {
	// The workload.
	APIVersion, Kind, Namespace, Name string
	UID                               types.UID

	Container, Image, Digest string

	Outcome         Outcome
	Reason, Message string
	// Policy is the ClusterImagePolicy that refuses, if any.
	Policy string
}

// The kinds of reports, the preferred one first.
func kinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Group: "openreports.io", Version: "v1alpha1", Kind: "Report"},
		{Group: "wgpolicyk8s.io", Version: "v1alpha2", Kind: "PolicyReport"},
	}
}

// build returns the reports of a trust by namespace.
func build(kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, results []Result) map[string]*unstructured.Unstructured {
	byNamespace := map[string][]Result{}
	for _, r := range results {
		byNamespace[r.Namespace] = append(byNamespace[r.Namespace], r)
	}
	reports := make(map[string]*unstructured.Unstructured, len(byNamespace))
	for namespace, results := range byNamespace {
		reports[namespace] = one(kind, trust, namespace, results)
	}
	return reports
}

func one(kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, namespace string, results []Result) *unstructured.Unstructured {
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(slices.Index(outcomes(), a.Outcome), slices.Index(outcomes(), b.Outcome)),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Container, b.Container),
			cmp.Compare(a.Image, b.Image), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Policy, b.Policy),
		)
	})
	counts := map[Outcome]int64{}
	for _, r := range results {
		counts[r.Outcome]++
	}
	summary := map[string]any{}
	for _, outcome := range outcomes() {
		summary[string(outcome)] = counts[outcome]
	}
	listed := make([]any, 0, min(len(results), maxResults))
	for _, r := range results[:min(len(results), maxResults)] {
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
	out.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "KarmadaImageTrust", Name: trust.Name, UID: trust.UID, Controller: new(true),
	}})
	return out
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
	return map[string]any{
		"source": source, "policy": trust, "rule": "image-signature", "category": "Supply Chain Security",
		"severity": severity, "result": string(r.Outcome), "message": cut(fmt.Sprintf("%s: %s: %s", r.Container, r.Reason, r.Message)),
		"scored": true, "properties": properties,
		"resources": []any{map[string]any{
			"apiVersion": r.APIVersion, "kind": r.Kind, "namespace": r.Namespace, "name": r.Name, "uid": string(r.UID),
		}},
	}
}

// nameOf a trust's reports: its own name, shortened where a prefix would make it too long.
func nameOf(trust string) string {
	const prefix, longest = "image-trust-", 253
	if len(prefix)+len(trust) <= longest {
		return prefix + trust
	}
	return fmt.Sprintf("%s%x", prefix, sha256.Sum256([]byte(trust)))
}

func cut(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}
