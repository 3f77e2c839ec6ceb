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

	corev1 "k8s.io/api/core/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// event on a trust. The note says what happened, as the message of a condition does.
type event struct {
	kind, reason, action, note string
	// related is the workload or the namespace that the event is about; nil for none.
	related *corev1.ObjectReference
	// series reports whether events of the same kind, reason, action and related object are one: the recorder writes the
	// first one, and counts those that follow within six minutes.
	series bool
}

func policyAppliedEvent(name, mode string) event {
	return event{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyAppliedCondition, action: "Apply",
		note: fmt.Sprintf("Applied ClusterImagePolicy %s (mode %s)", name, mode),
	}
}

// policyRepairedEvent reports that a policy was restored which somebody had changed or deleted.
func policyRepairedEvent(name, mode, drift string) event {
	return event{
		kind: corev1.EventTypeWarning, reason: v1alpha1.PolicyRepairedReason, action: "Repair",
		note: fmt.Sprintf("Restored ClusterImagePolicy %s (mode %s), which had been %s", name, mode, drift),
	}
}

func policyRemovedEvent(name string) event {
	return event{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyRemovedReason, action: "Remove",
		note: fmt.Sprintf("Removed ClusterImagePolicy %s because enforcement is Audit", name),
	}
}
