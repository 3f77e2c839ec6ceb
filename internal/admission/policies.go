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
	"slices"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxCachedImages bounds how many images the covering policies are cached for.
const maxCachedImages = 50_000

// Policies are the policies of a cluster. The set is immutable and safe for concurrent use.
type Policies struct {
	all      []*Policy // by name
	coverage *coverageCache
	// registries that the policies name, without those of the overlay.
	registries []string
	// overlay replaces the policy of its name, or is added to the others. It is nil in most sets.
	overlay *Policy
}

// coverageCache holds the policies whose globs match an image, by image.
type coverageCache struct {
	mu      sync.Mutex
	byImage map[string][]*Policy
}

// NewPolicies returns a set of policies.
func NewPolicies(policies ...*Policy) *Policies {
	all := slices.Clone(policies)
	slices.SortFunc(all, func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) })
	var registries []string
	for _, policy := range all {
		registries = append(registries, policy.registries...)
	}
	slices.Sort(registries)
	return &Policies{
		all: all, coverage: &coverageCache{byImage: map[string][]*Policy{}}, registries: slices.Compact(registries),
	}
}

// Registries returns the registries that globs of the policies name without a wildcard, each in its one spelling. Those of the
// policy that With added are not among them. The list must not be changed.
func (p *Policies) Registries() []string { return p.registries }

// With returns the set with one policy added, or replaced by name. It shares the cache of the set.
func (p *Policies) With(policy *Policy) *Policies {
	return &Policies{all: p.all, coverage: p.coverage, registries: p.registries, overlay: policy}
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
	for _, policy := range p.coverage.covering(whole, p.all) {
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

func compareName(policy *Policy, name string) int { return cmp.Compare(policy.Name, name) }

// nameDigests reports whether a policy has a glob for a single digest.
func (p *Policies) nameDigests() bool {
	return p.any(func(policy *Policy) bool { return policy.namesDigest })
}

// selective reports whether a policy applies to some objects only.
func (p *Policies) selective() bool {
	return p.any(func(policy *Policy) bool { return len(policy.matches) > 0 })
}

func (p *Policies) any(has func(*Policy) bool) bool {
	return slices.ContainsFunc(p.all, has) || p.overlay != nil && has(p.overlay)
}

// covering returns the policies whose globs match an image.
func (c *coverageCache) covering(image string, all []*Policy) []*Policy {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.byImage[image]; ok {
		return known
	}
	var covering []*Policy
	for _, policy := range all {
		if policy.CoversImage(image) {
			covering = append(covering, policy)
		}
	}
	if len(c.byImage) >= maxCachedImages {
		clear(c.byImage)
	}
	c.byImage[image] = covering
	return covering
}
