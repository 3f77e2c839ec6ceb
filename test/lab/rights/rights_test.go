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

package rights

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/manifest"
)

const roles = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: wide}
rules:
- {apiGroups: [""], resources: [pods], verbs: [list, watch, delete]}
- {apiGroups: [g], resources: [things, things/status], verbs: [create, patch]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [config], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: wide}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: wide}
subjects: [{kind: ServiceAccount, namespace: system, name: operator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: narrow, namespace: default}
rules:
- {apiGroups: [""], resources: [events], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: narrow, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: narrow}
subjects: [{kind: ServiceAccount, namespace: system, name: operator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: of-others}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: of-others}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: of-others}
subjects: [{kind: ServiceAccount, namespace: system, name: other}]
`

func TestUnused(t *testing.T) {
	objects, err := manifest.Parse([]byte(roles))
	if err != nil {
		t.Fatal(err)
	}
	granted, err := Granted(objects, types.NamespacedName{Namespace: "system", Name: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	if len(granted) != 9 {
		t.Fatalf("granted %v, want 9 rights", granted)
	}
	requests := []controlplane.Request{
		{Verb: "watch", Resource: "pods", URI: "/api/v1/pods?sendInitialEvents=true&watch=true", Code: 200},
		{Verb: "delete", Resource: "pods", Namespace: "a", Name: "x", Code: 403},
		{Verb: "patch", Group: "g", Resource: "things", Namespace: "a", Name: "x", Code: 201},
		{Verb: "patch", Group: "g", Resource: "things", Namespace: "b", Name: "x", Code: 200},
		{Verb: "patch", Group: "g", Resource: "things", Subresource: "status", Namespace: "a", Name: "x", Code: 200},
		{Verb: "list", Resource: "configmaps", URI: "/api/v1/configmaps?fieldSelector=metadata.name%3Dconfig", Code: 200},
		{Verb: "create", Resource: "events", Namespace: "other", Code: 201},
	}
	var got []string
	for _, right := range Unused(granted, requests) {
		got = append(got, right.String())
	}
	want := []string{
		"delete pods. in all namespaces",           // denied
		"create things.g in all namespaces",        // in one namespace only
		"create things/status.g in all namespaces", // never
		"patch things/status.g in all namespaces",  // in one namespace only
		"create events. in namespace default",      // in another namespace
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unused rights (-want +got):\n%s", diff)
	}
}

func TestRoleThatIsMissing(t *testing.T) {
	objects, err := manifest.Parse([]byte(roles))
	if err != nil {
		t.Fatal(err)
	}
	if granted, err := Granted(objects[1:], types.NamespacedName{Namespace: "system", Name: "operator"}); err == nil {
		t.Errorf("got %v, want an error", granted)
	}
}
