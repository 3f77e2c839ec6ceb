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

import "k8s.io/apimachinery/pkg/types"

// Pods returns how many pods of a workload have started a container, by the UID of the workload. A standalone pod has none.
func (x *Index) Pods(uid types.UID) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	root := x.nodes[uid]
	if root == nil {
		return 0
	}
	pods := 0
	for _, member := range x.folded(root) {
		for _, g := range member.groups {
			pods += g.pods
		}
	}
	return int64(pods)
}
