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

// maxRemembered bounds how many images the policies that cover them are remembered for.
const maxRemembered = 50_000

// Policies of a cluster. They do not change, and are safe for concurrent use.
type Policies struct {
	all  []*Policy // by name
	memo *memo
	// instead takes the place of the policy of its name, or stands beside the others.
	instead *Policy
}

// memo of the policies that cover an image, whatever the object.
type memo struct {
	mu      sync.Mutex
	byImage map[string][]*Policy
}

// NewPolicies returns a set of policies.
func NewPolicies(policies ...*Policy) *Policies {
	all := slices.Clone(policies)
	slices.SortFunc(all, func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) })
	return &Policies{all: all, memo: &memo{byImage: map[string][]*Policy{}}}
}

// With returns the set with one policy added, or replaced by name. It shares what the set remembers.
func (p *Policies) With(policy *Policy) *Policies {
	return &Policies{all: p.all, memo: p.memo, instead: policy}
}

// Merge returns the set with some policies added, or replaced by name.
func (p *Policies) Merge(policies ...*Policy) *Policies {
	all := slices.DeleteFunc(slices.Clone(p.all), func(old *Policy) bool {
		return slices.ContainsFunc(policies, func(one *Policy) bool { return one.Name == old.Name })
	})
	return NewPolicies(append(all, policies...)...)
}

// Get returns the policy of a name, nil where there is none.
func (p *Policies) Get(policy string) *Policy {
	if p.instead != nil && p.instead.Name == policy {
		return p.instead
	}
	i, found := slices.BinarySearchFunc(p.all, policy, func(a *Policy, b string) int { return cmp.Compare(a.Name, b) })
	if !found {
		return nil
	}
	return p.all[i]
}

// Covering returns the policies that cover an image in an object, by name.
func (p *Policies) Covering(image name.Digest, o Object) []*Policy {
	whole := image.Name()
	var covering []*Policy
	for _, policy := range p.memo.covering(whole, p.all) {
		if (p.instead == nil || policy.Name != p.instead.Name) && policy.applies(&o) {
			covering = append(covering, policy)
		}
	}
	if p.instead != nil && p.instead.Covers(whole, &o) {
		at, _ := slices.BinarySearchFunc(covering, p.instead.Name, func(a *Policy, b string) int { return cmp.Compare(a.Name, b) })
		covering = slices.Insert(covering, at, p.instead)
	}
	return covering
}

// nameDigests tells whether any policy is about single digests.
func (p *Policies) nameDigests() bool {
	return slices.ContainsFunc(p.all, func(policy *Policy) bool { return policy.namesDigest }) ||
		p.instead != nil && p.instead.namesDigest
}

// selective tells whether any policy is about some objects only.
func (p *Policies) selective() bool {
	return slices.ContainsFunc(p.all, func(policy *Policy) bool { return len(policy.matches) > 0 }) ||
		p.instead != nil && len(p.instead.matches) > 0
}

func (m *memo) covering(image string, all []*Policy) []*Policy {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.byImage[image]; ok {
		return known
	}
	var covering []*Policy
	for _, policy := range all {
		if policy.CoversImage(image) {
			covering = append(covering, policy)
		}
	}
	if len(m.byImage) >= maxRemembered {
		clear(m.byImage)
	}
	m.byImage[image] = covering
	return covering
}
