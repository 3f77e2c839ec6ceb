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
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// TestNamespaceImages has namespaces change in random order while trusts that are slower than others update them with what they read
// before. A trust that has taken in the current version of a namespace is told of each image in it.
func TestNamespaceImages(t *testing.T) {
	const events = 3000
	random := rand.New(rand.NewPCG(1, 1))
	names := &NamespaceImages{}
	current := map[string]uint64{}                   // versions
	workloads := map[string][][]inventory.Workload{} // by version
	taken := map[string]uint64{}                     // versions that were taken in
	version := uint64(0)
	for range events {
		namespace := fmt.Sprint("ns-", random.IntN(4))
		switch random.IntN(4) {
		case 0: // its workloads change
			version++
			current[namespace] = version
			one := inventory.Workload{Namespace: namespace}
			for range random.IntN(3) {
				one.Template = append(one.Template, inventory.Container{Image: fmt.Sprint("example.com/app-", random.IntN(5), ":v1")})
				one.Running = append(one.Running, inventory.Running{Container: inventory.Container{Image: "not an image"}})
			}
			for uint64(len(workloads[namespace])) < version {
				workloads[namespace] = append(workloads[namespace], nil)
			}
			workloads[namespace] = append(workloads[namespace], []inventory.Workload{one})
		case 1: // a trust takes in what it has read, now or before
			read := current[namespace]
			if read > 0 && random.IntN(3) == 0 {
				read = 1 + random.Uint64N(read)
			}
			if read == 0 || workloads[namespace][read] == nil {
				continue
			}
			names.Update(namespace, read, workloads[namespace][read])
			taken[namespace] = max(taken[namespace], read)
		default:
			app := fmt.Sprint("example.com/app-", random.IntN(5), "@")
			got := names.With(
				func(whole string) bool { return strings.HasPrefix(whole, app) },
				func(namespace string) uint64 { return current[namespace] })
			var want []string
			for namespace, at := range current {
				if taken[namespace] == at && slices.ContainsFunc(workloads[namespace][at][0].Template, func(c inventory.Container) bool {
					return strings.HasPrefix(c.Image, strings.TrimSuffix(app, "@"))
				}) {
					want = append(want, namespace)
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
				t.Fatalf("namespaces with %s (-want +got):\n%s", app, diff)
			}
		}
	}
}
