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
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const crashImage = "docker.io/crash/signed:v1"

// moment is a moment at which the operator is killed.
type moment struct {
	// before leads to the moment.
	before func(t *testing.T, trust *v1alpha1.KarmadaImageTrust)
	// down runs while no operator runs.
	down func(t *testing.T, trust *v1alpha1.KarmadaImageTrust)
}

// TestCrash kills the operator at many moments, and compares the result of the next one with that of an operator
// that was not killed.
func TestCrash(t *testing.T) {
	digest := lab.PushSignedImage(t, crashImage, labtest.Release)
	undisturbed := labtest.NewTrust("crash-undisturbed", "crash", crashImage)
	lab.Create(t, undisturbed)
	got := lab.WaitForTrust(t, undisturbed.Name, labtest.Reconciled, labtest.HasVerdict(crashImage, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	if image := labtest.FindImage(got, crashImage); image.Digest != digest.DigestStr() {
		t.Fatalf("digest %s, want %s", image.Digest, digest.DigestStr())
	}
	want := finalState(t, got)

	moments := map[string]moment{
		"policy edited": {before: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
			t.Helper()
			createAndReconcile(t, trust)
			allowAll(t, trust)
		}},
		"policy edited while it is down": {before: createAndReconcile, down: allowAll},
		"policy deleted while it is down": {before: createAndReconcile, down: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
			t.Helper()
			if err := lab.Client.Delete(t.Context(), labtest.NewPolicy(trust.Name)); err != nil {
				t.Fatal(err)
			}
		}},
		"trust applied while it is down": {before: func(*testing.T, *v1alpha1.KarmadaImageTrust) {}, down: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
			t.Helper()
			lab.Create(t, trust)
		}},
		"enforcement switched": {before: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
			t.Helper()
			trust.Spec.Enforcement = v1alpha1.EnforcementAudit
			createAndReconcile(t, trust)
			lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
		}},
		"enforcement switched while it is down": {
			before: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
				t.Helper()
				trust.Spec.Enforcement = v1alpha1.EnforcementWarn
				createAndReconcile(t, trust)
			},
			down: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
				t.Helper()
				lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
			},
		},
	}
	// Somewhere between the first write and the last one.
	for _, milliseconds := range []int{0, 5, 10, 20, 40, 80, 160, 320} {
		delay := time.Duration(milliseconds) * time.Millisecond
		moments[fmt.Sprintf("%s after the trust was applied", delay)] = moment{before: func(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
			t.Helper()
			lab.Create(t, trust)
			time.Sleep(delay)
		}}
	}
	number := 0
	for name, moment := range moments {
		number++
		trust := labtest.NewTrust(fmt.Sprintf("crash-%d", number), "crash", crashImage)
		t.Run(name, func(t *testing.T) {
			moment.before(t, trust)
			lab.MustKillOperator(t)
			if moment.down != nil {
				moment.down(t, trust)
			}
			lab.DeleteLease(t)
			lab.MustStartOperator(t)
			waitfor.State(t, lab.Trust(trust.Name), waitfor.All(labtest.Reconciled, func(got *v1alpha1.KarmadaImageTrust) string {
				return cmp.Diff(want, finalState(t, got))
			}))
		})
	}
}

// TestCrashDuringVerification leaves the killed leader its lease, so that the next one has to wait for it to expire.
func TestCrashDuringVerification(t *testing.T) {
	const image = "docker.io/crash-verifying/signed:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	blocked := newBlockingRegistry(t)
	lab.Intercept(t, labtest.RepositoryOf(t, image), blocked.middleware)
	trust := labtest.NewTrust("crash-verifying", "crash-verifying", image)
	lab.Create(t, trust)
	<-blocked.requested
	lab.WaitForTrust(t, trust.Name, labtest.HasVerdict(image, v1alpha1.VerdictUnknown, v1alpha1.PendingReason),
		labtest.HasCondition(v1alpha1.ReadyCondition, metav1.ConditionUnknown, v1alpha1.VerifyingReason),
		labtest.HasCondition(v1alpha1.ReconcilingCondition, metav1.ConditionTrue, v1alpha1.VerifyingReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.NotYetVerifiedReason))
	lab.MustKillOperator(t)
	blocked.release()
	lab.MustStartOperator(t)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
}

// TestRestartDuringOutage checks that a restart while the registry is down keeps the last verdicts.
func TestRestartDuringOutage(t *testing.T) {
	const good, bad = "docker.io/restart-outage/signed:v1", "docker.io/restart-outage/unsigned:v1"
	lab.PushSignedImage(t, good, labtest.Release)
	lab.PushImage(t, bad)
	trust := labtest.NewTrust("restart-outage", "restart-outage", good, bad)
	lab.Create(t, trust)
	before := lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasVerdict(good, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(bad, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	for _, image := range []string{good, bad} {
		lab.Intercept(t, labtest.RepositoryOf(t, image), labtest.RespondWith(http.StatusServiceUnavailable))
	}
	lab.MustKillOperator(t)
	lab.DeleteLease(t)
	lab.MustStartOperator(t)
	after := lab.WaitForTrust(t, trust.Name,
		labtest.HasVerdict(good, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason),
		labtest.HasVerdict(bad, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
	for _, image := range []string{good, bad} {
		was, is := labtest.FindImage(before, image), labtest.FindImage(after, image)
		checkKept(t, was, is)
		if is.LastVerdict != nil && !is.LastVerdict.Time.Equal(before.Status.LastVerifiedTime) {
			t.Errorf("%s: last verdict of %s, want that of the last verification, %s", image, is.LastVerdict.Time, before.Status.LastVerifiedTime)
		}
	}
}

// checkKept checks that an image that cannot be verified again keeps its last verdict, digest, signer and log entry.
func checkKept(t *testing.T, was, is *v1alpha1.ImageStatus) {
	t.Helper()
	if is.LastVerdict == nil || is.LastVerdict.Verdict != was.Verdict {
		t.Errorf("%s: last verdict %+v, want %s", is.Reference, is.LastVerdict, was.Verdict)
	}
	type known struct {
		Digest string
		Signer *v1alpha1.Signer
		Log    *v1alpha1.TransparencyLogEntry
	}
	if diff := cmp.Diff(known{was.Digest, was.Signer, was.TransparencyLog}, known{is.Digest, is.Signer, is.TransparencyLog}); diff != "" {
		t.Errorf("%s: digest, signer and log entry are not kept (-before +after):\n%s", is.Reference, diff)
	}
}

// createAndReconcile creates a trust, and waits until it is reconciled.
func createAndReconcile(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
	t.Helper()
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
}

// allowAll edits the policy of a trust so that it allows every image.
func allowAll(t *testing.T, trust *v1alpha1.KarmadaImageTrust) {
	t.Helper()
	labtest.Update(t, lab.Client, labtest.NewPolicy(trust.Name), func(made *unstructured.Unstructured) {
		labtest.SetAuthorities(made, map[string]any{"name": "any", "static": map[string]any{"action": "pass"}})
	})
}

// state is a trust's status and policy without names and times, so that the states of two trusts can be compared.
type state struct {
	Conditions map[string]string
	Images     []v1alpha1.ImageStatus
	Summary    *v1alpha1.Summary
	Mode       string
	Policy     any
}

func finalState(t *testing.T, got *v1alpha1.KarmadaImageTrust) state {
	t.Helper()
	out := state{Conditions: map[string]string{}, Images: got.Status.Images, Summary: got.Status.Summary}
	for _, c := range got.Status.Conditions {
		out.Conditions[c.Type] = string(c.Status) + " " + c.Reason
	}
	if got.Status.Policy != nil {
		out.Mode = got.Status.Policy.Mode
	}
	made, err := lab.Policy(got.Name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if made != nil {
		out.Policy = made.Object["spec"]
	}
	return out
}
