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

package forecast

import (
	"maps"
	"slices"
	"sync"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// NamespaceImages are the images that the workloads of namespaces have, as policies match them: by whole names with a digest, as
// admission.WholeName returns them. What it has of a namespace is what the workloads of that version of the namespace have. All trusts
// share it, since it would take as much memory for each of them. The zero value is empty, ready for use, and safe for concurrent use.
type NamespaceImages struct {
	mu     sync.Mutex
	spaces map[string]namespaceImages
	images map[string]*spreadImage
}

type namespaceImages struct {
	version uint64
	images  []*spreadImage
}

// spreadImage is an image with the namespaces that have it.
type spreadImage struct {
	whole      string
	namespaces map[string]struct{}
}

// Update takes in the workloads of a version of a namespace. Versions increase, and an older one than the last changes nothing.
func (n *NamespaceImages) Update(namespace string, version uint64, workloads []inventory.Workload) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if before, known := n.spaces[namespace]; known && before.version >= version {
		return
	}
	n.remove(namespace)
	written := map[string]bool{}
	for i := range workloads {
		for _, c := range workloads[i].Template {
			written[c.Image] = true
		}
		for _, r := range workloads[i].Running {
			written[r.Image] = true
		}
	}
	if n.spaces == nil {
		n.spaces, n.images = map[string]namespaceImages{}, map[string]*spreadImage{}
	}
	space := namespaceImages{version: version}
	for image := range written {
		whole := admission.WholeName(image)
		if whole == "" {
			continue
		}
		spread := n.images[whole]
		if spread == nil {
			spread = &spreadImage{whole: whole, namespaces: map[string]struct{}{}}
			n.images[whole] = spread
		}
		if _, known := spread.namespaces[namespace]; !known {
			spread.namespaces[namespace] = struct{}{}
			space.images = append(space.images, spread)
		}
	}
	n.spaces[namespace] = space
}

// With returns the namespaces that have an image of which something is true. It drops the namespaces that are not of the current
// version any more: whoever wants to know of these has to look at their workloads anyway.
func (n *NamespaceImages) With(is func(whole string) bool, current func(namespace string) uint64) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for namespace, space := range n.spaces {
		if space.version != current(namespace) {
			n.remove(namespace)
		}
	}
	found := map[string]struct{}{}
	for whole, spread := range n.images {
		if is(whole) {
			maps.Copy(found, spread.namespaces)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (n *NamespaceImages) remove(namespace string) {
	for _, spread := range n.spaces[namespace].images {
		delete(spread.namespaces, namespace)
		if len(spread.namespaces) == 0 {
			delete(n.images, spread.whole)
		}
	}
	delete(n.spaces, namespace)
}
