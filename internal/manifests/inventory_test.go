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

package manifests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// TestInventory adds manifests to an index, and lists the objects that admission would see.
func TestInventory(t *testing.T) {
	f := read(t, `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: d, labels: {l: d}}
  spec: {template: {metadata: {labels: {l: p}}, spec: {containers: [{name: a, image: img:1}]}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: d}
  spec: {template: {spec: {containers: [{name: patched, image: img:2}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: j, namespace: other}
spec: {jobTemplate: {metadata: {labels: {l: j}}, spec: {template: {spec: {containers: [{name: b, image: img:3}]}}}}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: r, labels: {l: r}}
spec: {template: {metadata: {labels: {l: p}}, spec: {containers: [{name: c, image: img:4}]}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: t, labels: {l: t}}
template: {metadata: {labels: {l: p}}, spec: {containers: [{name: e, image: img:6}]}}
---
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: old, namespace: other}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: f, image: img:7}]}}}}}
---
# Copied from a cluster, without its UID.
apiVersion: v1
kind: Pod
metadata:
  name: p
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: gone, uid: u, controller: true}]
spec: {containers: [{name: d, image: img:5}]}
`)
	index := inventory.New(func(string) {})
	uids := map[string]bool{}
	for _, o := range f.Objects {
		converted, err := o.Inventory("here")
		if err != nil {
			t.Fatal(err)
		}
		if converted == nil {
			continue
		}
		again, err := o.Inventory("here")
		if diff := cmp.Diff(converted, again); err != nil || diff != "" {
			t.Errorf("not stable: %v\n%s", err, diff)
		}
		uids[string(converted.UID)] = true
		index.Apply(converted)
	}
	if len(uids) != 7 {
		t.Errorf("%d UIDs of 7 objects", len(uids))
	}
	var got []string
	for _, workload := range index.Select("all", "", func(string) bool { return true }) {
		for _, s := range forecast.AdmissionObjects(workload) {
			got = append(got, fmt.Sprintf("%s/%s %s %v %s %s", s.Group, s.Kind, s.Namespace, s.Labels, s.Containers[0].Name, s.Containers[0].Image))
		}
	}
	want := []string{
		"apps/Deployment here map[l:d] a img:1", "apps/ReplicaSet here map[l:p] a img:1", "/Pod here map[l:p] a img:1",
		"apps/Deployment here map[] patched img:2", "apps/ReplicaSet here map[] patched img:2", "/Pod here map[] patched img:2",
		"/Pod here map[] d img:5",
		"/Pod here map[l:p] e img:6",
		"/Pod here map[l:p] c img:4",
		"batch/CronJob other map[] b img:3", "batch/Job other map[l:j] b img:3", "/Pod other map[] b img:3",
		"batch/CronJob other map[] f img:7", "batch/Job other map[] f img:7", "/Pod other map[] f img:7",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInventoryErrors(t *testing.T) {
	o := read(t, "a: 1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: 1.5}]}\n").Objects[0]
	_, err := o.Inventory("here")
	if err == nil || !strings.HasPrefix(err.Error(), "m.yaml:3: Pod p: ") {
		t.Errorf("got %v", err)
	}
}

// TestInventoryOfACluster converts an object as kubectl prints it, with its UID, owner and status.
func TestInventoryOfACluster(t *testing.T) {
	o := read(t, `apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: ns
  uid: u1
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u2, controller: true}]
spec: {containers: [{name: d, image: img:5}]}
status:
  phase: Running
  containerStatuses: [{name: d, imageID: "docker.io/library/x@sha256:`+strings.Repeat("a", 64)+`"}]
`).Objects[0]
	got, err := o.Inventory("here")
	if err != nil {
		t.Fatal(err)
	}
	container := inventory.Container{Field: "containers", Name: "d", Image: "img:5"}
	want := &inventory.Object{
		Version: "v1", Kind: "Pod", Namespace: "ns", Name: "p", UID: "u1",
		Owner:    &inventory.Owner{Group: "apps", Version: "v1", Kind: "ReplicaSet", Name: "r", UID: "u2"},
		Template: []inventory.Container{container},
		Running:  []inventory.Running{{Container: container, Digest: "sha256:" + strings.Repeat("a", 64), Started: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
