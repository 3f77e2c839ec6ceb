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
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// watched returns an index whose subscriber me selects the first of the images that fill uses, and the namespaces that it notified
// of, each with whether that is urgent.
func watched() (*Index, map[string]bool) {
	x := fill(3, 1)
	x.Select("me", "1", MatchFunc(func(image string) bool { return strings.HasPrefix(image, "docker.io/karmada/image-0:") }))
	notified := map[string]bool{}
	x.WatchNamespaces(func(namespace string, subscribers int) { notified[namespace] = subscribers == 0 })
	return x, notified
}

func TestNeighboursHearOfImages(t *testing.T) {
	other := deployment("deployment-1", "docker.io/karmada/image-1:v1")
	relabelled, elsewhere := *other, *other
	relabelled.Labels = map[string]string{"a": "b"}
	elsewhere.Namespace, elsewhere.Name, elsewhere.UID = "other", "x", "x"
	for name, tc := range map[string]struct {
		do   func(*Index)
		want Neighbours
	}{
		"an image comes": {
			func(x *Index) { x.Apply(deployment("new", "new:v1")) },
			Neighbours{Subscribers: []string{"me"}, Images: []string{"new:v1"}},
		},
		"a workload gets another image": {
			func(x *Index) { x.Apply(deployment("deployment-1", "new:v1")) },
			Neighbours{Subscribers: []string{"me"}, Images: []string{"docker.io/karmada/image-1:v1", "new:v1"}},
		},
		"an image goes": {
			func(x *Index) { x.Delete("deployment-2") },
			Neighbours{Subscribers: []string{"me"}, Images: []string{"docker.io/karmada/image-2:v1"}},
		},
		"the labels of a workload change": {
			func(x *Index) { x.Apply(&relabelled) },
			Neighbours{Subscribers: []string{"me"}, Images: []string{"docker.io/karmada/image-1:v1"}},
		},
		"a pod runs what its owner asks for": {
			func(x *Index) {
				x.Apply(podOf("p", ownedBy(x.nodes["deployment-1-1"].object), "docker.io/karmada/image-1:v1", "sha256:other"))
			},
			Neighbours{},
		},
		"a workload of another namespace": {func(x *Index) { x.Apply(&elsewhere) }, Neighbours{}},
	} {
		t.Run(name, func(t *testing.T) {
			x, notified := watched()
			tc.do(x)
			if urgent, ok := notified["ns"]; urgent || ok != (tc.want.Subscribers != nil) {
				t.Errorf("the namespace is notified of: %t, urgently: %t", ok, urgent)
			}
			if !notified["ns"] && tc.want.Subscribers == nil {
				return
			}
			if diff := cmp.Diff(tc.want, x.NeighboursOf("ns")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := x.NeighboursOf("ns"); again.Images != nil || again.All {
				t.Errorf("the second time: %+v", again)
			}
		})
	}
}

func TestTouch(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(*Index)
		want bool
	}{
		"a namespace":                        {func(x *Index) { x.TouchNamespace("ns") }, true},
		"another namespace":                  {func(x *Index) { x.TouchNamespace("other") }, false},
		"another image in the namespace":     {func(x *Index) { x.TouchImages(func(i string) bool { return strings.Contains(i, "image-2:") }) }, true},
		"an image that nothing uses":         {func(x *Index) { x.TouchImages(func(i string) bool { return strings.Contains(i, "image-7:") }) }, false},
		"a namespace without any subscriber": {func(x *Index) { x.Forget("me"); x.TouchNamespace("ns"); x.TouchImages(all) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			x, notified := watched()
			tc.do(x)
			if got := notified["ns"]; got != tc.want {
				t.Fatalf("the namespace is notified of: %t, want %t", got, tc.want)
			}
			if got := x.NeighboursOf("ns"); got.All != tc.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestGatheredImagesAreBounded has a tenant who uses ever more images.
func TestGatheredImagesAreBounded(t *testing.T) {
	x, _ := watched()
	for i := range 3 * maxGathered {
		x.Apply(deployment("churn", fmt.Sprintf("x:v%d", i)))
		if n := len(x.namespaces["ns"].gathered.images); n > maxGathered {
			t.Fatalf("%d images are gathered", n)
		}
	}
	if got := x.NeighboursOf("ns"); !got.All || got.Images != nil {
		t.Errorf("all: %t, with %d images; want all", got.All, len(got.Images))
	}
}
