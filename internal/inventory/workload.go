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

package inventory

import (
	"cmp"
	"maps"
	"slices"
)

// assembleAll returns the workloads of roots, by namespace, kind and name.
func (x *Index) assembleAll(roots map[*node]bool) []Workload {
	workloads := make([]Workload, 0, len(roots))
	for root := range roots {
		workloads = append(workloads, x.assemble(root))
	}
	slices.SortFunc(workloads, func(a, b Workload) int {
		return cmp.Or(
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.UID, b.UID),
		)
	})
	return workloads
}

func (x *Index) assemble(root *node) Workload {
	w := Workload{Namespace: root.namespace, UID: root.uid}
	pods := 0
	members := x.folded(root)
	size := 0
	for _, member := range members {
		for _, g := range member.groups {
			size = max(size, len(g.running))
		}
	}
	seen := make(map[Running]bool, size)
	for _, member := range members {
		for _, g := range member.groups {
			pods += g.pods
			for _, r := range g.running {
				seen[r] = true
			}
		}
	}
	if o := root.object; o != nil {
		w.Group, w.Version, w.Kind, w.Name = o.Group, o.Version, o.Kind, o.Name
		w.Labels, w.ChildLabels, w.PodLabels, w.Template = o.Labels, o.ChildLabels, o.PodLabels, o.Template
		w.Idle = o.Idle && pods == 0
		for _, r := range o.Running {
			seen[r] = true
		}
	} else {
		w.Group, w.Version, w.Kind, w.Name = root.owner.Group, root.owner.Version, root.owner.Kind, root.owner.Name
		w.PodLabels = root.somePodLabels()
	}
	if len(seen) > 0 {
		w.Running = slices.AppendSeq(make([]Running, 0, len(seen)), maps.Keys(seen))
	}
	slices.SortFunc(w.Running, func(a, b Running) int {
		return cmp.Or(compareContainers(a.Container, b.Container), cmp.Compare(a.Digest, b.Digest), compareBool(a.Started, b.Started))
	})
	return w
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// somePodLabels returns the labels of one group of pods, always the same one. If their owner is not watched, these
// are the only labels known.
func (n *node) somePodLabels() map[string]string {
	for _, key := range slices.Sorted(maps.Keys(n.groups)) {
		return n.groups[key].labels
	}
	return nil
}
