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
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	verifiedResult = verify.Result{
		Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
		Signer: &v1alpha1.Signer{Identity: "workflow"}, LogIndex: 7, IntegratedTime: now.Add(-time.Hour),
	}
	unsignedResult = verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason, Message: "no signature"}
	limitedResult  = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason, Message: "docker.io answers 429"}
	pendingResult  = verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
)

func image(reference string, result verify.Result) assess.Image {
	return assess.Image{Reference: reference, Answer: pool.Answer{
		Digest: "sha256:1", Result: result, Known: true, Fresh: true,
	}}
}

func unexamined(reference string) assess.Image {
	return assess.Image{Reference: reference, Answer: pool.Answer{Result: pendingResult}}
}

func keeping(reference string, last verify.Result) assess.Image {
	i := image(reference, limitedResult)
	i.Answer.Last, i.Answer.LastTime = &last, now.Add(-30*time.Minute)
	return i
}

func applied() policyOutcome {
	return policyOutcome{
		condition: success(v1alpha1.AppliedReason, "applied"),
		status:    &v1alpha1.PolicyStatus{Name: "karmada", Mode: "enforce", Ready: metav1.ConditionTrue},
	}
}

func makeTrust(generation int64) *v1alpha1.KarmadaImageTrust {
	return &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: "karmada", UID: "uid", Generation: generation}}
}

// conditions as TYPE=STATUS/REASON.
func conditions(status v1alpha1.KarmadaImageTrustStatus) []string {
	var out []string
	for _, c := range status.Conditions {
		out = append(out, fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason))
	}
	return out
}

func TestConditions(t *testing.T) {
	tests := map[string]struct {
		seen observation
		want []string
	}{
		"all verified": {
			observation{policy: applied(), images: []assess.Image{image("a", verifiedResult)}, round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=True/AllVerified", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"one untrusted: the work is done, the verdict is not good": {
			observation{policy: applied(), images: []assess.Image{image("a", verifiedResult), image("b", unsignedResult)}, round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"no images": {
			observation{policy: applied(), round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"first round under way": {
			observation{policy: applied(), images: []assess.Image{image("a", verifiedResult), unexamined("b")}, round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=Unknown/NotYetVerified", "PolicyApplied=True/Applied", "Ready=Unknown/Verifying", "Reconciling=True/Verifying"},
		},
		"registry down": {
			observation{policy: applied(), images: []assess.Image{keeping("a", verifiedResult)}, round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=Unknown/VerificationUnavailable", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"registry down does not clear an alarm": {
			observation{policy: applied(), images: []assess.Image{keeping("a", unsignedResult)}, round: round{ends: true}},
			[]string{"Enforced=True/AdmissionEnforces", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"invalid": {
			observation{policy: policyOutcome{condition: failure(v1alpha1.InvalidSpecReason, "bad")}},
			[]string{"Enforced=Unknown/InvalidSpec", "ImagesVerified=Unknown/InvalidSpec", "PolicyApplied=False/InvalidSpec", "Ready=False/InvalidSpec", "Stalled=True/InvalidSpec"},
		},
		"conflict": {
			observation{policy: policyOutcome{condition: failure(v1alpha1.PolicyConflictReason, "foreign")}, round: round{ends: true}},
			[]string{"Enforced=False/PolicyMissing", "ImagesVerified=True/NoImages", "PolicyApplied=False/PolicyConflict", "Ready=False/PolicyConflict", "Stalled=True/PolicyConflict"},
		},
		"policy-controller missing": {
			observation{policy: policyOutcome{condition: unknown(v1alpha1.PolicyControllerNotInstalledReason, "wait")}, round: round{ends: true}},
			[]string{"Enforced=Unknown/PolicyControllerNotInstalled", "ImagesVerified=True/NoImages", "PolicyApplied=Unknown/PolicyControllerNotInstalled", "Ready=Unknown/ApplyingPolicy", "Reconciling=True/ApplyingPolicy"},
		},
		"workloads not read yet": {
			observation{policy: applied(), unread: true, round: round{ends: true}},
			[]string{"Enforced=Unknown/AdmissionUnreadable", "ImagesVerified=Unknown/NotYetVerified", "PolicyApplied=True/Applied", "Ready=Unknown/Verifying", "Reconciling=True/Verifying"},
		},
		"admission not readable": {
			observation{policy: applied(), outlook: outlook{unreadable: "Not read yet: namespaces."}, round: round{ends: true}},
			[]string{"Enforced=Unknown/AdmissionUnreadable", "ImagesVerified=True/NoImages", "PolicyApplied=True/Applied", "Ready=True/Reconciled"},
		},
		"audit": {
			observation{policy: noPolicyWanted(), images: []assess.Image{image("b", unsignedResult)}, round: round{ends: true}},
			[]string{"Enforced=False/AuditMode", "ImagesVerified=False/UntrustedImages", "PolicyApplied=True/AuditMode", "Ready=True/Reconciled"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			trust := makeTrust(3)
			tc.seen.now = now
			trust.Status = computeStatus(trust, tc.seen)
			if diff := cmp.Diff(tc.want, conditions(trust.Status)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			for _, c := range trust.Status.Conditions {
				if c.ObservedGeneration != 3 || c.Message == "" {
					t.Errorf("%s has generation %d and message %q", c.Type, c.ObservedGeneration, c.Message)
				}
			}
			// The same observation again changes nothing.
			tc.seen.round = round{}
			if again := computeStatus(trust, tc.seen); !statusEqual(&trust.Status, &again) {
				t.Errorf("a second pass changes the status:\n%s", cmp.Diff(trust.Status, again))
			}
		})
	}
}

func TestImagesVerifiedMessages(t *testing.T) {
	tests := map[string]struct {
		images []assess.Image
		want   string
	}{
		"one":            {[]assess.Image{image("a", verifiedResult)}, "The one image is verified."},
		"all":            {[]assess.Image{image("a", verifiedResult), image("b", verifiedResult)}, "All 2 images are verified."},
		"untrusted":      {[]assess.Image{image("a", verifiedResult), image("b", unsignedResult)}, "1 of 2 images is untrusted: b (Unsigned)."},
		"many untrusted": {[]assess.Image{image("d", unsignedResult), image("c", unsignedResult), image("b", unsignedResult), image("a", unsignedResult)}, "4 of 4 images are untrusted: a (Unsigned), b (Unsigned), c (Unsigned), and 1 more."},
		"unavailable":    {[]assess.Image{image("a", verifiedResult), keeping("b", verifiedResult)}, "1 of 2 images cannot be checked now: b (RateLimited). The last verdicts (all Verified) are kept."},
		"some kept":      {[]assess.Image{image("a", limitedResult), keeping("b", verifiedResult)}, "2 of 2 images cannot be checked now: a (RateLimited), b (RateLimited). The last verdicts are kept: 1 Verified."},
		"pending":        {[]assess.Image{unexamined("a"), image("b", verifiedResult)}, "1 of 2 images is not examined yet: a (Pending)."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			status := computeStatus(makeTrust(1), observation{now: now, policy: applied(), images: tc.images, round: round{ends: true}})
			for _, c := range status.Conditions {
				if c.Type == v1alpha1.ImagesVerifiedCondition && c.Message != tc.want {
					t.Errorf("message %q, want %q", c.Message, tc.want)
				}
			}
		})
	}
}

func TestImagesWorstFirst(t *testing.T) {
	seen := observation{now: now, policy: applied(), images: []assess.Image{
		image("z", verifiedResult), image("a", verifiedResult), image("y", limitedResult),
		keeping("x", unsignedResult), image("c", unsignedResult), image("b", unsignedResult),
	}}
	status := computeStatus(makeTrust(1), seen)
	var got []string
	for _, i := range status.Images {
		got = append(got, i.Reference)
	}
	if diff := cmp.Diff([]string{"b", "c", "x", "y", "a", "z"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	want := &v1alpha1.Summary{
		Images: new(int32(6)), Verified: new(int32(2)), Untrusted: new(int32(2)), Unknown: new(int32(2)), MovedTags: new(int32(0)),
		Workloads: new(int32(0)), WouldDeny: new(int32(0)), WouldDenyOnceOptedIn: new(int32(0)), Undetermined: new(int32(0)),
		VerifiedRatio: "2/6",
	}
	if diff := cmp.Diff(want, status.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestStatusIsBounded(t *testing.T) {
	var images []assess.Image
	for i := range 500 {
		images = append(images, image(fmt.Sprintf("image-%03d", i), unsignedResult))
	}
	status := computeStatus(makeTrust(1), observation{now: now, policy: applied(), images: images})
	if len(status.Images) != maxImages || *status.Summary.Untrusted != 500 {
		t.Errorf("%d images listed, %d counted; want %d and 500", len(status.Images), *status.Summary.Untrusted, maxImages)
	}
	long := unsignedResult
	long.Message = strings.Repeat("m", 2000)
	for i := range images {
		images[i].Answer.Result = long
	}
	status = computeStatus(makeTrust(1), observation{now: now, policy: applied(), images: images})
	if n := len(status.Images); n == 0 || n*2000 > maxImagesBytes {
		t.Errorf("%d images of 2000 bytes are listed, which is not within %d bytes", n, maxImagesBytes)
	}
}

// TestWholeStatusIsBounded fills every list with what is longest.
func TestWholeStatusIsBounded(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	bad := unsignedResult
	bad.Message = long(2000)
	seen := observation{now: now, policy: applied()}
	for i := range 500 {
		seen.images = append(seen.images, image(fmt.Sprintf("%03d%s", i, long(300)), bad))
		seen.outlook.forecasts = append(seen.outlook.forecasts, forecast.Forecast{
			Workload: inventory.Workload{Kind: long(63), Namespace: long(63), Name: fmt.Sprintf("%03d%s", i, long(250))},
			Outcome:  admission.Denied, Interception: admission.Intercepted,
			Denials: []admission.Finding{{
				Container: admission.Container{Name: long(63), Image: long(1024)}, Policy: long(253), Reason: "Unsigned", Message: long(512),
			}},
		})
	}
	for range maxOtherPolicies {
		seen.outlook.others = append(seen.outlook.others, v1alpha1.OtherPolicy{
			Name: long(maxName), Mode: "enforce", Images: 1 << 30, Message: long(maxOtherPolicyMessage),
		})
	}
	for _, reason := range []string{v1alpha1.FailurePolicyIgnoreReason, v1alpha1.WebhookLimitedReason} {
		seen.outlook.obstacles = append(seen.outlook.obstacles, forecast.Gap{Reason: reason, Message: long(2000)})
	}
	status := computeStatus(makeTrust(1), seen)
	encoded, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 64<<10 || len(status.Violations) == 0 || *status.Summary.WouldDeny != 500 {
		t.Errorf("%d bytes, %d violations listed of %d workloads", len(encoded), len(status.Violations), *status.Summary.WouldDeny)
	}
}

// TestForecastIsKeptAfterARestart until everything has been examined again.
func TestForecastIsKeptAfterARestart(t *testing.T) {
	refused := forecast.Forecast{
		Workload: inventory.Workload{Kind: "Pod", Namespace: "ns", Name: "bad"}, Outcome: admission.Denied, Interception: admission.Intercepted,
		Denials: []admission.Finding{{Container: admission.Container{Name: "main", Image: "a"}, Effect: admission.EffectDeny, Reason: "Unsigned"}},
	}
	open := refused
	open.Outcome, open.Denials = admission.Undetermined, nil
	trust := makeTrust(1)
	trust.Status = computeStatus(trust, observation{
		now: now, policy: applied(), images: []assess.Image{image("a", unsignedResult)}, round: round{ends: true},
		outlook: outlook{workloads: 1, forecasts: []forecast.Forecast{refused}},
	})
	pending := observation{
		now: now, policy: applied(), images: []assess.Image{unexamined("a")},
		outlook: outlook{workloads: 1, forecasts: []forecast.Forecast{open}, pending: true},
	}
	pending.images[0].Workloads, pending.images[0].Usage = 0, ""
	if after := computeStatus(trust, pending); !statusEqual(&trust.Status, &after) {
		t.Errorf("a restart changes the status:\n%s", cmp.Diff(trust.Status, after))
	}
	unreadable := pending
	unreadable.outlook = outlook{workloads: 1, unreadable: "Not read yet: namespaces."}
	if after := computeStatus(trust, unreadable); len(after.Violations) != 1 || *after.Summary.WouldDeny != 1 {
		t.Errorf("while admission cannot be read: got %+v, want what was foretold before", after.Summary)
	}
	pending.outlook.pending = false
	if after := computeStatus(trust, pending); len(after.Violations) != 0 || *after.Summary.Undetermined != 1 {
		t.Errorf("once all was examined: got %+v, want it open", after.Summary)
	}
}

func TestImageStatus(t *testing.T) {
	lastRound := metav1.NewTime(now.Add(-time.Hour))
	earlier := &v1alpha1.ImageStatus{
		Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
		Signer: &v1alpha1.Signer{Identity: "earlier"},
	}
	tests := map[string]struct {
		observed    assess.Image
		earlier     *v1alpha1.ImageStatus
		rootProblem string
		want        v1alpha1.ImageStatus
	}{
		"verified": {
			observed: image("a", verifiedResult),
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
				Signer:          verifiedResult.Signer,
				TransparencyLog: &v1alpha1.TransparencyLogEntry{LogIndex: new(int64(7)), IntegratedTime: seconds(now.Add(-time.Hour))},
			},
		},
		"not examined since the operator's start: the report stays": {
			observed: unexamined("a"), earlier: earlier, want: *earlier,
		},
		"not examined, nothing known": {
			observed: unexamined("a"),
			want:     v1alpha1.ImageStatus{Reference: "a", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason},
		},
		"unknown since the operator's start: the report's verdict is kept": {
			observed: image("a", limitedResult), earlier: earlier,
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason,
				Message: limitedResult.Message, Signer: earlier.Signer,
				LastVerdict: &v1alpha1.LastVerdict{Verdict: v1alpha1.VerdictVerified, Time: &lastRound},
			},
		},
		"unknown, another digest: nothing is kept": {
			observed: assess.Image{Reference: "a", Answer: pool.Answer{Digest: "sha256:2", Result: limitedResult, Known: true}},
			earlier:  earlier,
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:2", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason,
				Message: limitedResult.Message,
			},
		},
		"no root of trust": {
			observed:    assess.Image{Reference: "a", Answer: pool.Answer{Result: limitedResult, Known: true}},
			rootProblem: "TrustRoot x does not exist",
			want: v1alpha1.ImageStatus{
				Reference: "a", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TrustRootUnavailableReason,
				Message: "TrustRoot x does not exist",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.observed.Usage, tc.observed.Workloads = v1alpha1.UsageRequested, 2
			tc.want.Usage, tc.want.Workloads = v1alpha1.UsageRequested, new(int32(2))
			got := imageStatus(tc.observed, tc.earlier, &lastRound, tc.rootProblem)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRounds(t *testing.T) {
	at := func(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(d)} }
	const interval = time.Hour
	delay := jitter("uid", interval)
	if delay < 0 || delay >= interval/jitterShare {
		t.Fatalf("jitter %s of %s", delay, interval)
	}
	tests := map[string]struct {
		last     *metav1.Time
		observed int64
		want     round
	}{
		"never verified":      {nil, 1, round{ends: true}},
		"other spec":          {at(-time.Minute), 0, round{ends: true}},
		"not due":             {at(-time.Minute), 1, round{next: now.Add(-time.Minute + interval + delay)}},
		"due: begins in past": {at(-3 * interval), 1, round{since: now.Add(-2*interval + delay), ends: true}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			trust := makeTrust(1)
			trust.Status.LastVerifiedTime, trust.Status.ObservedGeneration = tc.last, tc.observed
			if got := currentRound(trust, interval, now); got != tc.want {
				t.Errorf("round %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestLastVerifiedTime(t *testing.T) {
	trust := makeTrust(2)
	trust.Status.ObservedGeneration, trust.Status.LastVerifiedTime = 1, seconds(now.Add(-time.Hour))

	trust.Status = computeStatus(trust, observation{now: now, policy: applied(), images: []assess.Image{unexamined("a")}, round: round{ends: true}})
	if trust.Status.LastVerifiedTime != nil {
		t.Error("the time of another spec's round is kept")
	}
	trust.Status = computeStatus(trust, observation{now: now, policy: applied(), images: []assess.Image{image("a", verifiedResult)}, round: round{ends: true}})
	if !trust.Status.LastVerifiedTime.Equal(seconds(now)) {
		t.Errorf("round ended at %v, want %v", trust.Status.LastVerifiedTime, now)
	}
	// Answers that land between two rounds do not end one.
	later := computeStatus(trust, observation{now: now.Add(time.Minute), policy: applied(), images: []assess.Image{image("a", verifiedResult)}})
	if !later.LastVerifiedTime.Equal(seconds(now)) {
		t.Errorf("the round's end moved to %v", later.LastVerifiedTime)
	}
}

func TestVerdictEvents(t *testing.T) {
	status := func(images ...assess.Image) *v1alpha1.KarmadaImageTrustStatus {
		s := computeStatus(makeTrust(1), observation{now: now, policy: applied(), images: images})
		return &s
	}
	tests := map[string]struct {
		before, after *v1alpha1.KarmadaImageTrustStatus
		want          []string
	}{
		"turns untrusted":          {status(image("a", verifiedResult)), status(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"untrusted from the start": {status(), status(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"several at a time":        {status(), status(image("a", unsignedResult), image("b", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"stays untrusted":          {status(image("a", unsignedResult)), status(image("a", unsignedResult)), nil},
		"outage of the untrusted":  {status(image("a", unsignedResult)), status(keeping("a", unsignedResult)), nil},
		"and back":                 {status(keeping("a", unsignedResult)), status(image("a", unsignedResult)), nil},
		"verified again":           {status(image("a", unsignedResult)), status(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified after an outage": {status(keeping("a", unsignedResult)), status(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified from the start":  {status(), status(image("a", verifiedResult)), nil},
		"outage of the verified":   {status(image("a", verifiedResult)), status(keeping("a", verifiedResult)), nil},
		"another bad digest":       {status(image("a", unsignedResult)), status(other(image("a", unsignedResult))), []string{v1alpha1.ImageUntrustedReason}},
		"a good digest instead":    {status(image("a", unsignedResult)), status(other(image("a", verifiedResult))), []string{v1alpha1.ImageVerifiedReason}},
		"a good digest beside":     {status(image("a", unsignedResult)), status(image("a", unsignedResult), other(image("a", verifiedResult))), nil},
		"further down a cut list":  {status(many(0)...), status(many(1)...), nil},
		"one more of a cut list":   {status(many(1)...), status(many(0)...), []string{v1alpha1.ImageUntrustedReason}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range verdictEvents(tc.before, tc.after) {
				got = append(got, e.reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// other is of another digest.
func other(image assess.Image) assess.Image {
	image.Answer.Digest = "sha256:2"
	return image
}

// many untrusted images.
func many(from int) []assess.Image {
	const to = 60
	var images []assess.Image
	for i := from; i < to; i++ {
		images = append(images, image(fmt.Sprintf("image-%03d", i), unsignedResult))
	}
	return images
}

func TestTruncate(t *testing.T) {
	tests := map[string]struct {
		text string
		size int
		want string
	}{
		"fits":              {"abc", 3, "abc"},
		"cut":               {"abcdef", 5, "ab…"},
		"not inside a rune": {"aééééé", 7, "aé…"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := truncate(tc.text, tc.size); got != tc.want || len(got) > tc.size {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
