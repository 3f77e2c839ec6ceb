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

package controllers

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// maxMessage bounds a condition's message, in bytes; the API allows 32 KiB, people read less.
const maxMessage = 1024

// event that a pass justifies.
type event struct {
	kind, reason, action, note string
}

func success(reason, format string, args ...any) metav1.Condition {
	return condition(metav1.ConditionTrue, reason, format, args...)
}

func failure(reason, format string, args ...any) metav1.Condition {
	return condition(metav1.ConditionFalse, reason, format, args...)
}

func unknown(reason, format string, args ...any) metav1.Condition {
	return condition(metav1.ConditionUnknown, reason, format, args...)
}

func condition(status metav1.ConditionStatus, reason, format string, args ...any) metav1.Condition {
	return metav1.Condition{Status: status, Reason: reason, Message: truncate(fmt.Sprintf(format, args...), maxMessage)}
}

// truncate cuts a text to a number of bytes, at a character's end.
func truncate(text string, size int) string {
	if len(text) <= size {
		return text
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:size-len(ellipsis)], "") + ellipsis
}

func noPolicyWanted() policyOutcome {
	return policyOutcome{condition: success(v1alpha1.AuditModeReason,
		"Enforcement is Audit: no ClusterImagePolicy is wanted, and none of this trust exists.")}
}

// foreign refuses to touch a policy that is not the trust's own.
func foreign(trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured) policyOutcome {
	for _, owner := range current.GetOwnerReferences() {
		if owner.Kind == v1alpha1.KarmadaImageTrustKind && owner.Name == trust.Name {
			return policyOutcome{condition: unknown(v1alpha1.PolicyNotReadyReason,
				"ClusterImagePolicy %s belongs to a deleted trust of this name; it is made anew once it is gone.", trust.Name)}
		}
	}
	return policyOutcome{condition: failure(v1alpha1.PolicyConflictReason,
		"A ClusterImagePolicy %[1]s exists that this trust did not make. It is left as it is: delete it or give this trust another name.",
		trust.Name)}
}

// mirror reports policy-controller's own word on the policy.
func mirror(compiled *policy.Policy, current *unstructured.Unstructured) policyOutcome {
	ready := readyCondition(current)
	outcome := policyOutcome{status: &v1alpha1.PolicyStatus{
		Name: current.GetName(), Mode: compiled.Mode(), Ready: ready.Status,
	}}
	switch ready.Status {
	case metav1.ConditionTrue:
		outcome.condition = success(v1alpha1.AppliedReason, "ClusterImagePolicy %s %s and is Ready.",
			current.GetName(), describePolicy(compiled))
	case metav1.ConditionFalse:
		outcome.condition = failure(v1alpha1.PolicyFailedReason, "policy-controller cannot use ClusterImagePolicy %s: %s: %s",
			current.GetName(), ready.Reason, ready.Message)
	default:
		outcome.condition = unknown(v1alpha1.PolicyNotReadyReason,
			"ClusterImagePolicy %s is applied; policy-controller does not report it Ready yet.", current.GetName())
	}
	return outcome
}

// readyCondition of a ClusterImagePolicy, Unknown where it speaks of an older generation.
func readyCondition(current *unstructured.Unstructured) metav1.Condition {
	none := metav1.Condition{Status: metav1.ConditionUnknown}
	observed, _, _ := unstructured.NestedInt64(current.Object, "status", "observedGeneration")
	if observed != current.GetGeneration() {
		return none
	}
	conditions, _, _ := unstructured.NestedSlice(current.Object, "status", "conditions")
	for _, c := range conditions {
		fields, ok := c.(map[string]any)
		if !ok || fields["type"] != "Ready" {
			continue
		}
		status, _ := fields["status"].(string)
		reason, _ := fields["reason"].(string)
		message, _ := fields["message"].(string)
		if status == string(metav1.ConditionTrue) || status == string(metav1.ConditionFalse) {
			return metav1.Condition{Status: metav1.ConditionStatus(status), Reason: reason, Message: message}
		}
	}
	return none
}

func describePolicy(compiled *policy.Policy) string {
	const named = 3
	verb := map[string]string{"enforce": "enforces", "warn": "warns on"}[compiled.Mode()]
	globs := compiled.Globs()
	list := strings.Join(globs[:min(named, len(globs))], ", ")
	if len(globs) > named {
		list += ", …"
	}
	return fmt.Sprintf("%s %s (%s)", verb, count(len(globs), "glob", "globs"), list)
}

func appliedEvent(name, mode string, drifted bool, current *unstructured.Unstructured) event {
	e := event{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyAppliedCondition, action: "Apply",
		note: fmt.Sprintf("Applied ClusterImagePolicy %s (mode %s)", name, mode),
	}
	if drifted {
		what := "changed"
		if current == nil {
			what = "deleted"
		}
		e.kind, e.reason, e.action = corev1.EventTypeWarning, v1alpha1.PolicyRepairedReason, "Repair"
		e.note = fmt.Sprintf("Restored ClusterImagePolicy %s (mode %s), which had been %s", name, mode, what)
	}
	return e
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
