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

package matching

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/test/memory"
)

// pod returns a pod that runs an image. Its owner is nil for a bare one.
func pod(name string, owner *inventory.Owner, container inventory.Container) *inventory.Object {
	running := inventory.Running{Container: container, Digest: "sha256:" + strings.Repeat("a", 64), Started: true}
	return &inventory.Object{
		Version: "v1", Kind: "Pod", Namespace: "default", Name: name, UID: types.UID("uid-" + name), Owner: owner,
		Template: []inventory.Container{container}, Running: []inventory.Running{running},
	}
}

// ownedPods returns the bytes that the inventory keeps for each pod of Deployments.
func ownedPods() float64 {
	const deployments, replicas = 3000, 50
	kept := memory.Kept(func() any {
		x := inventory.New(func(string) {})
		for i := range deployments {
			d := deployment(i, image(i))
			set := *d
			set.Kind, set.Name, set.UID = "ReplicaSet", d.Name+"-1", d.UID+"-1"
			set.Owner = &inventory.Owner{Group: d.Group, Version: d.Version, Kind: d.Kind, Name: d.Name, UID: d.UID}
			x.Apply(d)
			x.Apply(&set)
			owner := &inventory.Owner{Group: set.Group, Version: set.Version, Kind: set.Kind, Name: set.Name, UID: set.UID}
			for j := range replicas {
				x.Apply(pod(fmt.Sprintf("%08d-0000-0000-0000-%08d", i, j), owner, d.Template[0]))
			}
		}
		return x
	})
	return float64(kept) / (deployments * replicas)
}

// barePods returns the bytes that the inventory keeps for each pod that is a workload of its own.
func barePods() float64 {
	const pods = 100_000
	kept := memory.Kept(func() any {
		containers := make([]inventory.Container, images)
		for i := range containers {
			containers[i] = inventory.Container{Field: "containers", Name: "main", Image: image(i)}
		}
		x := inventory.New(func(string) {})
		for i := range pods {
			x.Apply(pod(fmt.Sprintf("%08d-0000-0000-0000-%08d", i, i), nil, containers[i%images]))
		}
		return x
	})
	return float64(kept) / pods
}
