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
	status := func(images ...assess.Image) *v1alpha1.KarmadaImageTrustStatus {
		s := computeStatus(makeTrust(1), &observation{now: now, policy: applied(), images: images})
		return &s
	}
	tests := map[string]struct {
		before, after *v1alpha1.KarmadaImageTrustStatus
		want          []string
	}{
		"turns untrusted":               {status(image("a", verifiedResult)), status(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"untrusted from the start":      {status(), status(image("a", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"several at a time":             {status(), status(image("a", unsignedResult), image("b", unsignedResult)), []string{v1alpha1.ImageUntrustedReason}},
		"stays untrusted":               {status(image("a", unsignedResult)), status(image("a", unsignedResult)), nil},
		"outage of the untrusted":       {status(image("a", unsignedResult)), status(unavailable("a", unsignedResult)), nil},
		"and back":                      {status(unavailable("a", unsignedResult)), status(image("a", unsignedResult)), nil},
		"verified again":                {status(image("a", unsignedResult)), status(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified after an outage":      {status(unavailable("a", unsignedResult)), status(image("a", verifiedResult)), []string{v1alpha1.ImageVerifiedReason}},
		"verified from the start":       {status(), status(image("a", verifiedResult)), nil},
		"outage of the verified":        {status(image("a", verifiedResult)), status(unavailable("a", verifiedResult)), nil},
		"another bad digest":            {status(image("a", unsignedResult)), status(other(image("a", unsignedResult))), []string{v1alpha1.ImageUntrustedReason}},
		"a good digest instead":         {status(image("a", unsignedResult)), status(other(image("a", verifiedResult))), []string{v1alpha1.ImageVerifiedReason}},
		"a good digest in addition":     {status(image("a", unsignedResult)), status(image("a", unsignedResult), other(image("a", verifiedResult))), nil},
		"further down a truncated list": {status(many(0)...), status(many(1)...), nil},
		"one more of a truncated list":  {status(many(1)...), status(many(0)...), []string{v1alpha1.ImageUntrustedReason}},
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
