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
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// imageList bounds the list of images. The summary counts all of them. The whole status stays within 64 KiB.
func imageList() listBounds[v1alpha1.ImageStatus] {
	const short = 128
	return listBounds[v1alpha1.ImageStatus]{
		length: 50, size: 32 << 10, large: 1000,
		shorten: func(image v1alpha1.ImageStatus) v1alpha1.ImageStatus {
			image.Message = text.Truncate(image.Message, short)
			if signer := image.Signer; signer != nil {
				image.Signer = &v1alpha1.Signer{
					Name: signer.Name, Issuer: text.Truncate(signer.Issuer, short), Identity: text.Truncate(signer.Identity, short),
				}
			}
			return image
		},
	}
}

// listed returns the first images in the order of the list: see imageClass. Of one class, those come first that were observed
// last, and then by name; namespaces and workloads have theirs in turn.
func (r *imageRecords) listed() []v1alpha1.ImageStatus {
	records := r.first(func(int) bool { return true })
	images := make([]v1alpha1.ImageStatus, 0, min(len(records), maxCandidates))
	for _, record := range records[:min(len(records), maxCandidates)] {
		images = append(images, record.status)
	}
	return images
}

// earlierStatus is what the status before says about an image.
type earlierStatus struct {
	// image is nil where the status before does not list the image, or is of another spec.
	image *v1alpha1.ImageStatus
	// lastVerified is the time of the last complete verification; nil for none.
	lastVerified *metav1.Time
	// now bounds the times of the status before: one that is later is wrong.
	now time.Time
}

// findStatus finds the status of an image among those of its reference: the one of the same digest or, where that is not
// known, any.
func findStatus(images []*v1alpha1.ImageStatus, image *assess.Image) *v1alpha1.ImageStatus {
	for _, i := range images {
		if (i.Reason == v1alpha1.DigestNotReportedReason) != image.Undigested {
			continue
		}
		if image.Answer.Digest == "" || i.Digest == image.Answer.Digest {
			return i
		}
	}
	return nil
}

// movedTag is the class of verified images whose tags name something else now. Those of lower classes are not verified.
const movedTag = 10

func isNotVerified(class int) bool { return class < movedTag }

// imageClass returns the class of an image in the list; lower is more important. What is not verified comes first, and of
// that what runs comes before what is only requested. An image whose last verdict is Untrusted comes before others while its
// verdict is Unknown.
func imageClass(image *v1alpha1.ImageStatus) int {
	const verified, notRunning = 20, 3
	class := 0
	switch {
	case image.Verdict == v1alpha1.VerdictUntrusted:
	case untrustedOrWas(image):
		class = 1
	case image.Verdict != v1alpha1.VerdictVerified:
		class = 2
	case image.TagDigest != "":
		return movedTag
	default:
		return verified
	}
	switch image.Usage {
	case v1alpha1.UsageRunning:
	case v1alpha1.UsageRollback:
		class += 2 * notRunning
	default:
		class += notRunning
	}
	return class
}

// untrustedOrWas reports whether the verdict is Untrusted or, while it is Unknown, the last verdict was.
func untrustedOrWas(image *v1alpha1.ImageStatus) bool {
	return image.Verdict == v1alpha1.VerdictUntrusted ||
		image.LastVerdict != nil && image.LastVerdict.Verdict == v1alpha1.VerdictUntrusted
}

// imageStatus returns the status of an image. What the earlier status says about it survives a restart of the operator
// and an outage of the registry.
func imageStatus(image assess.Image, earlier earlierStatus, rootProblem string) v1alpha1.ImageStatus {
	answer := image.Answer
	if !answer.Known && earlier.image != nil {
		status := *earlier.image
		image.SetUsage(&status)
		return status
	}
	if !complete(&answer) {
		answer.Result = pool.Pending().Result
	}
	image.Answer = answer
	status := image.Status()
	if image.Running && answer.TagDigest == "" && earlier.image != nil {
		status.TagDigest = earlier.image.TagDigest
	}
	if status.Verdict != v1alpha1.VerdictUnknown || image.Undigested || status.Reason == v1alpha1.InvalidReferenceReason {
		return status // what was known of another image with this name says nothing
	}
	if rootProblem != "" {
		status.Reason = v1alpha1.TrustRootUnavailableReason
		status.Message = text.Truncate(rootProblem, maxMessage)
	}
	switch {
	case answer.Last != nil:
		status.LastVerdict = &v1alpha1.LastVerdict{
			Verdict: answer.Last.Verdict, Time: seconds(answer.LastTime),
		}
		assess.SetSigner(&status, answer.Last)
	case earlier.image != nil && (status.Digest == "" || earlier.image.Digest == status.Digest):
		carryOver(&status, earlier)
	}
	return status
}

// complete reports whether an answer holds a verdict, the reason for it and, if the image is verified, its digest. Anything
// less counts as pending.
func complete(answer *pool.Answer) bool {
	result := &answer.Result
	return answer.Known && result.Verdict != "" && result.Reason != "" &&
		(result.Verdict != v1alpha1.VerdictVerified || answer.Digest != "")
}

// carryOver keeps what the earlier status says about an image that cannot be verified now.
func carryOver(status *v1alpha1.ImageStatus, earlier earlierStatus) {
	from := earlier.image
	status.Digest = from.Digest
	status.IndexDigest = from.IndexDigest
	status.Signer = from.Signer
	status.SignatureFormat = from.SignatureFormat
	status.TransparencyLog = from.TransparencyLog
	status.SignedTime = from.SignedTime
	status.LastVerdict = from.LastVerdict
	if from.Verdict != v1alpha1.VerdictUnknown && earlier.lastVerified != nil {
		status.LastVerdict = &v1alpha1.LastVerdict{Verdict: from.Verdict, Time: earlier.lastVerified}
	}
	if last := status.LastVerdict; last != nil && last.Time != nil && last.Time.After(earlier.now) && !earlier.now.IsZero() {
		status.LastVerdict = &v1alpha1.LastVerdict{Verdict: last.Verdict, Time: seconds(earlier.now)}
	}
}

// condition returns the condition ImagesVerified. Images that only a rollback would run do not count.
func (r *imageRecords) condition() metav1.Condition {
	total := text.Count(r.used, "image")
	switch {
	case r.used == 0:
		return conditionTrue(v1alpha1.NoImagesReason, "No workload uses a matching image, and verification.references is empty.")
	case r.untrustedUsed > 0:
		return conditionFalse(v1alpha1.UntrustedImagesReason, "%d of %s %s untrusted: %s.",
			r.untrustedUsed, total, isOrAre(r.untrustedUsed), r.named(r.untrustedUsed, untrustedOrWas))
	case r.pending > 0:
		return conditionUnknown(v1alpha1.NotYetVerifiedReason, "%d of %s %s not verified yet: %s.",
			r.undecided, total, isOrAre(r.undecided), r.named(r.undecided, isUndecided))
	case r.undecided > 0:
		return conditionUnknown(v1alpha1.VerificationUnavailableReason, "%d of %s could not be verified: %s.%s",
			r.undecided, total, r.named(r.undecided, isUndecided), r.lastVerdicts())
	default:
		return conditionTrue(v1alpha1.AllVerifiedReason, "%d of %d images verified.", r.used, r.used)
	}
}

func isUndecided(image *v1alpha1.ImageStatus) bool {
	return !untrustedOrWas(image) && image.Verdict != v1alpha1.VerdictVerified
}

// named names the first of n images of a kind that not only a rollback would run, in the order of the list.
func (r *imageRecords) named(n int, of func(*v1alpha1.ImageStatus) bool) string {
	var images []v1alpha1.ImageStatus
	for _, record := range r.first(isNotVerified) {
		if len(images) == maxNamed {
			break
		}
		if record.status.Usage != v1alpha1.UsageRollback && of(&record.status) {
			images = append(images, record.status)
		}
	}
	return nameImages(images, n)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// lastVerdicts says how many images that could not be verified were verified before; none of them was untrusted.
func (r *imageRecords) lastVerdicts() string {
	if r.verifiedBefore == 0 {
		return ""
	}
	return fmt.Sprintf(" The last verdict was Verified for %d of %d.", r.verifiedBefore, r.undecided)
}

// listImages names the first images of a list with their reasons, and counts the rest.
func listImages(images []v1alpha1.ImageStatus) string { return nameImages(images, len(images)) }

// nameImages names the first ones of n images with their reasons, and counts the rest.
func nameImages(images []v1alpha1.ImageStatus, n int) string {
	names := make([]string, 0, maxNamed)
	for i := range images[:min(len(images), maxNamed)] {
		reference := text.Truncate(images[i].Reference, maxNamedImage)
		names = append(names, fmt.Sprintf("%s (%s%s)", reference, images[i].Reason, usedBy(&images[i])))
	}
	return text.ListFirst(names, n)
}

// usedBy says how many workloads use an image, and how.
func usedBy(image *v1alpha1.ImageStatus) string {
	switch {
	case image.Workloads == nil || *image.Workloads == 0:
		return ""
	case image.Usage == v1alpha1.UsageRunning:
		return "; running in " + text.Count(int(*image.Workloads), "workload")
	default:
		return "; requested by " + text.Count(int(*image.Workloads), "workload")
	}
}
