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

	"github.com/karmada-io/image-trust/internal/inventory"
)

// TestRequestsNameTheirNamespaces has an image that two namespaces use, one that one uses, and one that the trust lists: the
// namespaces are who is served in turn.
func TestRequestsNameTheirNamespaces(t *testing.T) {
	workload := func(namespace string, images ...string) inventory.Workload {
		w := inventory.Workload{Kind: "Deployment", Namespace: namespace, Name: "web"}
		for _, image := range images {
			w.Template = append(w.Template, inventory.Container{Field: "containers", Name: image, Image: image})
		}
		return w
	}
	shared, own := "docker.io/karmada/shared:v1", "docker.io/karmada/own:v1"
	images := CollectImages(newTrust(t, "", "docker.io/karmada/*"), []inventory.Workload{
		workload("b", shared, own), workload("a", shared), workload("a", shared),
	})
	got := map[string][]string{}
	for _, request := range images.Requests(nil, nil) {
		got[request.Ref.Identifier()+" "+request.Ref.Context().RepositoryStr()] = request.Namespaces
	}
	want := map[string][]string{"v1 karmada/shared": {"a", "b"}, "v1 karmada/own": {"b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
}
