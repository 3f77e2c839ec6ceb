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
)

// verdictEvents tells the images that became untrusted, and those that are trusted again. All of a pass are
// told in one event: of several at a time, the recorder would keep the text of one.
func verdictEvents(before, after *v1alpha1.KarmadaImageTrustStatus) []event {
	was, is := distrustedReferences(before.Images), distrustedReferences(after.Images)
	var fallen, risen []v1alpha1.ImageStatus
	for i := range after.Images {
		image := after.Images[i]
		switch {
		case image.Verdict == v1alpha1.VerdictUntrusted && !was[image.Reference][image.Digest] && !cutBefore(before, after):
			fallen = append(fallen, image)
		case image.Verdict == v1alpha1.VerdictVerified && was[image.Reference] != nil && is[image.Reference] == nil:
			risen = append(risen, image)
		}
	}
	var events []event
	if len(fallen) > 0 {
		note := fmt.Sprintf("%d images are untrusted: %s", len(fallen), nameSome(fallen))
		if len(fallen) == 1 {
			note = fmt.Sprintf("%s is untrusted: %s: %s", fallen[0].Reference, fallen[0].Reason, fallen[0].Message)
		}
		events = append(events, verdictEvent(corev1.EventTypeWarning, v1alpha1.ImageUntrustedReason, note))
	}
	if len(risen) > 0 {
		note := fmt.Sprintf("%d images are verified again: %s", len(risen), nameSome(risen))
		if len(risen) == 1 {
			note = risen[0].Reference + " is verified again"
		}
		events = append(events, verdictEvent(corev1.EventTypeNormal, v1alpha1.ImageVerifiedReason, note))
	}
	return events
}

// distrustedReferences returns the distrusted digests by reference.
func distrustedReferences(images []v1alpha1.ImageStatus) map[string]map[string]bool {
	distrust := map[string]map[string]bool{}
	for i := range images {
		if !distrusted(&images[i]) {
			continue
		}
		if distrust[images[i].Reference] == nil {
			distrust[images[i].Reference] = map[string]bool{}
		}
		distrust[images[i].Reference][images[i].Digest] = true
	}
	return distrust
}

// cutBefore tells that an image which the list lacked may be no news: the list was cut, and no more images are
// untrusted than there were.
func cutBefore(before, after *v1alpha1.KarmadaImageTrustStatus) bool {
	return before.Summary != nil && after.Summary != nil &&
		int(*before.Summary.Images) > len(before.Images) && *after.Summary.Untrusted <= *before.Summary.Untrusted
}

func verdictEvent(kind, reason, note string) event {
	return event{kind: kind, reason: reason, action: "Verify", note: truncate(note, maxMessage)}
}
