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
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
)

func TestVerdictEvents(t *testing.T) {
	list := func(images ...assess.Image) []assess.Image { return nonNil(images) }
	tests := map[string]struct {
		before, after []assess.Image
		want          []string
	}{
		"turns untrusted":               {list(image("a", verifiedResult)), list(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"untrusted from the start":      {list(), list(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"several at a time":             {list(), list(image("a", unsignedResult), image("b", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"stays untrusted":               {list(image("a", unsignedResult)), list(image("a", unsignedResult)), nil},
		"outage of the untrusted":       {list(image("a", unsignedResult)), list(unavailable("a", unsignedResult)), nil},
		"and back":                      {list(unavailable("a", unsignedResult)), list(image("a", unsignedResult)), nil},
		"verified again":                {list(image("a", unsignedResult)), list(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified after an outage":      {list(unavailable("a", unsignedResult)), list(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified from the start":       {list(), list(image("a", verifiedResult)), nil},
		"outage of the verified":        {list(image("a", verifiedResult)), list(unavailable("a", verifiedResult)), nil},
		"another bad digest":            {list(image("a", unsignedResult)), list(other(image("a", unsignedResult))), []string{v1alpha1.ImageUntrustedReason}},
		"a good digest instead":         {list(image("a", unsignedResult)), list(other(image("a", verifiedResult))), []string{v1alpha1.ImageVerifiedReason}},
		"a good digest in addition":     {list(image("a", unsignedResult)), list(image("a", unsignedResult), other(image("a", verifiedResult))), nil},
		"further down a truncated list": {many(0), many(1), nil},
		"one more of a truncated list":  {many(1), many(0), []string{v1alpha1.ImageUntrustedReason}},
		"another one instead":           {many(1), append(many(2), image("other", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			before := conclude(makeTrust(1), &observation{now: now, policy: applied(), images: tc.before})
			before.findings.records.record(nil)
			after := conclude(makeTrust(1), &observation{now: now, policy: applied(), images: tc.after, records: before.findings.records})
			var got []string
			events, _ := verdictEvents(&before.status, after.findings)
			for _, e := range events {
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
