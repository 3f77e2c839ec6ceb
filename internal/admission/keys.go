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
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// SetKeys adds or replaces a ConfigMap named KeysName whose data KeysData has reduced, and reports whether that changes the keys
// that policy-controller has. Those of other namespaces are remembered like configurations; see SetConfig.
func (s *State) SetKeys(config *corev1.ConfigMap) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.keys[config.Namespace]; ok && maps.Equal(before, config.Data) {
		return false
	}
	s.keys[config.Namespace] = config.Data
	return s.configChanged(config.Namespace)
}

// RemoveKeys removes the ConfigMap named KeysName of a namespace, and reports whether that changes the keys that
// policy-controller has.
func (s *State) RemoveKeys(namespace string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.keys[namespace]; !known {
		return false
	}
	delete(s.keys, namespace)
	return s.configChanged(namespace)
}

// hideKeys records that the keys cannot be read.
func (s *State) hideKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keysHidden = true
}

// currentKeys returns the keys that policy-controller has: none if it has not written its ConfigMap yet, and nil if they
// cannot be read, or if its namespace is not known.
func (s *State) currentKeys() Keys {
	namespace := s.configNamespace()
	if namespace == "" || s.keysHidden {
		return nil
	}
	if keys := s.keys[namespace]; keys != nil {
		return keys
	}
	return Keys{}
}

// PoliciesNaming returns a function that reports whether a policy that names a TrustRoot covers an image, by its whole name.
func (s *State) PoliciesNaming(trustRoot string) func(image string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var naming []PolicyChange
	for _, known := range s.policies {
		if known.parsed.names(trustRoot) {
			naming = append(naming, PolicyChange{after: known.parsed})
		}
	}
	return func(image string) bool {
		return slices.ContainsFunc(naming, func(c PolicyChange) bool { return c.Covers(image) })
	}
}

// names reports whether an authority of the policy names a TrustRoot.
func (p *Policy) names(trustRoot string) bool {
	return slices.ContainsFunc(p.readings, func(r reading) bool {
		return slices.ContainsFunc(r.authorities, func(a authority) bool { return slices.Contains(a.trustRoots, trustRoot) })
	})
}
