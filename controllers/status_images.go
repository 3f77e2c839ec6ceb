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
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify"
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

// imageEntries returns the status of each image in the order of the list: see imageClass. Of one class, those come first
// that were observed last, and then by name; namespaces and workloads have theirs in turn.
func imageEntries(trust *v1alpha1.KarmadaImageTrust, obs *observation) []entry[v1alpha1.ImageStatus] {
	before := &trust.Status
	known := map[string][]*v1alpha1.ImageStatus{}
	if sameSpec(trust) {
		for i := range before.Images {
			known[before.Images[i].Reference] = append(known[before.Images[i].Reference], &before.Images[i])
		}
	}
	images := make([]entry[v1alpha1.ImageStatus], 0, len(obs.images))
	for i := range obs.images {
		image := obs.images[i]
		image.Reference = text.Truncate(text.Printable(image.Reference), maxImage)
		earlier := earlierStatus{
			image: findStatus(known[image.Reference], &image), lastVerified: before.LastVerifiedTime, now: obs.now,
		}
		keys := imageKeys(&image)
		e := entry[v1alpha1.ImageStatus]{
			status: imageStatus(image, earlier, obs.rootProblems[image.Signer]), key: keys[0],
			since: since(obs.history.images, obs.now, keys...), users: obs.usersOf(&image),
		}
		e.class = imageClass(&e.status)
		images = append(images, e)
	}
	slices.SortStableFunc(images, func(a, b entry[v1alpha1.ImageStatus]) int {
		return cmp.Or(
			cmp.Compare(a.class, b.class), b.since.Compare(a.since),
			cmp.Compare(a.status.Reference, b.status.Reference), cmp.Compare(a.status.Digest, b.status.Digest),
		)
	})
	return inTurn(images)
}

// usersOf returns the workloads that use an image.
func (o *observation) usersOf(image *assess.Image) []*inventory.Workload {
	users := make([]*inventory.Workload, 0, len(image.Users))
	for _, at := range image.Users {
		if at < len(o.workloads) {
			users = append(users, &o.workloads[at])
		}
	}
	return users
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

// imageClass returns the class of an image in the list; lower is more important. What is not verified comes first, and of
// that what runs comes before what is only requested. An image whose last verdict is Untrusted comes before others while its
// verdict is Unknown.
func imageClass(image *v1alpha1.ImageStatus) int {
	const verified, movedTag, notRunning = 20, 10, 3
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
		setUsage(&status, image)
		return status
	}
	if !complete(&answer) {
		answer.Result = pool.Pending().Result
	}
	status := v1alpha1.ImageStatus{
		Reference:   image.Reference,
		Digest:      answer.Digest,
		IndexDigest: answer.IndexDigest,
		TagDigest:   image.TagDigest,
		Verdict:     answer.Result.Verdict,
		Reason:      answer.Result.Reason,
		Message:     answer.Result.Message,
	}
	setUsage(&status, image)
	if image.Running && answer.TagDigest == "" && earlier.image != nil {
		status.TagDigest = earlier.image.TagDigest
	}
	setSigner(&status, &answer.Result)
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
		setSigner(&status, answer.Last)
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

// setUsage sets how the image is used.
func setUsage(status *v1alpha1.ImageStatus, image assess.Image) {
	status.Usage = image.Usage
	status.Workloads = new(int32(image.Workloads)) //nolint:gosec // bounded by the number of workloads in a cluster
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

// setSigner sets who signed the image, in which format and when.
func setSigner(status *v1alpha1.ImageStatus, result *verify.Result) {
	status.Signer = result.Signer
	status.SignatureFormat, status.TransparencyLog, status.SignedTime = result.Format.Storage(), nil, nil
	if result.IntegratedTime.IsZero() {
		return
	}
	if result.LogIndex >= 0 {
		status.TransparencyLog = &v1alpha1.TransparencyLogEntry{LogIndex: new(result.LogIndex), URL: result.Log}
	}
	if at := seconds(result.IntegratedTime); status.TransparencyLog == nil || result.Format.Time() == policy.Timestamp {
		status.SignedTime = at
	} else {
		status.TransparencyLog.IntegratedTime = at
	}
}

// imagesVerified returns the condition ImagesVerified from all images, in the order of the list. Images that only a rollback
// would run do not count.
func imagesVerified(all []v1alpha1.ImageStatus) metav1.Condition {
	var untrusted, undecided []v1alpha1.ImageStatus
	images, pending := 0, 0
	for _, image := range all {
		if image.Usage == v1alpha1.UsageRollback {
			continue
		}
		images++
		switch {
		case untrustedOrWas(&image):
			untrusted = append(untrusted, image)
		case image.Verdict != v1alpha1.VerdictVerified:
			undecided = append(undecided, image)
			if image.Reason == v1alpha1.PendingReason {
				pending++
			}
		}
	}
	total := text.Count(images, "image")
	switch {
	case images == 0:
		return conditionTrue(v1alpha1.NoImagesReason, "No workload uses a matching image, and verification.references is empty.")
	case len(untrusted) > 0:
		return conditionFalse(v1alpha1.UntrustedImagesReason, "%d of %s %s untrusted: %s.",
			len(untrusted), total, isOrAre(len(untrusted)), listImages(untrusted))
	case pending > 0:
		return conditionUnknown(v1alpha1.NotYetVerifiedReason, "%d of %s %s not verified yet: %s.",
			len(undecided), total, isOrAre(len(undecided)), listImages(undecided))
	case len(undecided) > 0:
		return conditionUnknown(v1alpha1.VerificationUnavailableReason, "%d of %s could not be verified: %s.%s",
			len(undecided), total, listImages(undecided), lastVerdicts(undecided))
	default:
		return conditionTrue(v1alpha1.AllVerifiedReason, "%d of %d images verified.", images, images)
	}
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// lastVerdicts says how many images that could not be verified were verified before; none of them was untrusted.
func lastVerdicts(images []v1alpha1.ImageStatus) string {
	verified := 0
	for i := range images {
		if images[i].LastVerdict != nil {
			verified++
		}
	}
	if verified == 0 {
		return ""
	}
	return fmt.Sprintf(" The last verdict was Verified for %d of %d.", verified, len(images))
}

// listImages names the first images of a list with their reasons, and counts the rest.
func listImages(images []v1alpha1.ImageStatus) string {
	names := make([]string, 0, len(images))
	for i := range images {
		if i >= maxNamed { // the rest is only counted
			names = append(names, "")
			continue
		}
		reference := text.Truncate(images[i].Reference, maxNamedImage)
		names = append(names, fmt.Sprintf("%s (%s%s)", reference, images[i].Reason, usedBy(&images[i])))
	}
	return text.List(names, maxNamed)
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
