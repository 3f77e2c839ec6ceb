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
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestEnforcement switches one trust through all modes of enforcement.
func TestEnforcement(t *testing.T) {
	const image = "docker.io/enforcement/unsigned:v1"
	lab.PushImage(t, image)
	warned, warnings := lab.NewWarningClient(t)
	untrusted := labtest.HasVerdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason)
	trust := labtest.NewTrust("enforcement", "enforcement", image)
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, untrusted, hasMode("enforce"))
	lab.WaitUntilDenied(t, image, "no signatures found")

	lab.SetEnforcement(t, trust, v1alpha1.EnforcementWarn)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, untrusted, hasMode("warn"))
	lab.WaitUntilAllowed(t, image)
	warnings.Take()
	if _, err := labtest.CreatePod(t, warned, image); err != nil {
		t.Errorf("Warn: %v", err)
	}
	if got := warnings.Take(); !strings.Contains(got, "failed policy: enforcement") || !strings.Contains(got, "no signatures found") {
		t.Errorf("Warn: the client received %q, want a warning that names the policy and the reason", got)
	}

	lab.SetEnforcement(t, trust, v1alpha1.EnforcementAudit)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, untrusted, hasMode(""),
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	waitfor.State(t, lab.Policy(trust.Name), func(got *unstructured.Unstructured) string {
		if got != nil {
			return "the policy is still there"
		}
		return ""
	})
	waitfor.State(t, lab.EventReasons(trust.Name), labtest.Contains(v1alpha1.PolicyRemovedReason))
	// No policy covers the image now, and policy-controller denies such images by default.
	lab.WaitUntilDenied(t, image, "no matching policies")

	lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, untrusted, hasMode("enforce"))
	lab.WaitUntilDenied(t, image, "failed policy: enforcement")
}

// TestAuditFromTheStart checks that a trust that starts in Audit creates no policy.
func TestAuditFromTheStart(t *testing.T) {
	const image = "docker.io/audit/signed:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	trust := labtest.NewTrust("audit", "audit", image)
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason),
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AuditModeReason))
	if made, err := lab.Policy(trust.Name)(t.Context()); made != nil || err != nil {
		t.Errorf("got a policy %v, %v", made, err)
	}
}

// hasMode is the check of status.policy.mode; empty: there is no policy.
func hasMode(want string) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
		mode := ""
		if got.Status.Policy != nil {
			mode = got.Status.Policy.Mode
		}
		if mode != want {
			return "the policy's mode is " + mode + ", want " + want
		}
		return ""
	}
}
