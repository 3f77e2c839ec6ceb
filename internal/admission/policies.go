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

package admission

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/imageglob"
)

const (
	// maxCachedImages bounds how many images the covering policies are cached for.
	maxCachedImages = 50_000
	// maxChanged bounds how many policies differ from those that the globs were combined of.
	maxChanged = 64
)

// Policies are the policies of a cluster. The set is immutable and safe for concurrent use.
type Policies struct {
	all []*Policy // by name
	// coverage is that of a set from which this one differs by changed, so that the change of one policy does not make all globs be
	// combined anew.
	coverage *coverage
	// changed are policies by name, and nil for one that is gone.
	changed map[string]*Policy
	// registries that the policies name, without those of the overlay.
	registries func() []string
	// digests and selections report whether a policy has a glob for a single digest, and whether one applies to some objects only.
	digests, selections bool
	// overlay replaces the policy of its name, or is added to the others. It is nil in most sets.
	overlay *Policy
}

// coverage finds the policies whose globs match an image. What it has cached for an image is what is found, since its policies do
// not change.
type coverage struct {
	globs imageglob.Set[*Policy]
	// invalid are the policies that cover any image.
	invalid []*Policy

	mu      sync.Mutex
	byImage map[string][]*Policy
}

// NewPolicies returns a set of policies.
func NewPolicies(policies ...*Policy) *Policies {
	all := byName(slices.Clone(policies))
	return newPolicies(all, newCoverage(all), nil)
}

func newPolicies(all []*Policy, coverage *coverage, changed map[string]*Policy) *Policies {
	p := &Policies{all: all, coverage: coverage, changed: changed}
	for _, policy := range all {
		p.digests = p.digests || policy.namesDigest
		p.selections = p.selections || len(policy.matches) > 0
	}
	p.registries = sync.OnceValue(func() []string {
		var registries []string
		for _, policy := range all {
			registries = append(registries, policy.registries...)
		}
		slices.Sort(registries)
		return slices.Compact(registries)
	})
	return p
}

func newCoverage(policies []*Policy) *coverage {
	c := &coverage{byImage: map[string][]*Policy{}}
	for _, policy := range policies {
		if policy.invalid != "" {
			c.invalid = append(c.invalid, policy)
		} else {
			c.globs.Add(policy, policy.globs...)
		}
	}
	return c
}

// Registries returns the registries that globs of the policies name without a wildcard, each in its one spelling. Those of the
// policy that With added are not among them. The list must not be changed.
func (p *Policies) Registries() []string { return p.registries() }

// With returns the set with one policy added, or replaced by name. It shares the cache of the set.
func (p *Policies) With(policy *Policy) *Policies {
	with := *p
	with.overlay = policy
	return &with
}

// changedTo returns the set with the policy of a name added, replaced, or removed if it is nil. The set has no overlay.
func (p *Policies) changedTo(name string, policy *Policy) *Policies {
	all := slices.Clone(p.all)
	at, found := slices.BinarySearchFunc(all, name, compareName)
	if found {
		all = slices.Delete(all, at, at+1)
	}
	if policy != nil {
		all = slices.Insert(all, at, policy)
	}
	changed := maps.Clone(p.changed)
	if changed == nil {
		changed = map[string]*Policy{}
	}
	changed[name] = policy
	if len(changed) > maxChanged {
		return newPolicies(all, newCoverage(all), nil)
	}
	return newPolicies(all, p.coverage, changed)
}

// Merge returns the set with some policies added, or replaced by name.
func (p *Policies) Merge(policies ...*Policy) *Policies {
	all := slices.DeleteFunc(slices.Clone(p.all), func(old *Policy) bool {
		return slices.ContainsFunc(policies, func(one *Policy) bool { return one.Name == old.Name })
	})
	return NewPolicies(append(all, policies...)...)
}

// Get returns the policy of a name, or nil.
func (p *Policies) Get(policy string) *Policy {
	if p.overlay != nil && p.overlay.Name == policy {
		return p.overlay
	}
	i, found := slices.BinarySearchFunc(p.all, policy, compareName)
	if !found {
		return nil
	}
	return p.all[i]
}

// Covering returns the policies that cover an image in an object, by name.
func (p *Policies) Covering(image name.Digest, o Object) []*Policy {
	whole := image.Name()
	var covering []*Policy
	for _, policy := range p.coveringImage(whole) {
		if (p.overlay == nil || policy.Name != p.overlay.Name) && policy.applies(&o) {
			covering = append(covering, policy)
		}
	}
	if p.overlay != nil && p.overlay.Covers(whole, &o) {
		at, _ := slices.BinarySearchFunc(covering, p.overlay.Name, compareName)
		covering = slices.Insert(covering, at, p.overlay)
	}
	return covering
}

// CoveringAlways returns the policies that cover an image in every object, by name. The policy that With added is not among them.
func (p *Policies) CoveringAlways(image name.Digest) []*Policy {
	var covering []*Policy
	for _, policy := range p.coveringImage(image.Name()) {
		if policy.always() {
			covering = append(covering, policy)
		}
	}
	return covering
}

// mayCover returns the policies that do not select an object, and cover the image in objects that they select.
func (p *Policies) mayCover(image name.Digest, o Object) []*Policy {
	whole := image.Name()
	var policies []*Policy
	for _, policy := range p.coveringImage(whole) {
		if (p.overlay == nil || policy.Name != p.overlay.Name) && !policy.applies(&o) {
			policies = append(policies, policy)
		}
	}
	if p.overlay != nil && !p.overlay.applies(&o) && p.overlay.CoversImage(whole) {
		policies = append(policies, p.overlay)
	}
	return policies
}

func compareName(policy *Policy, name string) int { return cmp.Compare(policy.Name, name) }

// nameDigests reports whether a policy has a glob for a single digest.
func (p *Policies) nameDigests() bool { return p.digests || p.overlay != nil && p.overlay.namesDigest }

// selective reports whether a policy applies to some objects only.
func (p *Policies) selective() bool {
	return p.selections || p.overlay != nil && len(p.overlay.matches) > 0
}

// coveringImage returns the policies whose globs match an image, by name, whatever the overlay is. The list must not be changed.
func (p *Policies) coveringImage(image string) []*Policy {
	combined := p.coverage.covering(image)
	if len(p.changed) == 0 {
		return combined
	}
	var covering []*Policy
	for _, policy := range combined {
		if _, changed := p.changed[policy.Name]; !changed {
			covering = append(covering, policy)
		}
	}
	for _, policy := range p.changed {
		if policy != nil && policy.CoversImage(image) {
			covering = append(covering, policy)
		}
	}
	return byName(covering)
}

func byName(policies []*Policy) []*Policy {
	slices.SortFunc(policies, func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) })
	return policies
}

// covering returns the policies whose globs match an image, by name.
func (c *coverage) covering(image string) []*Policy {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.byImage[image]; ok {
		return known
	}
	covering := slices.Clone(c.invalid)
	c.globs.Match(image, func(policy *Policy) { covering = append(covering, policy) })
	covering = slices.Compact(byName(covering)) // several globs of a policy may match
	if len(c.byImage) >= maxCachedImages {
		clear(c.byImage)
	}
	c.byImage[image] = covering
	return covering
}
