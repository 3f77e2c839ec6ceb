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

package registry

import (
	"slices"
	"sync"

	"github.com/karmada-io/image-trust/internal/imagename"
)

// Named is the set of registries that policies name. It is safe for concurrent use; the zero value is empty.
type Named struct {
	mu    sync.RWMutex
	hosts map[string][]string // by policy
	count map[string]int      // the number of policies, by host
}

// Set replaces the hosts of a policy. Without hosts the policy is forgotten.
func (n *Named) Set(policy string, hosts []string) {
	folded := make([]string, 0, len(hosts))
	for _, host := range hosts {
		folded = append(folded, imagename.FoldHost(host))
	}
	slices.Sort(folded)
	folded = slices.Compact(folded)
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Equal(n.hosts[policy], folded) {
		return
	}
	for _, host := range n.hosts[policy] {
		if n.count[host]--; n.count[host] == 0 {
			delete(n.count, host)
		}
	}
	delete(n.hosts, policy)
	if len(folded) == 0 {
		return
	}
	if n.hosts == nil {
		n.hosts, n.count = map[string][]string{}, map[string]int{}
	}
	n.hosts[policy] = folded
	for _, host := range n.hosts[policy] {
		n.count[host]++
	}
}

// Has reports whether a policy names a host.
func (n *Named) Has(host string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.count[imagename.FoldHost(host)] > 0
}
