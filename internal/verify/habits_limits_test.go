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

package verify

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/policy"
)

// TestHabits: what is remembered is bounded, and what is in one repository or accepted by one rule is no habit of others.
func TestHabits(t *testing.T) {
	kept := newHabits()
	of := func(image, subject string) *verification {
		digest, err := name.NewDigest(fmt.Sprintf("%s@sha256:%064d", image, 1))
		if err != nil {
			t.Fatal(err)
		}
		rule := policy.NewRule(policy.Signer{Issuer: "issuer", Subject: subject}, policy.NewFormats(policy.SimpleSigning, policy.Bundle))
		return &verification{image: digest, rule: rule, habits: kept}
	}
	found := func(format policy.Format) finding { return finding{Result: Result{Format: format}} }
	signature := &claim{}
	for i := range 2 * maxHabits {
		of(fmt.Sprint("registry.example/karmada/app-", i), fmt.Sprint(i)).remember(signature, found(policy.Bundle))
	}
	if images, places := kept.images.Len(), kept.places.Len(); images != maxHabits || places != maxHabits {
		t.Errorf("%d images and %d places are remembered, want %d", images, places, maxHabits)
	}

	of("registry.example/tenant/app", "tenant").remember(signature, found(policy.Bundle))
	of("registry.example/both/app", "both").remember(signature, found(policy.SimpleSigning))
	of("registry.example/both/app", "both").remember(signature, found(policy.Bundle))
	for what, tc := range map[string]struct {
		v    *verification
		c    *claim
		want bool
	}{
		"the image":                           {of("registry.example/tenant/app", "tenant"), signature, true},
		"its repository, another rule":        {of("registry.example/tenant/app", "other"), signature, true},
		"its rule, another repository":        {of("registry.example/tenant/web", "tenant"), signature, true},
		"its rule, another registry":          {of("registry-2.example/tenant/web", "tenant"), signature, false},
		"its registry, another rule":          {of("registry.example/karmada/app", "other"), signature, false},
		"an attestation":                      {of("registry.example/tenant/app", "tenant"), &claim{attestation: &policy.Attestation{}}, false},
		"an image with both, by the latest":   {of("registry.example/both/app", "both"), signature, true},
		"another image where both were found": {of("registry.example/both/web", "both"), signature, false},
	} {
		if got := tc.v.bundlesFirst(tc.c); got != tc.want {
			t.Errorf("%s: bundles first %t, want %t", what, got, tc.want)
		}
	}

	// A registry that had no list of referrers long ago may have one.
	late := of("registry.example/karmada/app", "late")
	kept.unlisted.Add("registry.example", time.Now().Add(-2*unlistedFor))
	if late.assumeTagged(t.Context()); late.referrers != nil {
		t.Error("the fallback tag was read")
	}
}
