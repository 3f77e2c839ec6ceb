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

package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestSlowRoot restarts the operator while the repository with its root of trust does not answer yet: what the
// status says stays until there is something new to say.
func TestSlowRoot(t *testing.T) {
	const image = "docker.io/slow-root/signed:v1"
	trust, before := verifiedTrust(t, "slow-root", image)
	held := newHold(t)
	restartWithMirror(t, held.middleware)
	<-held.asked
	eventually(t, func(context.Context) (float64, error) { return passes(readMetrics(t)), nil }, func(ended float64) string {
		if ended == 0 {
			return "no pass yet"
		}
		return ""
	})
	// A new trust is not held up.
	waiting := newTrust("slow-root-new", "slow-root", image)
	create(t, waiting)
	becomes(t, waiting.Name, verdict(image, v1alpha1.VerdictUnknown, v1alpha1.PendingReason),
		condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason),
		condition(v1alpha1.ReadyCondition, metav1.ConditionUnknown, v1alpha1.VerifyingReason))
	held.release()
	becomes(t, waiting.Name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	awaitVerifications(t, "", map[string]float64{v1alpha1.SignedReason: 1})
	after := becomes(t, trust.Name, settled)
	if before.ResourceVersion != after.ResourceVersion {
		t.Errorf("the trust was written to; now:\n%s", dump(after.Status))
	}
}

// TestNoRoot restarts the operator while the repository with its root of trust is down.
func TestNoRoot(t *testing.T) {
	const image = "docker.io/no-root/signed:v1"
	trust, before := verifiedTrust(t, "no-root", image)
	fault := &switchable{}
	fault.set(answer(http.StatusServiceUnavailable))
	restartWithMirror(t, fault.middleware)
	after := becomes(t, trust.Name, verdict(image, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason))
	checkKept(t, imageOf(before, image), imageOf(after, image))
	fault.set(nil)
	becomes(t, trust.Name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
}

// verifiedTrust is a trust in one image, and how it was once verified.
func verifiedTrust(t *testing.T, name, image string) (made, settledAs *trust) {
	t.Helper()
	pushSigned(t, image, release)
	made = newTrust(name, name, image)
	create(t, made)
	becomes(t, name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		condition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason))
	quiet(t)
	return made, becomes(t, name, settled)
}

// restartWithMirror restarts the operator with a repository of its own for the default root of trust, behind a
// middleware, and without what it remembers of the last one; until the test ends.
func restartWithMirror(t *testing.T, middleware func(http.Handler) http.Handler) {
	t.Helper()
	dir := t.TempDir()
	if err := shared.Sigstore.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	restartWithRepository(t, dir, middleware(http.FileServer(http.Dir(dir))))
}

// restartWithRepository restarts the operator with a TUF repository for the default root of trust, and without what it
// remembers of the last one; until the test ends.
func restartWithRepository(t *testing.T, dir string, serve http.Handler) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	restartWith(t, "--tuf-mirror="+server.URL, "--tuf-root="+filepath.Join(dir, "root.json"), "--tuf-cache=")
}

// restartWith restarts the operator with further arguments until the test ends.
func restartWith(t *testing.T, args ...string) {
	t.Helper()
	if err := shared.StopOperator(); err != nil {
		t.Fatal(err)
	}
	// Whatever becomes of this test, the others find the operator as it was.
	t.Cleanup(func() {
		if err := shared.StopOperator(); err != nil {
			t.Error(err)
		}
		if err := shared.StartOperator(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := shared.StartOperator(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}
