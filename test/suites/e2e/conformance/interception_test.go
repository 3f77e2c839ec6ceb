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

package conformance

import (
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/workload"
)

// TestInterceptedKinds compares the table of workload kinds with the rules that policy-controller registers.
func TestInterceptedKinds(t *testing.T) {
	config := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := lab.Client.Get(t.Context(), client.ObjectKey{Name: "policy.sigstore.dev"}, config); err != nil {
		t.Fatal(err)
	}
	for _, kind := range workload.All() {
		registered := slices.ContainsFunc(config.Webhooks[0].Rules, func(rule admissionregistrationv1.RuleWithOperations) bool {
			return slices.Contains(rule.APIGroups, kind.Group) && slices.Contains(rule.APIVersions, kind.Version) &&
				(slices.Contains(rule.Resources, kind.Resource) || slices.Contains(rule.Resources, kind.Resource+"/*")) &&
				slices.Contains(rule.Operations, admissionregistrationv1.Create)
		})
		if registered != kind.Intercepted {
			t.Errorf("%s: policy-controller registers a rule: %v, the table says %v", kind.Kind, registered, kind.Intercepted)
		}
	}
}
