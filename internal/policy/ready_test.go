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
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestReadyCondition(t *testing.T) {
	condition := func(kind, status string) map[string]any {
		return map[string]any{"type": kind, "status": status, "reason": "R", "message": "M"}
	}
	for name, tc := range map[string]struct {
		observed   int64
		conditions []any
		want       metav1.ConditionStatus
	}{
		"true":              {2, []any{condition("Ready", "True")}, metav1.ConditionTrue},
		"false":             {2, []any{condition("KeysInlined", "True"), condition("Ready", "False")}, metav1.ConditionFalse},
		"unknown":           {2, []any{condition("Ready", "Unknown")}, metav1.ConditionUnknown},
		"older generation":  {1, []any{condition("Ready", "True")}, metav1.ConditionUnknown},
		"another condition": {2, []any{condition("KeysInlined", "True")}, metav1.ConditionUnknown},
		"not a condition":   {2, []any{"Ready"}, metav1.ConditionUnknown},
		"no conditions":     {2, nil, metav1.ConditionUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			cip := &unstructured.Unstructured{Object: map[string]any{
				"metadata": map[string]any{"generation": int64(2)},
				"status":   map[string]any{"observedGeneration": tc.observed, "conditions": tc.conditions},
			}}
			got := ReadyCondition(cip)
			if got.Status != tc.want || got.Type != "Ready" || (got.Message == "M") != (tc.want != metav1.ConditionUnknown) {
				t.Errorf("got %+v, want status %s", got, tc.want)
			}
		})
	}
	if got := ReadyCondition(&unstructured.Unstructured{}); got.Status != metav1.ConditionUnknown {
		t.Errorf("without a status: got %+v, want Unknown", got)
	}
}
