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

import "testing"

func TestPods(t *testing.T) {
	index := New(func(string) {})
	d := deployment("web", "xx:2")
	current, old := replicaSet("web-2", d, "xx:2"), replicaSet("web-1", d, "xx:1")
	for _, o := range []*Object{
		d, current, old, podOf("p1", ownedBy(current), "xx:2", "sha256:1"), podOf("p2", ownedBy(current), "xx:2", "sha256:2"),
		podOf("p3", ownedBy(old), "xx:1", "sha256:3"),
	} {
		index.Apply(o)
	}
	if of, ofOld, ofNone := index.Pods(d.UID), index.Pods(old.UID), index.Pods("none"); of != 2 || ofOld != 1 || ofNone != 0 {
		t.Errorf("got %d, %d and %d pods, want 2, 1 and 0", of, ofOld, ofNone)
	}
}
