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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/metrics"
)

// TestMeasurements compares the counts of a pass with what was observed.
func TestMeasurements(t *testing.T) {
	finding := []admission.Finding{{Reason: v1alpha1.UnsignedReason}}
	running, rollback := image("b", unsignedResult), image("c", unsignedResult)
	running.Usage, rollback.Usage = v1alpha1.UsageRunning, v1alpha1.UsageRollback
	obs := observationOf(applied(), image("a", verifiedResult), running, rollback)
	obs.interval = time.Hour
	obs.forecast = forecastOf(
		forecast.Forecast{Outcome: admission.Denied, Interception: admission.Intercepted, Denials: finding},
		forecast.Forecast{Outcome: admission.Denied, Interception: admission.NamespaceNotOptedIn, Denials: finding},
		forecast.Forecast{Outcome: admission.Undetermined, Undetermined: []admission.Finding{{Reason: v1alpha1.PendingReason}}},
		forecast.Forecast{Outcome: admission.Allowed},
	)
	obs.forecast.gaps = []forecast.Gap{{Reason: v1alpha1.NamespacesNotOptedInReason}}
	obs.policy.status.Mode = modeWarn
	obs.policy.events = []event{policyRepairedEvent("karmada", modeWarn, "changed")}
	trust := makeTrust(1)
	trust.Spec.Enforcement = v1alpha1.EnforcementWarn
	concluded := conclude(trust, obs)
	got := measurements(trust, concluded.findings, &concluded.status)
	want := metrics.Pass{
		Trust: "karmada", Time: now, Interval: time.Hour, Enforcement: "Warn", Mode: "warn", LastVerdict: now, Repairs: 1,
		Conditions: metrics.Conditions(concluded.status.Conditions),
		Images: map[metrics.Image]int{
			{Verdict: "Verified", Reason: "Signed"}:                       1,
			{Verdict: "Untrusted", Reason: "Unsigned", Usage: "Running"}:  1,
			{Verdict: "Untrusted", Reason: "Unsigned", Usage: "Rollback"}: 1,
		},
		Workloads: map[string]int{"Allowed": 1, "Denied": 1, "DeniedOnceOptedIn": 1, "Undetermined": 1},
		Containers: map[metrics.Container]int{
			{Outcome: "Denied", Reason: "Unsigned"}: 1, {Outcome: "DeniedOnceOptedIn", Reason: "Unsigned"}: 1,
			{Outcome: "Undetermined", Reason: "Pending"}: 1,
		},
		Gaps: []string{v1alpha1.WarnModeReason, v1alpha1.NamespacesNotOptedInReason},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("measurements differ (-want +got):\n%s", diff)
	}
}

// TestMeasurementsOfNothing: what is not known is not measured.
func TestMeasurementsOfNothing(t *testing.T) {
	for name, obs := range map[string]*observation{
		"invalid spec": {now: now, policy: policyResult{condition: conditionFalse(v1alpha1.InvalidSpecReason, "invalid")}},
		"not listed":   {now: now, policy: applied()},
	} {
		concluded := conclude(makeTrust(1), obs)
		got := measurements(makeTrust(1), concluded.findings, &concluded.status)
		if got.Images != nil || got.Workloads != nil || got.Containers != nil || got.Gaps != nil || !got.LastVerdict.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLastVerdictIsKnown: only a cycle in which every image has a verdict is one.
func TestLastVerdictIsKnown(t *testing.T) {
	rollback := image("b", limitedResult)
	rollback.Usage = v1alpha1.UsageRollback
	stale := image("b", verifiedResult)
	stale.Answer.Fresh = false
	for name, tc := range map[string]struct {
		images []assess.Image
		want   time.Time
	}{
		"none":                   {images: []assess.Image{}, want: now},
		"all have one":           {images: []assess.Image{image("a", verifiedResult), image("b", unsignedResult)}, want: now},
		"unknown":                {images: []assess.Image{image("a", verifiedResult), unavailable("b", verifiedResult)}},
		"of an earlier cycle":    {images: []assess.Image{image("a", verifiedResult), stale}},
		"unknown, for rollbacks": {images: []assess.Image{image("a", verifiedResult), rollback}, want: now},
	} {
		t.Run(name, func(t *testing.T) {
			trust, obs := makeTrust(1), observationOf(applied(), tc.images...)
			concluded := conclude(trust, obs)
			if got := measurements(trust, concluded.findings, &concluded.status).LastVerdict; !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestLastVerdictOfEarlierProcess reads it from the status.
func TestLastVerdictOfEarlierProcess(t *testing.T) {
	trust := makeTrust(1)
	trust.Status = v1alpha1.KarmadaImageTrustStatus{
		ObservedGeneration: 1, LastVerifiedTime: &metav1.Time{Time: now}, Summary: &v1alpha1.Summary{Unknown: new(int32(0))},
	}
	if got := lastVerdict(trust); !got.Equal(now) {
		t.Errorf("got %v, want %v", got, now)
	}
	for name, change := range map[string]func(*v1alpha1.KarmadaImageTrust){
		"another spec":   func(trust *v1alpha1.KarmadaImageTrust) { trust.Generation = 2 },
		"unknown images": func(trust *v1alpha1.KarmadaImageTrust) { trust.Status.Summary.Unknown = new(int32(1)) },
		"no cycle":       func(trust *v1alpha1.KarmadaImageTrust) { trust.Status.LastVerifiedTime = nil },
	} {
		changed := trust.DeepCopy()
		change(changed)
		if got := lastVerdict(changed); !got.IsZero() {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
