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

package resilience

import (
	"context"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestSlowRoot restarts the operator while the TUF repository with its root of trust does not answer yet: the
// status does not change until there is a new verdict.
func TestSlowRoot(t *testing.T) {
	const image = "docker.io/slow-root/signed:v1"
	trust, before := verifiedTrust(t, "slow-root", image)
	blocked := newBlockingRegistry(t)
	restartWithMirror(t, blocked.middleware)
	<-blocked.requested
	waitfor.State(t, func(context.Context) (float64, error) { return reconciliations(lab.ReadMetrics(t)), nil }, func(ended float64) string {
		if ended == 0 {
			return "no reconciliation yet"
		}
		return ""
	})
	// A new trust is not delayed.
	waiting := labtest.NewTrust("slow-root-new", "slow-root", image)
	lab.Create(t, waiting)
	lab.WaitForTrust(t, waiting.Name, labtest.HasVerdict(image, v1alpha1.VerdictUnknown, v1alpha1.PendingReason),
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason),
		labtest.HasCondition(v1alpha1.ReadyCondition, metav1.ConditionUnknown, v1alpha1.VerifyingReason))
	blocked.release()
	lab.WaitForTrust(t, waiting.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	waitForVerifications(t, "", map[string]float64{v1alpha1.SignedReason: 1})
	after := lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
	if before.ResourceVersion != after.ResourceVersion {
		t.Errorf("the trust was written to; now:\n%s", waitfor.Dump(after.Status))
	}
}

// TestNoRoot restarts the operator while the TUF repository with its root of trust is down.
func TestNoRoot(t *testing.T) {
	const image = "docker.io/no-root/signed:v1"
	trust, before := verifiedTrust(t, "no-root", image)
	fault := &switchableFault{}
	fault.set(labtest.RespondWith(http.StatusServiceUnavailable))
	restartWithMirror(t, fault.middleware)
	after := lab.WaitForTrust(t, trust.Name, labtest.HasVerdict(image, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason))
	checkKept(t, labtest.FindImage(before, image), labtest.FindImage(after, image))
	fault.set(nil)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
}

// verifiedTrust is a trust in one image, and how it was once verified.
func verifiedTrust(t *testing.T, name, image string) (made, settledAs *v1alpha1.KarmadaImageTrust) {
	t.Helper()
	lab.PushSignedImage(t, image, labtest.Release)
	made = labtest.NewTrust(name, name, image)
	lab.Create(t, made)
	lab.WaitForTrust(t, name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	waitUntilIdle(t)
	return made, lab.WaitForTrust(t, name, labtest.Reconciled)
}

// restartWithMirror restarts the operator with another TUF repository for the default root of trust, behind a
// middleware, and with an empty TUF cache, until the test ends.
func restartWithMirror(t *testing.T, middleware func(http.Handler) http.Handler) {
	t.Helper()
	dir := t.TempDir()
	if err := lab.Sigstore.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	lab.RestartOperatorWithTUF(t, dir, middleware(http.FileServer(http.Dir(dir))))
}
