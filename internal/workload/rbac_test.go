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

package workload

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// TestRole compares the role that is generated from the RBAC markers with the table: the manager may list and watch
// exactly the kinds that it watches. After a change of the table, adapt the markers in
// controllers/karmadaimagetrust_controller.go and run make manifests.
func TestRole(t *testing.T) {
	content, err := os.ReadFile("../../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.Unmarshal(content, role); err != nil {
		t.Fatal(err)
	}
	verbs := map[schema.GroupResource][]string{}
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				at := schema.GroupResource{Group: group, Resource: resource}
				verbs[at] = append(verbs[at], rule.Verbs...)
			}
		}
	}
	for _, k := range All() {
		var want []string
		if k.Watched {
			want = []string{"list", "watch"}
		}
		at := schema.GroupResource{Group: k.Group, Resource: k.Resource}
		slices.Sort(verbs[at])
		if diff := cmp.Diff(want, verbs[at]); diff != "" {
			t.Errorf("verbs for %s (-want +got):\n%s", at, diff)
		}
		delete(verbs, at)
	}
	for at := range verbs {
		if at.Group == "apps" || at.Group == "batch" {
			t.Errorf("the role has a rule for %s, which is not in the table", at)
		}
	}
}
