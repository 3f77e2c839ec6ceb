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

package assess

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
)

// TestCollectUncovered lists what no trust selects, each image once.
func TestCollectUncovered(t *testing.T) {
	compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "somebody",
	})
	if err != nil {
		t.Fatal(err)
	}
	const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
	container := func(image string) inventory.Container {
		return inventory.Container{Field: "containers", Name: "a", Image: image}
	}
	got := CollectUncovered([]*policy.Policy{compiled}, []inventory.Workload{
		{Name: "covered", Template: []inventory.Container{container("karmada/a:v1")}},
		{
			Name: "runs", Template: []inventory.Container{container("nginx:1")},
			Running: []inventory.Running{{Container: container("nginx:1"), Digest: digest, Started: true}},
		},
		{Name: "asks", Template: []inventory.Container{container("docker.io/library/nginx:1"), container("redis@" + digest)}},
		{Name: "history", Idle: true, Template: []inventory.Container{container("old:1"), container("not an image")}},
	})
	want := []Uncovered{
		{Reference: "docker.io/library/nginx:1", Digest: digest, Usage: v1alpha1.UsageRunning, Users: []int{1}},
		{Reference: "docker.io/library/old:1", Usage: v1alpha1.UsageRollback, Users: []int{3}},
		{Reference: "docker.io/library/redis@" + digest, Digest: digest, Usage: v1alpha1.UsageRequested, Users: []int{2}},
		{Reference: "not an image", Usage: v1alpha1.UsageRollback, Users: []int{3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uncovered (-want +got):\n%s", diff)
	}
}
