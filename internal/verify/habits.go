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
	"sync"
	"time"

	"k8s.io/utils/lru"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

const (
	// maxHabits is the number of images, and that of repositories and registries, of which it is remembered where signatures are.
	maxHabits = 16384
	// maxRegistries is the number of registries of which it is remembered that they have no list of referrers, and unlistedFor is for
	// how long.
	maxRegistries = 1024
	unlistedFor   = time.Hour
	// maxFirstBundles is the number of bundles that are examined before anything else is looked for.
	maxFirstBundles = 10
)

// habits remember how what fulfilled a claim was stored most recently: for an image the latest time, for a repository, and for
// all that one rule accepts from one registry, a .sig or .att if there ever was one. They decide where an image is looked at first,
// and never what is accepted.
type habits struct {
	mu     sync.Mutex
	images *lru.Cache // of bool by habit: whether it was a Sigstore bundle
	places *lru.Cache // the same for repositories and registries
	// unlisted has the time at which a registry had no list of the referrers of an image that had some, by registry.
	unlisted *lru.Cache
}

// habit is what is remembered something of.
type habit struct {
	// place is an image, a repository or a registry, the latter together with the ID of a rule: who signs for others in the same
	// registry says nothing about an image.
	place, rule string
	attested    bool
}

func newHabits() *habits {
	return &habits{images: lru.New(maxHabits), places: lru.New(maxHabits), unlisted: lru.New(maxRegistries)}
}

// placesOf are the repository and the registry of an image, the nearest first.
func (v *verification) placesOf(c *claim) []habit {
	attested, repository := c.attestation != nil, v.image.Context()
	return []habit{
		{place: repository.Name(), attested: attested},
		{place: repository.RegistryStr(), rule: v.rule.ID(), attested: attested},
	}
}

func (v *verification) imageHabit(c *claim) habit {
	return habit{place: v.image.Name(), attested: c.attestation != nil}
}

// bundlesFirst reports whether a Sigstore bundle is what probably fulfils a claim.
func (v *verification) bundlesFirst(c *claim) bool {
	if known, ok := v.habits.images.Get(v.imageHabit(c)); ok {
		return known == true
	}
	for _, place := range v.placesOf(c) {
		if known, ok := v.habits.places.Get(place); ok {
			return known == true
		}
	}
	return false
}

// remember how what fulfils a claim is stored.
func (v *verification) remember(c *claim, found finding) {
	bundled := found.Format.Storage() == v1alpha1.SignatureFormatBundle
	v.habits.images.Add(v.imageHabit(c), bundled)
	v.habits.mu.Lock()
	defer v.habits.mu.Unlock()
	for _, place := range v.placesOf(c) {
		if known, ok := v.habits.places.Get(place); !bundled || !ok || known == true {
			v.habits.places.Add(place, bundled)
		}
	}
}

// rememberList remembers whether the registry has a list of referrers. One that refuses to show it may have one.
func (v *verification) rememberList() {
	host := v.image.Context().RegistryStr()
	switch listed := v.referrers; {
	case listed.err != nil || listed.Refused || listed.Hidden != nil:
	case !listed.Tagged:
		v.habits.unlisted.Remove(host)
	case len(listed.Manifests) > 0:
		v.habits.unlisted.Add(host, time.Now())
	}
}

// assumeTagged reads the list under the fallback tag if the registry probably has no other one.
func (v *verification) assumeTagged(ctx context.Context) {
	known, _ := v.habits.unlisted.Get(v.image.Context().RegistryStr())
	if at, ok := known.(time.Time); !ok || time.Since(at) > unlistedFor {
		return
	}
	if listed, found, err := v.registry.TaggedReferrers(ctx, v.image); err != nil || found {
		v.referrers = &listing{Referrers: listed, err: err, assumed: true}
	}
}

// fewBundles are bundles of which only the first ones are examined.
type fewBundles struct{ bundleStorage }

func (f fewBundles) list(ctx context.Context, v *verification, c *claim) (listed entryList, problem *finding) {
	if v.referrers == nil {
		v.assumeTagged(ctx)
	}
	if v.referrers == nil {
		listed, problem = f.bundleStorage.list(ctx, v, c)
	} else {
		listed, problem = v.bundles(c)
	}
	listed.entries = listed.entries[:min(len(listed.entries), maxFirstBundles)]
	listed.candidates = len(listed.entries)
	return listed, problem
}

// lookFirst looks for a bundle that fulfils a claim where it probably is one, before the storages are searched in their order. That
// can only accept: without such a bundle the search begins as if nobody had looked, with most of its time and all it may fetch.
func (v *verification) lookFirst(ctx context.Context, c *claim) (finding, bool) {
	storages := c.storages()
	if v.orderly || len(storages) == 0 || storages[0] == (bundleStorage{}) || !c.formats.HasStorage(v1alpha1.SignatureFormatBundle) ||
		!v.bundlesFirst(c) {
		return finding{}, false
	}
	if deadline, ok := ctx.Deadline(); ok {
		const share = 3 // one part of so many of the time
		limited, cancel := context.WithTimeout(ctx, time.Until(deadline)/share)
		defer cancel()
		ctx = limited
	}
	fetched := v.fetched
	looked := *c
	found := v.verifyEach(ctx, fewBundles{}, &looked)
	v.fetched = fetched
	found.PassedOver = found.Verdict == v1alpha1.VerdictVerified
	return found, found.PassedOver
}

// isInDoubt reports whether something about a verdict of Verified may keep a verifier from accepting the image.
func (r *Result) isInDoubt() bool {
	return r.OtherCurve || r.ExpiredAuthority || r.Unlisted || !r.AnyOrder
}
