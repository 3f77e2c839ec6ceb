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

package operator

import (
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
	"github.com/karmada-io/image-trust/test/suites/internal/recorded"
)

// TestStatesAreRecorded records trusts in each state of their images, and a policy that policy-controller has accepted, for the tests of
// what Argo CD and Flux make of them. The other states are recorded by the suite integration.
func TestStatesAreRecorded(t *testing.T) {
	const signed, unsigned, down = "docker.io/states/signed:v1", "docker.io/states/unsigned:v1", "docker.io/states-down/image:v1"
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.PushSignedImage(t, down, labtest.Release)
	lab.Intercept(t, labtest.RepositoryOf(t, down), labtest.RespondWith(http.StatusServiceUnavailable))
	for name, want := range map[string]struct {
		organisation, image string
		status              metav1.ConditionStatus
		reason              string
	}{
		"verified":  {"states", signed, metav1.ConditionTrue, v1alpha1.AllVerifiedReason},
		"untrusted": {"states", unsigned, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason},
		"unknown":   {"states-down", down, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason},
	} {
		t.Run(name, func(t *testing.T) {
			trust := labtest.NewTrust("states-"+name, want.organisation, want.image)
			lab.Create(t, trust)
			trust = lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, want.status, want.reason),
				labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason))
			trust.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "KarmadaImageTrust"}
			recorded.Compare(t, name, trust)
			if name == "verified" {
				recorded.Compare(t, "policy", waitfor.State(t, lab.Policy(trust.Name), labtest.PolicyReady))
			}
		})
	}
}
