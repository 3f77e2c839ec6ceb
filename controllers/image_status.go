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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/verify"
)

// imageStatus is the report on one image. earlier is the report before, where it is of the same spec:
// what it holds survives a restart of the operator and an outage of the registry.
func imageStatus(
	observed assess.Image, earlier *v1alpha1.ImageStatus, lastRound *metav1.Time, rootProblem string,
) v1alpha1.ImageStatus {
	answer := observed.Answer
	if !answer.Known && earlier != nil {
		image := *earlier
		use(&image, observed)
		return image
	}
	image := v1alpha1.ImageStatus{
		Reference:   observed.Reference,
		Digest:      answer.Digest,
		IndexDigest: answer.IndexDigest,
		TagDigest:   observed.TagDigest,
		Verdict:     answer.Result.Verdict,
		Reason:      answer.Result.Reason,
		Message:     answer.Result.Message,
	}
	use(&image, observed)
	if observed.Running && answer.TagDigest == "" && earlier != nil {
		image.TagDigest = earlier.TagDigest
	}
	describe(&image, &answer.Result)
	if image.Verdict != v1alpha1.VerdictUnknown {
		return image
	}
	if rootProblem != "" {
		image.Reason = v1alpha1.TrustRootUnavailableReason
		image.Message = truncate(rootProblem, maxMessage)
	}
	switch {
	case answer.Last != nil:
		image.LastVerdict = &v1alpha1.LastVerdict{
			Verdict: answer.Last.Verdict, Time: seconds(answer.LastTime),
		}
		describe(&image, answer.Last)
	case earlier != nil && (image.Digest == "" || earlier.Digest == image.Digest):
		keep(&image, earlier, lastRound)
	}
	return image
}

// use fills in who runs the image or asks for it.
func use(image *v1alpha1.ImageStatus, observed assess.Image) {
	image.Usage = observed.Usage
	image.Workloads = new(int32(observed.Workloads)) //nolint:gosec // bounded by the cluster
}

// keep takes over what an earlier report knew of an image that cannot be examined now.
func keep(image, earlier *v1alpha1.ImageStatus, lastRound *metav1.Time) {
	image.Digest = earlier.Digest
	image.IndexDigest = earlier.IndexDigest
	image.Signer = earlier.Signer
	image.SignatureFormat = earlier.SignatureFormat
	image.TransparencyLog = earlier.TransparencyLog
	image.SignedTime = earlier.SignedTime
	image.LastVerdict = earlier.LastVerdict
	if earlier.Verdict != v1alpha1.VerdictUnknown {
		if lastRound == nil {
			return
		}
		image.LastVerdict = &v1alpha1.LastVerdict{Verdict: earlier.Verdict, Time: lastRound}
	}
}

// describe fills in who signed and where it is logged.
func describe(image *v1alpha1.ImageStatus, result *verify.Result) {
	image.Signer = result.Signer
	image.SignatureFormat, image.TransparencyLog, image.SignedTime = result.Format.Storage(), nil, nil
	switch {
	case result.IntegratedTime.IsZero():
	case result.LogIndex < 0:
		image.SignedTime = seconds(result.IntegratedTime)
	default:
		image.TransparencyLog = &v1alpha1.TransparencyLogEntry{
			LogIndex:       new(result.LogIndex),
			IntegratedTime: seconds(result.IntegratedTime),
		}
	}
}
