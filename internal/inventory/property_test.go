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
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/workload"
)

// someImages are the images in a random cluster.
var someImages = []string{"docker.io/a/one:v1", "docker.io/a/two:v1", "docker.io/b/one:v1", "docker.io/ab/both:v1", "docker.io/b/Not an image"}

// someSubscribers select the images with their letter.
var someSubscribers = map[string]Images{
	"a":     MatchFunc(func(image string) bool { return strings.HasPrefix(image, "docker.io/a") }),
	"b":     MatchFunc(func(image string) bool { return strings.Contains(image, "b/") }),
	"no":    MatchFunc(func(string) bool { return false }),
	"globs": globs{Whole: compiled("index.docker.io/a/**", "**/both:*"), Repositories: compiled("index.docker.io/b/**")},
}

// globs select images as trusts do.
type globs imageglob.Selection

func (g globs) MatchesName(image string) bool { return g.Selection().Matches(imageglob.NamesOf(image)) }

func (g globs) Selection() *imageglob.Selection { return (*imageglob.Selection)(&g) }

func compiled(patterns ...string) []imageglob.Glob {
	var out []imageglob.Glob
	for _, pattern := range patterns {
		g, err := imageglob.Compile(pattern)
		if err != nil {
			panic(err)
		}
		out = append(out, g)
	}
	return out
}

// generator draws the objects of a small cluster.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) template() []Container {
	out := []Container{{Field: "containers", Name: "main", Image: g.pick(someImages...)}}
	if g.IntN(3) == 0 {
		out = append(out, Container{Field: "initContainers", Name: "init", Image: g.pick(someImages...)})
	}
	return out
}

// object draws one of a few objects, so that the same ones appear again with other content.
func (g generator) object() *Object {
	n := g.IntN(3)
	o := &Object{Version: "v1", Kind: g.pick("Deployment", "ReplicaSet", "Pod", "Pod", "Pod", "CronJob", "Job", "StatefulSet", "ReplicationController")}
	o.Group = groupOf(o.Kind)
	o.Name = fmt.Sprintf("%s-%d", strings.ToLower(o.Kind), n)
	o.UID, o.Namespace = types.UID(o.Name), fmt.Sprintf("ns-%d", n%2)
	o.Template = g.template()
	switch o.Kind {
	case "ReplicaSet":
		o.Idle = g.IntN(2) == 0
		o.Owner = g.owner("apps", "Deployment", n)
	case "ReplicationController":
		o.Owner = g.owner("apps.openshift.io", "DeploymentConfig", n)
	case "Job":
		o.Finished = g.IntN(4) == 0
		o.Owner = g.owner("batch", "CronJob", n)
	case "Pod":
		o.Finished = g.IntN(6) == 0
		for _, c := range o.Template {
			o.Running = append(o.Running, Running{Container: c, Digest: g.pick("", "sha256:1", "sha256:2"), Started: g.IntN(2) == 0})
		}
		switch g.IntN(6) {
		case 0:
			o.Owner = g.owner("apps", "ReplicaSet", n)
		case 1:
			o.Owner = g.owner("batch", "Job", n)
		case 2:
			o.Owner = g.owner("", "Node", n)
		case 3:
			o.Owner = g.owner("example.com", "Robot", n)
		case 4:
			o.Owner = g.owner("", "ReplicationController", n)
		}
	}
	return o
}

func (g generator) owner(group, kind string, n int) *Owner {
	if g.IntN(4) == 0 {
		return nil
	}
	name := fmt.Sprintf("%s-%d", strings.ToLower(kind), n)
	return &Owner{Group: group, Version: "v1", Kind: kind, Name: name, UID: types.UID(name)}
}

// groupOf returns the API group of a kind that is watched.
func groupOf(kind string) string {
	for _, k := range workload.Watched() {
		if k.Kind == kind {
			return k.Group
		}
	}
	panic("not watched: " + kind)
}

// view is all that a subscriber sees of an index.
type view struct {
	Selected   []Workload
	Neighbours map[string][]string // images by namespace
}

func viewOf(x *Index, name string) view {
	out := view{Selected: x.Select(name, "key", someSubscribers[name]), Neighbours: map[string][]string{}}
	for _, w := range out.Selected {
		var images []string
		for _, n := range x.In(w.Namespace) {
			for _, c := range n.Template {
				images = append(images, c.Image)
			}
			for _, r := range n.Running {
				images = append(images, r.Image)
			}
		}
		slices.Sort(images)
		out.Neighbours[w.Namespace] = slices.Compact(images)
	}
	return out
}

// difference returns what differs, and is fast where nothing does.
func difference(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// TestAnyOrder applies random events. They end in the same view as the final state applied to a new index, and every
// subscriber whose view changes is notified.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(100) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		notified := map[string]bool{}
		x := New(func(subscriber string) { notified[subscriber] = true })
		touched := map[string]bool{}
		x.WatchNamespaces(func(namespace string, _ int) { touched[namespace] = true })
		final := map[types.UID]*Object{}
		before := map[string]view{}
		for name := range someSubscribers {
			before[name] = viewOf(x, name)
		}
		for step := range 60 {
			clear(notified)
			event := g.step(x, final)
			for namespace := range touched {
				for _, name := range x.NeighboursOf(namespace).Subscribers {
					notified[name] = true
				}
			}
			clear(touched)
			for name := range someSubscribers {
				now := viewOf(x, name)
				if diff := difference(before[name], now); diff != "" && !notified[name] {
					t.Fatalf("seed %d, step %d: %s: %q was not notified of\n%s", seed, step, event, name, diff)
				}
				before[name] = now
			}
		}
		rebuilt := New(func(string) {})
		if diff := cmp.Diff(x.Select("one by one", "key", MatchFunc(someSubscribers["globs"].MatchesName)), before["globs"].Selected); diff != "" {
			t.Fatalf("seed %d: what globs select together differs from one by one (-want +got):\n%s", seed, diff)
		}
		for _, uid := range slices.Sorted(maps.Keys(final)) {
			rebuilt.Apply(final[uid])
		}
		for name := range someSubscribers {
			if diff := cmp.Diff(viewOf(rebuilt, name), before[name]); diff != "" {
				t.Fatalf("seed %d: the view of %q differs from that of a new index (-new +got):\n%s", seed, name, diff)
			}
		}
		for uid := range final {
			x.Delete(uid)
		}
		if len(x.nodes)+len(x.children)+len(x.pods)+len(x.images)+len(x.namespaces) != 0 {
			t.Fatalf("seed %d: the index is not empty after all deletions: %d nodes, %d children, %d pods, %d images, %d namespaces",
				seed, len(x.nodes), len(x.children), len(x.pods), len(x.images), len(x.namespaces))
		}
	}
}

// step applies one random event to an index and to the objects that it should hold, and describes it.
func (g generator) step(x *Index, final map[types.UID]*Object) string {
	o := g.object()
	switch g.IntN(8) {
	case 0:
		x.Delete(o.UID)
		delete(final, o.UID)
		return "delete " + o.Name
	case 1:
		var left []types.UID
		for uid, existing := range final {
			if existing.Kind == o.Kind && g.IntN(4) == 0 {
				delete(final, uid)
			}
		}
		for _, existing := range final {
			if existing.Kind == o.Kind {
				x.Apply(existing)
				left = append(left, existing.UID)
			}
		}
		x.Listed(o.groupKind(), left)
		return "list " + o.Kind
	default:
		x.Apply(o)
		final[o.UID] = o
		return fmt.Sprintf("apply %+v", o)
	}
}
