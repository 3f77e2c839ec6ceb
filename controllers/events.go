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

	corev1 "k8s.io/api/core/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// event on a trust. The note says what happened, as the message of a condition does.
type event struct {
	kind, reason, action, note string
}

func policyAppliedEvent(name, mode string) event {
	return event{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyAppliedCondition, action: "Apply",
		note: fmt.Sprintf("Applied ClusterImagePolicy %s (mode %s)", name, mode),
	}
}

// policyRepairedEvent reports that a policy was restored which somebody had changed or deleted.
func policyRepairedEvent(name, mode, drift string) event {
	return event{
		kind: corev1.EventTypeWarning, reason: v1alpha1.PolicyRepairedReason, action: "Repair",
		note: fmt.Sprintf("Restored ClusterImagePolicy %s (mode %s), which had been %s", name, mode, drift),
	}
}

func policyRemovedEvent(name string) event {
	return event{
		kind: corev1.EventTypeNormal, reason: v1alpha1.PolicyRemovedReason, action: "Remove",
		note: fmt.Sprintf("Removed ClusterImagePolicy %s because enforcement is Audit", name),
	}
}

// verdictEvents reports the images that became untrusted, and those that are verified again. There is one event for all
// images of a reconciliation, since the recorder would keep the note of only one of several.
func verdictEvents(before, after *v1alpha1.KarmadaImageTrustStatus) []event {
	was, is := untrustedDigests(before.Images), untrustedDigests(after.Images)
	var becameUntrusted, recovered []v1alpha1.ImageStatus
	for i := range after.Images {
		image := after.Images[i]
		switch {
		case image.Verdict == v1alpha1.VerdictUntrusted && !was[image.Reference][image.Digest] && !wasTruncated(before, after):
			becameUntrusted = append(becameUntrusted, image)
		case image.Verdict == v1alpha1.VerdictVerified && was[image.Reference] != nil && is[image.Reference] == nil:
			recovered = append(recovered, image)
		}
	}
	var events []event
	if len(becameUntrusted) > 0 {
		note := fmt.Sprintf("%d images are untrusted: %s", len(becameUntrusted), listImages(becameUntrusted))
		if len(becameUntrusted) == 1 {
			image := becameUntrusted[0]
			note = fmt.Sprintf("%s is untrusted: %s: %s", image.Reference, image.Reason, image.Message)
		}
		events = append(events, verdictEvent(corev1.EventTypeWarning, v1alpha1.ImageUntrustedReason, note))
	}
	if len(recovered) > 0 {
		note := fmt.Sprintf("%d images are verified again: %s", len(recovered), listImages(recovered))
		if len(recovered) == 1 {
			note = recovered[0].Reference + " is verified again"
		}
		events = append(events, verdictEvent(corev1.EventTypeNormal, v1alpha1.ImageVerifiedReason, note))
	}
	return events
}

// untrustedDigests returns the digests of untrusted images by reference.
func untrustedDigests(images []v1alpha1.ImageStatus) map[string]map[string]bool {
	untrusted := map[string]map[string]bool{}
	for i := range images {
		if !untrustedOrWas(&images[i]) {
			continue
		}
		if untrusted[images[i].Reference] == nil {
			untrusted[images[i].Reference] = map[string]bool{}
		}
		untrusted[images[i].Reference][images[i].Digest] = true
	}
	return untrusted
}

// wasTruncated reports whether an image that is missing from the list before may only have been truncated away: the list
// was truncated, and no more images are untrusted than before.
func wasTruncated(before, after *v1alpha1.KarmadaImageTrustStatus) bool {
	return before.Summary != nil && after.Summary != nil &&
		int(*before.Summary.Images) > len(before.Images) && *after.Summary.Untrusted <= *before.Summary.Untrusted
}

func verdictEvent(kind, reason, note string) event {
	return event{kind: kind, reason: reason, action: "Verify", note: text.Truncate(note, maxMessage)}
}
