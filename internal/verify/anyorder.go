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
	"context"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// maxOthersRead is the number of other artifacts attached to an image that are read to tell whether the order of its bundles matters.
const maxOthersRead = 10

// effect is what a bundle does to the others of an image, for a verifier in which one of Rekor v2 makes it require a timestamp
// of them: see Result.AnyOrder.
type effect struct {
	// requiresTimestamps reports whether the bundle makes a verifier require a timestamp of others.
	requiresTimestamps bool
	// fulfills are the claims that the bundle fulfills, whatever other bundles there are.
	fulfills []*claim
}

// anyOrder reports whether all claims, which are fulfilled, are so in whichever order bundles are verified: see Result.AnyOrder.
func (v *verification) anyOrder(ctx context.Context, claims []claim) bool {
	var open []*claim
	read := map[v1.Hash]bool{} // what fulfills an open claim has the time of a log, so that it requires no timestamp of others
	for i := range claims {
		if c := &claims[i]; c.withoutStamp != nil {
			open = append(open, c)
			read[*c.withoutStamp] = true
		}
	}
	if len(open) == 0 {
		return true
	}
	if v.referrers == nil {
		return false
	}
	// Any kind of artifact may have a bundle as its only layer, and cosign looks at nothing else.
	var others []v1.Descriptor
	for _, entry := range v.referrers.Manifests {
		if !read[entry.Digest] {
			read[entry.Digest] = true
			others = append(others, entry)
		}
	}
	if len(others) > maxOthersRead {
		return false
	}
	v.brief = true
	mayRequire := false
	for _, entry := range others {
		one, ok := v.effectOf(ctx, entry, open)
		if ctx.Err() != nil {
			return false
		}
		mayRequire = mayRequire || !ok || one.requiresTimestamps
		open = slices.DeleteFunc(open, func(c *claim) bool { return slices.Contains(one.fulfills, c) })
	}
	return !mayRequire || len(open) == 0
}

// effectOf examines an artifact for what it does to other bundles; ok is false if that was not found out.
func (v *verification) effectOf(ctx context.Context, entry v1.Descriptor, open []*claim) (does effect, ok bool) {
	manifest, problem := v.referrer(ctx, entry)
	if problem != nil || manifest == nil {
		return effect{}, false // of an index, policy-controller may read one of its images
	}
	layer, ok := bundleLayer(manifest)
	if !ok {
		return effect{}, true
	}
	content, problem := v.blob(ctx, layer, maxAttestation)
	release := v.release()
	if problem != nil {
		release()
		return effect{}, false
	}
	open = slices.Clone(open) // the examination may outlast this function
	found := isolated(ctx, func() finding {
		defer release()
		text := content
		content = nil
		return v.examineEffect(ctx, entry, text, open)
	})
	if found.effect == nil {
		return effect{}, false
	}
	return *found.effect, true
}

// examineEffect examines the bundle of an artifact. Like in cosign v3.0.5, it makes cosign require a timestamp of others if it has
// log entries, and none has a time (pkg/cosign/verify_bundle.go, rekorV2Bundle).
func (v *verification) examineEffect(ctx context.Context, entry v1.Descriptor, content []byte, open []*claim) finding {
	read, err := parseBundle(content)
	if err != nil {
		return finding{}
	}
	entries := read.GetVerificationMaterial().GetTlogEntries()
	does := &effect{requiresTimestamps: len(entries) > 0 && !slices.ContainsFunc(entries, hasTime)}
	for _, c := range open {
		parsed, problem := (bundleStorage{}).parse(v, c, entry, content)
		if problem != nil {
			continue
		}
		found := v.decide(ctx, c, parsed)
		// A bundle that needs no log is accepted by another authority than the one of other bundles.
		if found.Verdict == v1alpha1.VerdictVerified && !found.withoutStamp && found.Format != policy.TimestampedBundle {
			does.fulfills = append(does.fulfills, c)
		}
	}
	return finding{effect: does}
}
