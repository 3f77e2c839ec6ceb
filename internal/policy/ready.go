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

package policy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ReadyCondition returns the status, reason and message of the condition Ready that policy-controller reports for the
// current generation of a ClusterImagePolicy or a TrustRoot. The status is Unknown if there is none.
func ReadyCondition(object *unstructured.Unstructured) metav1.Condition {
	return Condition(object, "Ready")
}

// Condition returns a condition of an object, like ReadyCondition.
func Condition(object *unstructured.Unstructured, conditionType string) metav1.Condition {
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		fields, ok := c.(map[string]any)
		if !ok || fields["type"] != conditionType || observed != object.GetGeneration() {
			continue
		}
		status, _ := fields["status"].(string)
		reason, _ := fields["reason"].(string)
		message, _ := fields["message"].(string)
		switch status := metav1.ConditionStatus(status); status {
		case metav1.ConditionTrue, metav1.ConditionFalse:
			return metav1.Condition{Type: conditionType, Status: status, Reason: reason, Message: message}
		default:
		}
	}
	return metav1.Condition{Type: conditionType, Status: metav1.ConditionUnknown}
}
