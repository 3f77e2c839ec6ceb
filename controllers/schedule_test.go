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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/internal/assess"
)

func TestCurrentCycle(t *testing.T) {
	at := func(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(d)} }
	const interval = time.Hour
	delay := jitter("uid", interval)
	if delay < 0 || delay >= interval/jitterShare {
		t.Fatalf("jitter %s of %s", delay, interval)
	}
	tests := map[string]struct {
		last     *metav1.Time
		observed int64
		want     verificationCycle
	}{
		"never verified":      {nil, 1, verificationCycle{due: true}},
		"other spec":          {at(-time.Minute), 0, verificationCycle{due: true}},
		"not due":             {at(-time.Minute), 1, verificationCycle{next: now.Add(-time.Minute + interval + delay)}},
		"in the future":       {at(10 * 365 * 24 * time.Hour), 1, verificationCycle{due: true}},
		"due: begins in past": {at(-3 * interval), 1, verificationCycle{since: now.Add(-2*interval + delay), due: true}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			trust := makeTrust(1)
			trust.Status.LastVerifiedTime, trust.Status.ObservedGeneration = tc.last, tc.observed
			if got := currentCycle(trust, interval, now); got != tc.want {
				t.Errorf("cycle %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestLastVerifiedTime(t *testing.T) {
	trust := makeTrust(2)
	trust.Status.ObservedGeneration, trust.Status.LastVerifiedTime = 1, seconds(now.Add(-time.Hour))

	trust.Status = computeStatus(trust, &observation{now: now, policy: applied(), images: []assess.Image{pending("a")}, cycle: verificationCycle{due: true}})
	if trust.Status.LastVerifiedTime != nil {
		t.Error("the time of another spec's cycle is carried over")
	}
	trust.Status = computeStatus(trust, &observation{now: now, policy: applied(), images: []assess.Image{image("a", verifiedResult)}, cycle: verificationCycle{due: true}})
	if !trust.Status.LastVerifiedTime.Equal(seconds(now)) {
		t.Errorf("the cycle was completed at %v, want %v", trust.Status.LastVerifiedTime, now)
	}
	// Verdicts between two cycles do not complete one.
	later := computeStatus(trust, &observation{now: now.Add(time.Minute), policy: applied(), images: []assess.Image{image("a", verifiedResult)}})
	if !later.LastVerifiedTime.Equal(seconds(now)) {
		t.Errorf("the time of the last cycle changed to %v", later.LastVerifiedTime)
	}
}

// TestFutureTimesAreNotShown has a status with a time in the future, which a verification replaces by its own.
func TestFutureTimesAreNotShown(t *testing.T) {
	future := seconds(now.Add(24 * time.Hour))
	trust := makeTrust(1)
	trust.Status = computeStatus(trust, observationOf(applied(), image("a", verifiedResult)))
	trust.Status.LastVerifiedTime = future
	obs := observationOf(applied(), image("a", limitedResult))
	obs.cycle = currentCycle(trust, time.Hour, now)
	status := computeStatus(trust, obs)
	if !status.LastVerifiedTime.Equal(seconds(now)) {
		t.Errorf("lastVerifiedTime is %v after a verification at %v", status.LastVerifiedTime, now)
	}
	if last := status.Images[0].LastVerdict; last == nil || last.Time.After(now) {
		t.Errorf("the last verdict is %+v, want one that is not in the future", last)
	}
	if after := requeueAfter(trust, obs.findings(trust)); after > 2*time.Hour {
		t.Errorf("the next pass is in %s", after)
	}
}
