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
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

func TestImagesVerifiedMessages(t *testing.T) {
	tests := map[string]struct {
		images []assess.Image
		want   string
	}{
		"one":            {[]assess.Image{image("a", verifiedResult)}, "1 of 1 images verified."},
		"all":            {[]assess.Image{image("a", verifiedResult), image("b", verifiedResult)}, "2 of 2 images verified."},
		"untrusted":      {[]assess.Image{image("a", verifiedResult), image("b", unsignedResult)}, "1 of 2 images is untrusted: b (Unsigned)."},
		"many untrusted": {[]assess.Image{image("d", unsignedResult), image("c", unsignedResult), image("b", unsignedResult), image("a", unsignedResult)}, "4 of 4 images are untrusted: a (Unsigned), b (Unsigned), c (Unsigned) and 1 more."},
		"unavailable":    {[]assess.Image{image("a", verifiedResult), unavailable("b", verifiedResult)}, "1 of 2 images could not be verified: b (RateLimited). The last verdict was Verified for 1 of 1."},
		"some verified":  {[]assess.Image{image("a", limitedResult), unavailable("b", verifiedResult)}, "2 of 2 images could not be verified: a (RateLimited), b (RateLimited). The last verdict was Verified for 1 of 2."},
		"pending":        {[]assess.Image{pending("a"), image("b", verifiedResult)}, "1 of 2 images is not verified yet: a (Pending)."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			status := computeStatus(makeTrust(1), observationOf(applied(), tc.images...))
			for _, c := range status.Conditions {
				if c.Type == v1alpha1.ImagesVerifiedCondition && c.Message != tc.want {
					t.Errorf("message %q, want %q", c.Message, tc.want)
				}
			}
		})
	}
}

func TestImagesWorstFirst(t *testing.T) {
	obs := &observation{now: now, policy: applied(), images: []assess.Image{
		image("z", verifiedResult), image("a", verifiedResult), image("y", limitedResult),
		unavailable("x", unsignedResult), image("c", unsignedResult), image("b", unsignedResult),
	}}
	status := computeStatus(makeTrust(1), obs)
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

func TestImageStatus(t *testing.T) {
	lastVerified := metav1.NewTime(now.Add(-time.Hour))
	earlier := &v1alpha1.ImageStatus{
		Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
		Signer: &v1alpha1.Signer{Identity: "earlier"},
	}
	entered := verifiedResult
	entered.Format = policy.RekorV2Bundle
	timestamped := verifiedResult
	timestamped.Format, timestamped.LogIndex, timestamped.Log = policy.TimestampedBundle, -1, ""
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
				TransparencyLog: &v1alpha1.TransparencyLogEntry{LogIndex: new(int64(7)), IntegratedTime: seconds(now.Add(-time.Hour)), URL: "https://log.example.com"},
			},
		},
		"verified by a log of Rekor v2 and a timestamp": {
			observed: image("a", entered),
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
				Signer: entered.Signer, SignatureFormat: v1alpha1.SignatureFormatBundle,
				TransparencyLog: &v1alpha1.TransparencyLogEntry{LogIndex: new(int64(7)), URL: "https://log.example.com"},
				SignedTime:      seconds(now.Add(-time.Hour)),
			},
		},
		"verified by a timestamp": {
			observed: image("a", timestamped),
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason,
				Signer: timestamped.Signer, SignatureFormat: v1alpha1.SignatureFormatBundle, SignedTime: seconds(now.Add(-time.Hour)),
			},
		},
		"pending since the operator's start: the status stays": {
			observed: pending("a"), earlier: earlier, want: *earlier,
		},
		"pending, nothing known": {
			observed: pending("a"),
			want:     v1alpha1.ImageStatus{Reference: "a", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason, Message: pendingResult.Message},
		},
		"unknown since the operator's start: the verdict of the status is carried over": {
			observed: image("a", limitedResult), earlier: earlier,
			want: v1alpha1.ImageStatus{
				Reference: "a", Digest: "sha256:1", Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.RateLimitedReason,
				Message: limitedResult.Message, Signer: earlier.Signer,
				LastVerdict: &v1alpha1.LastVerdict{Verdict: v1alpha1.VerdictVerified, Time: &lastVerified},
			},
		},
		"unknown, another digest: nothing is carried over": {
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
			got := imageStatus(tc.observed, earlierStatus{image: tc.earlier, lastVerified: &lastVerified}, tc.rootProblem)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}
