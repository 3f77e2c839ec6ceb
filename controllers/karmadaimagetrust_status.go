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
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// maxImages and maxImagesBytes bound the list of images, worst first; the summary counts all.
	// The whole status stays within 64 KiB.
	maxImages      = 50
	maxImagesBytes = 32 << 10
	// maxNamed is how many images a message names.
	maxNamed = 3
)

// observation is all that a pass saw. The status is computed from it and from the status before.
type observation struct {
	now    time.Time
	policy policyOutcome
	// compiled is the trust, nil where its spec is invalid.
	compiled *policy.Policy
	// unread tells that the workloads of the cluster have not been read yet.
	unread  bool
	images  []assess.Image
	outlook outlook
	// round that the trust is in, and the interval between two.
	round    round
	interval time.Duration
}

// computeStatus is pure: no client, no clock but the observation's.
func computeStatus(trust *v1alpha1.KarmadaImageTrust, seen observation) v1alpha1.KarmadaImageTrustStatus {
	before := &trust.Status
	sameSpec := before.ObservedGeneration == trust.Generation
	after := v1alpha1.KarmadaImageTrustStatus{
		ObservedGeneration: trust.Generation,
		Conditions:         slices.Clone(before.Conditions),
		Policy:             seen.policy.status,
	}
	if sameSpec {
		after.LastVerifiedTime = before.LastVerifiedTime
	}
	applied := seen.policy.condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		after.Policy = before.Policy
	case after.Policy == nil && before.Policy != nil && sameSpec && applied.Status == metav1.ConditionUnknown:
		// On the way back to where it was: that it had been applied tells a repair from a first time.
		after.Policy = before.Policy.DeepCopy()
		after.Policy.Ready = metav1.ConditionUnknown
	}
	var verified metav1.Condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason:
		verified = unknown(v1alpha1.InvalidSpecReason, "Nothing is verified while the spec is invalid.")
	case seen.unread:
		// What was known stays, for the moment after the operator's start.
		after.Summary, after.Images = before.Summary, before.Images
		after.Violations, after.OtherPolicies = before.Violations, before.OtherPolicies
		verified = unknown(v1alpha1.NotYetVerifiedReason, "The workloads of the cluster have not been read yet.")
	default:
		images := imageStatuses(before, sameSpec, seen)
		if seen.round.ends && allSettled(seen.images) {
			after.LastVerifiedTime = seconds(seen.now)
		}
		after.Summary = summarise(images, seen.outlook)
		after.Images = bounded(images, maxImages, maxImagesBytes)
		after.Violations = violations(seen.outlook.forecasts)
		after.OtherPolicies = seen.outlook.others
		if sameSpec && before.Summary != nil {
			keepForecast(&after, before, seen.outlook)
		}
		verified = imagesVerified(images)
	}
	set(&after, trust.Generation, v1alpha1.PolicyAppliedCondition, applied)
	set(&after, trust.Generation, v1alpha1.ImagesVerifiedCondition, verified)
	set(&after, trust.Generation, v1alpha1.EnforcedCondition, enforced(seen))
	setReady(&after, trust.Generation, applied)
	return after
}

// keepForecast takes over what was foretold before, where nothing can be foretold now: admission cannot be read or, for a
// moment after the operator's start, not everything was examined.
func keepForecast(after, before *v1alpha1.KarmadaImageTrustStatus, seen outlook) {
	if seen.unreadable != "" {
		after.OtherPolicies = before.OtherPolicies
	} else if !seen.pending {
		return
	}
	after.Violations = before.Violations
	after.Summary.WouldDeny = before.Summary.WouldDeny
	after.Summary.WouldDenyOnceOptedIn = before.Summary.WouldDenyOnceOptedIn
	after.Summary.Undetermined = before.Summary.Undetermined
}

// setReady sums the operator's own work up, for people and for kstatus.
func setReady(status *v1alpha1.KarmadaImageTrustStatus, generation int64, applied metav1.Condition) {
	var ready metav1.Condition
	switch {
	case applied.Reason == v1alpha1.InvalidSpecReason,
		applied.Reason == v1alpha1.PolicyRejectedReason,
		applied.Reason == v1alpha1.PolicyConflictReason:
		ready = failure(applied.Reason, "%s", applied.Message)
	case applied.Status != metav1.ConditionTrue:
		ready = unknown(v1alpha1.ApplyingPolicyReason, "%s", applied.Message)
	case status.LastVerifiedTime == nil:
		ready = unknown(v1alpha1.VerifyingReason, "The first round of verification is under way.")
	default:
		ready = success(v1alpha1.ReconciledReason, "%s", readyMessage(status))
	}
	set(status, generation, v1alpha1.ReadyCondition, ready)

	for conditionType, when := range map[string]metav1.ConditionStatus{
		v1alpha1.StalledCondition:     metav1.ConditionFalse,
		v1alpha1.ReconcilingCondition: metav1.ConditionUnknown,
	} {
		if ready.Status != when {
			apimeta.RemoveStatusCondition(&status.Conditions, conditionType)
			continue
		}
		set(status, generation, conditionType, success(ready.Reason, "%s", ready.Message))
	}
	slices.SortFunc(status.Conditions, func(a, b metav1.Condition) int { return cmp.Compare(a.Type, b.Type) })
}

func readyMessage(status *v1alpha1.KarmadaImageTrustStatus) string {
	policy := "No ClusterImagePolicy is wanted"
	if status.Policy != nil {
		policy = fmt.Sprintf("ClusterImagePolicy %s is applied", status.Policy.Name)
	}
	return policy + ", and the first round of verification is over."
}

func set(status *v1alpha1.KarmadaImageTrustStatus, generation int64, conditionType string, c metav1.Condition) {
	c.Type, c.ObservedGeneration = conditionType, generation
	apimeta.SetStatusCondition(&status.Conditions, c)
}

// seconds is a time as the API server keeps it, so that a status read back equals the one written.
func seconds(t time.Time) *metav1.Time {
	return &metav1.Time{Time: t.Truncate(time.Second)}
}

func allSettled(images []assess.Image) bool {
	return !slices.ContainsFunc(images, func(i assess.Image) bool { return !i.Answer.Fresh })
}

// imageStatuses returns the verdicts, worst first and otherwise by name.
func imageStatuses(before *v1alpha1.KarmadaImageTrustStatus, sameSpec bool, seen observation) []v1alpha1.ImageStatus {
	images := make([]v1alpha1.ImageStatus, 0, len(seen.images))
	for _, observed := range seen.images {
		var earlier *v1alpha1.ImageStatus
		if sameSpec {
			earlier = reportBefore(before.Images, observed)
		}
		images = append(images, imageStatus(observed, earlier, before.LastVerifiedTime, seen.outlook.rootProblem))
	}
	slices.SortStableFunc(images, func(a, b v1alpha1.ImageStatus) int {
		return cmp.Or(
			cmp.Compare(badness(&a), badness(&b)), cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Digest, b.Digest),
		)
	})
	return images
}

// reportBefore finds the last report on an image: on the same digest or, where that is not known, under the same
// reference.
func reportBefore(images []v1alpha1.ImageStatus, observed assess.Image) *v1alpha1.ImageStatus {
	i := slices.IndexFunc(images, func(i v1alpha1.ImageStatus) bool {
		return i.Reference == observed.Reference && (observed.Answer.Digest == "" || i.Digest == observed.Answer.Digest)
	})
	if i < 0 {
		return nil
	}
	return &images[i]
}

// badness orders verdicts: a distrust that could not be renewed is still one.
func badness(image *v1alpha1.ImageStatus) int {
	switch {
	case image.Verdict == v1alpha1.VerdictUntrusted:
		return 0
	case distrusted(image):
		return 1
	case image.Verdict == v1alpha1.VerdictUnknown:
		return 2
	case image.TagDigest != "":
		return 3
	default:
		return 4
	}
}

// distrusted tells whether the verdict is Untrusted or, while it is Unknown, was.
func distrusted(image *v1alpha1.ImageStatus) bool {
	return image.Verdict == v1alpha1.VerdictUntrusted ||
		image.LastVerdict != nil && image.LastVerdict.Verdict == v1alpha1.VerdictUntrusted
}

// summarise counts all images and workloads.
func summarise(images []v1alpha1.ImageStatus, seen outlook) *v1alpha1.Summary {
	counts := map[v1alpha1.Verdict]int32{}
	var moved int32
	for i := range images {
		counts[images[i].Verdict]++
		if images[i].TagDigest != "" {
			moved++
		}
	}
	summary := &v1alpha1.Summary{
		Images:        new(int32(len(images))), //nolint:gosec // bounded by the cluster
		Verified:      new(counts[v1alpha1.VerdictVerified]),
		Untrusted:     new(counts[v1alpha1.VerdictUntrusted]),
		Unknown:       new(counts[v1alpha1.VerdictUnknown]),
		MovedTags:     &moved,
		Workloads:     new(int32(seen.workloads)), //nolint:gosec // bounded by the cluster
		VerifiedRatio: fmt.Sprintf("%d/%d", counts[v1alpha1.VerdictVerified], len(images)),
	}
	countWorkloads(summary, seen.forecasts)
	return summary
}

// imagesVerified is the verdict on all images together, but for those that only a rollback would run.
func imagesVerified(all []v1alpha1.ImageStatus) metav1.Condition {
	var images, bad, open []v1alpha1.ImageStatus
	pending := 0
	for _, image := range all {
		if image.Usage == v1alpha1.UsageRollback {
			continue
		}
		images = append(images, image)
		switch {
		case distrusted(&image):
			bad = append(bad, image)
		case image.Verdict == v1alpha1.VerdictUnknown:
			open = append(open, image)
			if image.Reason == v1alpha1.PendingReason {
				pending++
			}
		}
	}
	total := count(len(images), "image", "images")
	switch {
	case len(images) == 0:
		return success(v1alpha1.NoImagesReason, "No workload runs a matching image or asks for one, and verification.references lists none.")
	case len(bad) > 0:
		return failure(v1alpha1.UntrustedImagesReason, "%d of %s %s untrusted: %s.", len(bad), total, are(len(bad)), nameSome(bad))
	case pending > 0:
		return unknown(v1alpha1.NotYetVerifiedReason, "%d of %s %s not examined yet: %s.", len(open), total, are(len(open)), nameSome(open))
	case len(open) > 0:
		return unknown(v1alpha1.VerificationUnavailableReason, "%d of %s cannot be checked now: %s.%s",
			len(open), total, nameSome(open), keptVerdicts(open))
	default:
		return success(v1alpha1.AllVerifiedReason, "%s verified.", allAre(len(images)))
	}
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func allAre(n int) string {
	if n == 1 {
		return "The one image is"
	}
	return fmt.Sprintf("All %d images are", n)
}

// keptVerdicts says what is known of images that cannot be checked now; none of them is distrusted.
func keptVerdicts(open []v1alpha1.ImageStatus) string {
	kept := 0
	for i := range open {
		if open[i].LastVerdict != nil {
			kept++
		}
	}
	switch {
	case kept == 0:
		return ""
	case kept == len(open):
		return " The last verdicts (all Verified) are kept."
	default:
		return fmt.Sprintf(" The last verdicts are kept: %d Verified.", kept)
	}
}

func nameSome(images []v1alpha1.ImageStatus) string {
	var named []string
	for i := range images[:min(maxNamed, len(images))] {
		named = append(named, fmt.Sprintf("%s (%s%s)", images[i].Reference, images[i].Reason, usedBy(&images[i])))
	}
	if rest := len(images) - len(named); rest > 0 {
		named = append(named, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(named, ", ")
}

// usedBy says how many workloads an image concerns.
func usedBy(image *v1alpha1.ImageStatus) string {
	switch {
	case image.Workloads == nil || *image.Workloads == 0:
		return ""
	case image.Usage == v1alpha1.UsageRunning:
		return "; runs in " + count(int(*image.Workloads), "workload", "workloads")
	default:
		return "; asked for by " + count(int(*image.Workloads), "workload", "workloads")
	}
}

func statusEqual(a, b *v1alpha1.KarmadaImageTrustStatus) bool {
	return equality.Semantic.DeepEqual(a, b)
}

// requeueAfter is when the next round is due; everything else wakes the trust by itself.
func requeueAfter(trust *v1alpha1.KarmadaImageTrust, seen observation) time.Duration {
	if seen.policy.absent {
		return reinstallInterval
	}
	next := currentRound(trust, seen.interval, seen.now).next
	if next.IsZero() {
		return 0
	}
	return max(next.Sub(seen.now), time.Second)
}
