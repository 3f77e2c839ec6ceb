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
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

const crashImage = "docker.io/crash/signed:v1"

// moment at which the operator is killed.
type moment struct {
	// before brings the moment about.
	before func(t *testing.T, trust *trust)
	// down is what happens while no operator runs.
	down func(t *testing.T, trust *trust)
}

// TestCrash kills the operator at many moments, and wants of the next one what an operator that nobody kills
// makes of the same trust.
func TestCrash(t *testing.T) {
	digest := pushSigned(t, crashImage, release)
	undisturbed := newTrust("crash-undisturbed", "crash", crashImage)
	create(t, undisturbed)
	got := becomes(t, undisturbed.Name, settled, verdict(crashImage, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	if image := imageOf(got, crashImage); image.Digest != digest.DigestStr() {
		t.Fatalf("digest %s, want %s", image.Digest, digest.DigestStr())
	}
	want := finalState(t, got)

	moments := map[string]moment{
		"policy edited": {before: func(t *testing.T, trust *trust) {
			t.Helper()
			settle(t, trust)
			loosen(t, trust)
		}},
		"policy edited while it is down": {before: settle, down: loosen},
		"policy deleted while it is down": {before: settle, down: func(t *testing.T, trust *trust) {
			t.Helper()
			if err := shared.Client.Delete(t.Context(), newPolicy(trust.Name)); err != nil {
				t.Fatal(err)
			}
		}},
		"trust applied while it is down": {before: func(*testing.T, *trust) {}, down: func(t *testing.T, trust *trust) {
			t.Helper()
			create(t, trust)
		}},
		"enforcement switched": {before: func(t *testing.T, trust *trust) {
			t.Helper()
			trust.Spec.Enforcement = v1alpha1.EnforcementAudit
			settle(t, trust)
			enforce(t, trust, v1alpha1.EnforcementEnforce)
		}},
		"enforcement switched while it is down": {
			before: func(t *testing.T, trust *trust) {
				t.Helper()
				trust.Spec.Enforcement = v1alpha1.EnforcementWarn
				settle(t, trust)
			},
			down: func(t *testing.T, trust *trust) {
				t.Helper()
				enforce(t, trust, v1alpha1.EnforcementEnforce)
			},
		},
	}
	// Somewhere between the first write and the last one.
	for _, milliseconds := range []int{0, 5, 10, 20, 40, 80, 160, 320} {
		delay := time.Duration(milliseconds) * time.Millisecond
		moments[fmt.Sprintf("%s after the trust was applied", delay)] = moment{before: func(t *testing.T, trust *trust) {
			t.Helper()
			create(t, trust)
			time.Sleep(delay)
		}}
	}
	number := 0
	for name, moment := range moments {
		number++
		trust := newTrust(fmt.Sprintf("crash-%d", number), "crash", crashImage)
		t.Run(name, func(t *testing.T) {
			moment.before(t, trust)
			kill(t)
			if moment.down != nil {
				moment.down(t, trust)
			}
			restart(t, releaseLease)
			eventually(t, get(trust.Name), all(settled, func(got *v1alpha1.KarmadaImageTrust) string {
				return cmp.Diff(want, finalState(t, got))
			}))
		})
	}
}

// TestCrashDuringVerification also leaves the dead leader its lease, for which the next one has to wait.
func TestCrashDuringVerification(t *testing.T) {
	const image = "docker.io/crash-verifying/signed:v1"
	pushSigned(t, image, release)
	held := newHold(t)
	registry.insert(t, repositoryOf(t, image), held.middleware)
	trust := newTrust("crash-verifying", "crash-verifying", image)
	create(t, trust)
	<-held.asked
	becomes(t, trust.Name, verdict(image, v1alpha1.VerdictUnknown, v1alpha1.PendingReason),
		condition(v1alpha1.ReadyCondition, metav1.ConditionUnknown, v1alpha1.VerifyingReason),
		condition(v1alpha1.ReconcilingCondition, metav1.ConditionTrue, v1alpha1.VerifyingReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.NotYetVerifiedReason))
	kill(t)
	held.release()
	restart(t)
	becomes(t, trust.Name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
}

// TestRestartDuringOutage keeps what the last operator found out, although nobody can look.
func TestRestartDuringOutage(t *testing.T) {
	const good, bad = "docker.io/restart-outage/signed:v1", "docker.io/restart-outage/unsigned:v1"
	pushSigned(t, good, release)
	push(t, bad)
	trust := newTrust("restart-outage", "restart-outage", good, bad)
	create(t, trust)
	before := becomes(t, trust.Name, settled,
		verdict(good, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		verdict(bad, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	for _, image := range []string{good, bad} {
		registry.insert(t, repositoryOf(t, image), answer(http.StatusServiceUnavailable))
	}
	kill(t)
	restart(t, releaseLease)
	after := becomes(t, trust.Name,
		verdict(good, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason),
		verdict(bad, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
	for _, image := range []string{good, bad} {
		was, is := imageOf(before, image), imageOf(after, image)
		checkKept(t, was, is)
		if is.LastVerdict != nil && !is.LastVerdict.Time.Equal(before.Status.LastVerifiedTime) {
			t.Errorf("%s: last verdict of %s, want that of the last round, %s", image, is.LastVerdict.Time, before.Status.LastVerifiedTime)
		}
	}
}

// checkKept: a report that could not be renewed still holds what was known.
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
		t.Errorf("%s: what was known is not kept (-before +after):\n%s", is.Reference, diff)
	}
}

func settle(t *testing.T, trust *trust) {
	t.Helper()
	create(t, trust)
	becomes(t, trust.Name, settled)
}

// loosen edits the policy of a trust so that it admits anything.
func loosen(t *testing.T, trust *trust) {
	t.Helper()
	change(t, newPolicy(trust.Name), func(made *unstructured.Unstructured) {
		setAuthorities(made, map[string]any{"name": "any", "static": map[string]any{"action": "pass"}})
	})
}

func kill(t *testing.T) {
	t.Helper()
	if err := shared.KillOperator(); err != nil {
		t.Fatal(err)
	}
}

func restart(t *testing.T, before ...func(*testing.T)) {
	t.Helper()
	for _, do := range before {
		do(t)
	}
	if err := shared.StartOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// releaseLease ends the wait for a leader that is dead.
func releaseLease(t *testing.T) {
	t.Helper()
	if err := shared.Client.DeleteAllOf(t.Context(), &coordinationv1.Lease{}, client.InNamespace(shared.OperatorAccount().Namespace)); err != nil {
		t.Fatal(err)
	}
}

// state of a trust and its policy, without what differs from one trust to the next and from one time to another.
type state struct {
	Conditions map[string]string
	Images     []v1alpha1.ImageStatus
	Summary    *v1alpha1.Summary
	Mode       string
	Policy     any
}

func finalState(t *testing.T, got *trust) state {
	t.Helper()
	out := state{Conditions: map[string]string{}, Images: got.Status.Images, Summary: got.Status.Summary}
	for _, c := range got.Status.Conditions {
		out.Conditions[c.Type] = string(c.Status) + " " + c.Reason
	}
	if got.Status.Policy != nil {
		out.Mode = got.Status.Policy.Mode
	}
	made, err := getPolicy(got.Name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if made != nil {
		out.Policy = made.Object["spec"]
	}
	return out
}
