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
)

// maxRemembered bounds how many changes of the state are remembered.
const maxRemembered = 4096

// Delta is what changed of the state since an epoch.
type Delta struct {
	// All reports whether anything may have changed: the state was changed in another way than by what follows, or it is not
	// remembered any more.
	All bool
	// Policies that changed, each once, by name. What they covered at the epoch and what they cover now are the images to look at.
	Policies []PolicyChange
	// Namespaces whose labels changed, sorted.
	Namespaces []string
}

// Name is the name of the policy.
func (c PolicyChange) Name() string {
	if c.after != nil {
		return c.after.Name
	}
	if c.before != nil {
		return c.before.Name
	}
	return ""
}

// NamesDigest reports whether the policy has a glob for a single digest now, or had one before. Whether there is one matters to
// images that it does not cover, too, since it may cover what their tags name.
func (c PolicyChange) NamesDigest() bool {
	return c.before != nil && c.before.namesDigest || c.after != nil && c.after.namesDigest
}

// CoversImage reports whether the policy covers an image now, or covered it before. The image is a whole name with a digest, as
// WithDigest returns it.
func (c PolicyChange) CoversImage(whole string) bool {
	return c.before != nil && c.before.CoversImage(whole) || c.after != nil && c.after.CoversImage(whole)
}

// history remembers the last changes of the state. Since the epoch oldest it has all of them.
type history struct {
	epoch, oldest uint64
	changes       []stateChange
}

// stateChange is a change of one policy, or of one namespace if the policy's name is empty.
type stateChange struct {
	epoch             uint64
	policy, namespace string
	change            PolicyChange
}

// add remembers a change.
func (h *history) add(change stateChange) {
	if len(h.changes) >= maxRemembered {
		half := len(h.changes) / 2
		h.oldest = h.changes[half-1].epoch
		h.changes = slices.Clone(h.changes[half:])
	}
	h.epoch++
	change.epoch = h.epoch
	h.changes = append(h.changes, change)
}

// forget begins anew, after a change that may concern everything.
func (h *history) forget() {
	h.epoch++
	h.oldest, h.changes = h.epoch, nil
}

// since returns what changed since an epoch. Epoch 0 is before everything.
func (h *history) since(epoch uint64) Delta {
	if epoch < h.oldest || epoch == 0 || epoch > h.epoch {
		return Delta{All: true}
	}
	first, _ := slices.BinarySearchFunc(h.changes, epoch+1, func(c stateChange, epoch uint64) int {
		return cmp.Compare(c.epoch, epoch)
	})
	policies, namespaces := map[string]PolicyChange{}, map[string]bool{}
	for _, c := range h.changes[first:] {
		if c.policy == "" {
			namespaces[c.namespace] = true
			continue
		}
		if earlier, ok := policies[c.policy]; ok {
			c.change.before = earlier.before
		}
		policies[c.policy] = c.change
	}
	var delta Delta
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		if change := policies[name]; !change.None() {
			delta.Policies = append(delta.Policies, change)
		}
	}
	delta.Namespaces = slices.Sorted(maps.Keys(namespaces))
	return delta
}

// Since returns what changed since the epoch of a Cluster; everything for one that was not returned by this State.
func (s *State) Since(epoch uint64) Delta {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history.since(epoch)
}

// changed drops the Cluster after a change that may concern every decision.
func (s *State) changed() {
	s.cluster = nil
	s.history.forget()
}

// policyChanged drops the Cluster after the change of a policy.
func (s *State) policyChanged(name string, change PolicyChange) {
	s.cluster = nil
	s.parsed = s.parsed.changedTo(name, change.after)
	s.history.add(stateChange{policy: name, change: change})
}

// namespaceChanged remembers that the labels of a namespace changed. The Cluster reads the current ones.
func (s *State) namespaceChanged(name string) { s.history.add(stateChange{namespace: name}) }
