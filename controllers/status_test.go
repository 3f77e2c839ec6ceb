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
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/gen"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	verifiedResult = verify.Result{
		Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
		Signer: &v1alpha1.Signer{Identity: "workflow"}, LogIndex: 7, Log: "https://log.example.com", IntegratedTime: now.Add(-time.Hour),
	}
	unsignedResult = verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason, Message: "no signature"}
	limitedResult  = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason, Message: "docker.io answers 429"}
	pendingResult  = pool.Pending().Result
)

func image(reference string, result verify.Result) assess.Image {
	return assess.Image{Reference: reference, Answer: pool.Answer{
		Digest: "sha256:1", Result: result, Known: true, Fresh: true,
	}}
}

func pending(reference string) assess.Image {
	return assess.Image{Reference: reference, Answer: pool.Answer{Result: pendingResult}}
}

func unavailable(reference string, last verify.Result) assess.Image {
	i := image(reference, limitedResult)
	i.Answer.Last, i.Answer.LastTime = &last, now.Add(-30*time.Minute)
	return i
}

func applied() policyResult {
	return policyResult{
		condition: conditionTrue(v1alpha1.AppliedReason, "applied"),
		status:    &v1alpha1.PolicyStatus{Name: "karmada", Mode: "enforce", Ready: metav1.ConditionTrue},
	}
}

func makeTrust(generation int64) *v1alpha1.KarmadaImageTrust {
	trust := gen.Trust("karmada")
	trust.UID, trust.Generation = "uid", generation
	return trust
}

// conditions as TYPE=STATUS/REASON.
func conditions(status v1alpha1.KarmadaImageTrustStatus) []string {
	var out []string
	for _, c := range status.Conditions {
		out = append(out, fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason))
	}
	return out
}

// forecastOf is the forecast for a cluster in which nothing keeps admission from enforcing the trust.
func forecastOf(forecasts ...forecast.Forecast) observedForecast {
	return observedForecast{workloads: len(forecasts), forecasts: nonNil(forecasts), gaps: []forecast.Gap{}}
}

// observationOf is the observation of a reconciliation in which verification is due and admission is known.
func observationOf(result policyResult, images ...assess.Image) *observation {
	return &observation{
		now: now, policy: result, images: nonNil(images), forecast: forecastOf(), cycle: verificationCycle{due: true},
	}
}

// computeStatus returns the status of a trust after an observation.
func computeStatus(trust *v1alpha1.KarmadaImageTrust, obs *observation) v1alpha1.KarmadaImageTrustStatus {
	return conclude(trust, obs).status
}

func TestConditions(t *testing.T) {
	unlisted := observationOf(applied())
	unlisted.images, unlisted.forecast = nil, observedForecast{}
	unreadable := observationOf(applied())
	unreadable.forecast = observedForecast{problem: "Not read yet: namespaces."}
	withGaps := observationOf(applied())
	withGaps.forecast.gaps = []forecast.Gap{
		{Reason: v1alpha1.NamespacesNotOptedInReason, Message: "1 namespace."}, {Reason: v1alpha1.FailurePolicyIgnoreReason, Message: "Ignore."},
	}
	warns := observationOf(applied())
	warns.policy.status.Mode = "warn"
	noMode := observationOf(applied())
	noMode.policy.status.Mode = ""
	tests := map[string]struct {
		obs  *observation
		want []string
	}{
		"all verified": {
			observationOf(applied(), image("a", verifiedResult)),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=True/AllVerified", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"one untrusted: the work is done, the verdict is not good": {
			observationOf(applied(), image("a", verifiedResult), image("b", unsignedResult)),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"no images": {
			observationOf(applied()),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"initial verification in progress": {
			observationOf(applied(), image("a", verifiedResult), pending("b")),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=Unknown/NotYetVerified", "PolicyApplied=True/Applied", "Ready=Unknown/Verifying", "Reconciling=True/Verifying"},
		},
		"registry down": {
			observationOf(applied(), unavailable("a", verifiedResult)),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=Unknown/VerificationUnavailable", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"registry down does not clear an alarm": {
			observationOf(applied(), unavailable("a", unsignedResult)),
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"invalid": {
			&observation{policy: invalidSpec(errors.New("bad"))},
			[]string{"Enforced=Unknown/InvalidSpec", "ImagesVerified=Unknown/InvalidSpec", "PolicyApplied=False/InvalidSpec", "Ready=False/InvalidSpec", "Stalled=True/InvalidSpec"},
		},
		"conflict": {
			observationOf(nameTaken(makeTrust(1), ownerOther, newClusterImagePolicy())),
			[]string{"Enforced=False/PolicyMissing", "ImagesVerified=True/NoImages", "PolicyApplied=False/PolicyConflict", "Ready=False/PolicyConflict", "Stalled=True/PolicyConflict"},
		},
		"policy-controller missing": {
			observationOf(failed(newClusterImagePolicy(), errKindMissing)),
			[]string{"Enforced=Unknown/PolicyControllerNotInstalled", "ImagesVerified=True/NoImages", "PolicyApplied=Unknown/PolicyControllerNotInstalled", "Ready=Unknown/ApplyingPolicy", "Reconciling=True/ApplyingPolicy"},
		},
		"workloads not listed yet": {
			unlisted,
			[]string{"Enforced=Unknown/AdmissionUnreadable", "ImagesVerified=Unknown/NotYetVerified", "PolicyApplied=True/Applied", "Ready=Unknown/Verifying", "Reconciling=True/Verifying"},
		},
		"admission not readable": {
			unreadable,
			[]string{"Enforced=Unknown/AdmissionUnreadable", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"several gaps: the most severe is the reason": {
			withGaps,
			[]string{"Enforced=False/FailurePolicyIgnore", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"warn": {
			warns,
			[]string{"Enforced=False/WarnMode", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"mode not known": {
			noMode,
			[]string{"Enforced=False/PolicyNotReady", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"audit": {
			observationOf(auditMode(), image("b", unsignedResult)),
			[]string{"Enforced=False/AuditMode", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/AuditMode", "Ready=True/Reconciled"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			trust := makeTrust(3)
			tc.obs.now = now
			trust.Status = computeStatus(trust, tc.obs)
			if diff := cmp.Diff(tc.want, conditions(trust.Status)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			for _, c := range trust.Status.Conditions {
				if c.ObservedGeneration != 3 || c.Message == "" {
					t.Errorf("%s has generation %d and message %q", c.Type, c.ObservedGeneration, c.Message)
				}
			}
			// The same observation again changes nothing.
			tc.obs.cycle = verificationCycle{}
			if again := computeStatus(trust, tc.obs); !statusEqual(&trust.Status, &again) {
				t.Errorf("a second reconciliation changes the status:\n%s", cmp.Diff(trust.Status, again))
			}
		})
	}
}

// TestMessages has the messages that are not about images or workloads.
func TestMessages(t *testing.T) {
	message := func(status v1alpha1.KarmadaImageTrustStatus, conditionType string) string {
		for _, c := range status.Conditions {
			if c.Type == conditionType {
				return c.Message
			}
		}
		return ""
	}
	trust := makeTrust(1)
	f := forecast.Forecast{Workload: inventory.Workload{Namespace: "ns"}, Outcome: admission.Allowed, Interception: admission.Intercepted}
	enforces := observationOf(applied(), image("a", verifiedResult))
	enforces.forecast = forecastOf(f, f)
	ownedBy := func(uid types.UID) *unstructured.Unstructured {
		cip := newClusterImagePolicy()
		cip.SetName("karmada")
		cip.SetOwnerReferences([]metav1.OwnerReference{{Kind: v1alpha1.KarmadaImageTrustKind, Name: "karmada", UID: uid, Controller: new(true)}})
		return cip
	}
	propagated := newClusterImagePolicy()
	propagated.SetLabels(map[string]string{"karmada.io/managed": "true"})
	tests := map[string]struct {
		obs           *observation
		conditionType string
		want          string
	}{
		"audit":               {observationOf(auditMode()), v1alpha1.PolicyAppliedCondition, "Enforcement is Audit, so no ClusterImagePolicy is applied."},
		"audit, ready":        {observationOf(auditMode()), v1alpha1.ReadyCondition, "Enforcement is Audit, so no ClusterImagePolicy is applied; the initial verification is complete."},
		"audit, enforced":     {observationOf(auditMode()), v1alpha1.EnforcedCondition, "Enforcement is Audit: nothing is denied."},
		"applied, ready":      {observationOf(applied()), v1alpha1.ReadyCondition, "ClusterImagePolicy karmada is applied; the initial verification is complete."},
		"verifying":           {observationOf(applied(), pending("a")), v1alpha1.ReadyCondition, "The initial verification is in progress."},
		"conflict":            {observationOf(nameTaken(trust, ownerOther, newClusterImagePolicy())), v1alpha1.PolicyAppliedCondition, "ClusterImagePolicy karmada exists and is not managed by this KarmadaImageTrust. It is left unchanged: delete it, or rename the KarmadaImageTrust."},
		"propagated":          {observationOf(nameTaken(trust, ownerOther, propagated)), v1alpha1.PolicyAppliedCondition, "ClusterImagePolicy karmada was propagated to this cluster by Karmada and is not managed by this KarmadaImageTrust. It is left unchanged: on the Karmada control plane, exclude this cluster from its propagation, or rename the KarmadaImageTrust."},
		"of a deleted trust":  {observationOf(nameTaken(trust, ownerOf(trust, ownedBy("other")), ownedBy("other"))), v1alpha1.PolicyAppliedCondition, "ClusterImagePolicy karmada belongs to a deleted KarmadaImageTrust of the same name; it is recreated once it has been garbage collected."},
		"being deleted":       {observationOf(beingDeleted("karmada")), v1alpha1.PolicyAppliedCondition, "ClusterImagePolicy karmada is being deleted; it is recreated once it is gone."},
		"not installed":       {observationOf(failed(newClusterImagePolicy(), errKindMissing)), v1alpha1.PolicyAppliedCondition, "The kind ClusterImagePolicy (policy.sigstore.dev/v1alpha1) is not installed: install Sigstore policy-controller. The policy is applied as soon as the kind exists."},
		"outage":              {observationOf(failed(newClusterImagePolicy(), errors.New("timeout"))), v1alpha1.PolicyAppliedCondition, "Applying the ClusterImagePolicy failed and is retried: timeout"},
		"not observed":        {&observation{}, v1alpha1.PolicyAppliedCondition, "The ClusterImagePolicy has not been observed yet."},
		"not listed":          {&observation{}, v1alpha1.ImagesVerifiedCondition, "The workloads of the cluster have not been listed yet."},
		"enforces":            {enforces, v1alpha1.EnforcedCondition, "Admission enforces the trust on 2 workloads in 1 namespace."},
		"enforces, no images": {observationOf(applied()), v1alpha1.EnforcedCondition, "Admission enforces the trust; no workload uses a matching image."},
		"invalid":             {&observation{policy: invalidSpec(errors.New("bad"))}, v1alpha1.EnforcedCondition, "The spec is invalid, so enforcement is not evaluated."},
		"no images":           {observationOf(applied()), v1alpha1.ImagesVerifiedCondition, "No workload uses a matching image, and verification.references is empty."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := message(computeStatus(trust, tc.obs), tc.conditionType); got != tc.want {
				t.Errorf("message %q, want %q", got, tc.want)
			}
		})
	}
}

func TestStatusIsBounded(t *testing.T) {
	var images []assess.Image
	for i := range 500 {
		images = append(images, image(fmt.Sprintf("image-%03d", i), unsignedResult))
	}
	status := computeStatus(makeTrust(1), &observation{now: now, policy: applied(), images: images})
	if len(status.Images) != imageList().length || *status.Summary.Untrusted != 500 {
		t.Errorf("%d images listed, %d counted; want %d and 500", len(status.Images), *status.Summary.Untrusted, imageList().length)
	}
	long := unsignedResult
	long.Message = strings.Repeat("m", 2000)
	for i := range images {
		images[i].Answer.Result = long
	}
	status = computeStatus(makeTrust(1), &observation{now: now, policy: applied(), images: images})
	if n := len(status.Images); n == 0 || jsonSize(status.Images) > imageList().size {
		t.Errorf("%d images with %d bytes are listed, want at most %d bytes", n, jsonSize(status.Images), imageList().size)
	}
}

// TestWholeStatusIsBounded fills every list with the longest entries.
func TestWholeStatusIsBounded(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	bad := unsignedResult
	bad.Message = long(2000)
	obs := &observation{now: now, policy: applied()}
	for i := range 500 {
		obs.images = append(obs.images, image(fmt.Sprintf("%03d%s", i, long(300)), bad))
		obs.forecast.forecasts = append(obs.forecast.forecasts, forecast.Forecast{
			Workload: inventory.Workload{Kind: long(63), Namespace: long(63), Name: fmt.Sprintf("%03d%s", i, long(250))},
			Outcome:  admission.Denied, Interception: admission.Intercepted,
			Denials: []admission.Finding{{
				Container: admission.Container{Name: long(63), Image: long(1024)}, Policy: long(253), Reason: "Unsigned", Message: long(512),
			}},
		})
	}
	for range maxOtherPolicies {
		obs.forecast.otherPolicies = append(obs.forecast.otherPolicies, v1alpha1.OtherPolicy{
			Name: long(maxName), Mode: "enforce", Images: 1 << 30, Message: long(maxOtherPolicyMessage),
		})
	}
	for _, reason := range []string{v1alpha1.FailurePolicyIgnoreReason, v1alpha1.WebhookLimitedReason} {
		obs.forecast.gaps = append(obs.forecast.gaps, forecast.Gap{Reason: reason, Message: long(2000)})
	}
	status := computeStatus(makeTrust(1), obs)
	encoded, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 64<<10 || len(status.Violations) == 0 || *status.Summary.WouldDeny != 500 {
		t.Errorf("%d bytes, %d violations listed of %d workloads", len(encoded), len(status.Violations), *status.Summary.WouldDeny)
	}
}

// TestForecastIsCarriedOver checks that a restart does not drop the forecast of the status before, until there is a new one.
func TestForecastIsCarriedOver(t *testing.T) {
	denied := forecast.Forecast{
		Workload: inventory.Workload{Kind: "Pod", Namespace: "ns", Name: "bad"}, Outcome: admission.Denied, Interception: admission.Intercepted,
		Denials: []admission.Finding{{Container: admission.Container{Name: "main", Image: "a"}, Effect: admission.EffectDeny, Reason: "Unsigned"}},
	}
	undetermined := denied
	undetermined.Outcome, undetermined.Denials = admission.Undetermined, nil
	trust := makeTrust(1)
	first := observationOf(applied(), image("a", unsignedResult))
	first.forecast = forecastOf(denied)
	trust.Status = computeStatus(trust, first)

	restarted := observationOf(applied(), pending("a"))
	restarted.forecast, restarted.cycle = forecastOf(undetermined), verificationCycle{}
	restarted.forecast.pending = true
	if after := computeStatus(trust, restarted); !statusEqual(&trust.Status, &after) {
		t.Errorf("a restart changes the status:\n%s", cmp.Diff(trust.Status, after))
	}
	restarted.forecast = observedForecast{workloads: 1, problem: "Not read yet: namespaces."}
	if after := computeStatus(trust, restarted); len(after.Violations) != 1 || *after.Summary.WouldDeny != 1 {
		t.Errorf("while admission cannot be read: got %+v, want the forecast before", after.Summary)
	}
	restarted.forecast = forecastOf(undetermined)
	if after := computeStatus(trust, restarted); len(after.Violations) != 0 || *after.Summary.Undetermined != 1 {
		t.Errorf("once all verdicts are known: got %+v, want it undetermined", after.Summary)
	}
}
