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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// Images of a small world. An asker is interested in those with its letter.
var someImages = []string{"docker.io/a/one:v1", "docker.io/a/two:v1", "docker.io/b/one:v1", "docker.io/ab/both:v1", "not an image"}

var someAskers = map[string]func(string) bool{
	"a":  func(image string) bool { return strings.HasPrefix(image, "index.docker.io/a") },
	"b":  func(image string) bool { return strings.Contains(image, "b/") },
	"no": func(string) bool { return false },
}

// world draws the objects of a small cluster.
type world struct{ *rand.Rand }

func (w world) pick(from ...string) string { return from[w.IntN(len(from))] }

func (w world) template() []Container {
	out := []Container{{Field: "containers", Name: "main", Image: w.pick(someImages...)}}
	if w.IntN(3) == 0 {
		out = append(out, Container{Field: "initContainers", Name: "init", Image: w.pick(someImages...)})
	}
	return out
}

// object draws one of a few identities, so that the same ones come again with other content.
func (w world) object() *Object {
	n := w.IntN(3)
	o := &Object{Version: "v1", Kind: w.pick("Deployment", "ReplicaSet", "Pod", "Pod", "Pod", "CronJob", "Job", "StatefulSet")}
	o.Group = groupOf(o.Kind)
	o.Name = fmt.Sprintf("%s-%d", strings.ToLower(o.Kind), n)
	o.UID, o.Namespace = types.UID(o.Name), fmt.Sprintf("ns-%d", n%2)
	o.Template = w.template()
	switch o.Kind {
	case "ReplicaSet":
		o.Replicas = w.IntN(2) == 0
		o.Owner = w.owner("apps", "Deployment", n)
	case "Job":
		o.Finished = w.IntN(4) == 0
		o.Owner = w.owner("batch", "CronJob", n)
	case "Pod":
		o.Finished = w.IntN(6) == 0
		for _, c := range o.Template {
			o.Running = append(o.Running, Running{Container: c, Digest: w.pick("", "sha256:1", "sha256:2")})
		}
		switch w.IntN(5) {
		case 0:
			o.Owner = w.owner("apps", "ReplicaSet", n)
		case 1:
			o.Owner = w.owner("batch", "Job", n)
		case 2:
			o.Owner = w.owner("", "Node", n)
		case 3:
			o.Owner = w.owner("example.com", "Robot", n)
		}
	}
	return o
}

func (w world) owner(group, kind string, n int) *Owner {
	if w.IntN(4) == 0 {
		return nil
	}
	name := fmt.Sprintf("%s-%d", strings.ToLower(kind), n)
	return &Owner{Group: group, Version: "v1", Kind: kind, Name: name, UID: types.UID(name)}
}

// answers is all that an asker is told.
type answers struct {
	Selected   []Workload
	Neighbours map[string][]string // images by namespace
}

func answersOf(x *Index, name string) answers {
	out := answers{Selected: x.Select(name, "key", someAskers[name]), Neighbours: map[string][]string{}}
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

// TestAnyOrder has random events end in the same answers as the final state told at once, and every asker whose
// answer differs told so.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(100) {
		w := world{rand.New(rand.NewPCG(seed, 7))}
		told := map[string]bool{}
		x := New(func(asker string) { told[asker] = true })
		final := map[types.UID]*Object{}
		before := map[string]answers{}
		for name := range someAskers {
			before[name] = answersOf(x, name)
		}
		for step := range 60 {
			clear(told)
			what := w.step(x, final)
			for name := range someAskers {
				now := answersOf(x, name)
				if diff := cmp.Diff(before[name], now); diff != "" && !told[name] {
					t.Fatalf("seed %d, step %d: %s: %q was not told of\n%s", seed, step, what, name, diff)
				}
				before[name] = now
			}
		}
		fresh := New(func(string) {})
		for _, uid := range slices.Sorted(maps.Keys(final)) {
			fresh.Apply(final[uid])
		}
		for name := range someAskers {
			if diff := cmp.Diff(answersOf(fresh, name), before[name]); diff != "" {
				t.Fatalf("seed %d: the answer to %q differs from that of a fresh index (-fresh +got):\n%s", seed, name, diff)
			}
		}
		for uid := range final {
			x.Delete(uid)
		}
		if len(x.nodes)+len(x.children)+len(x.pods)+len(x.images)+len(x.namespaces) != 0 {
			t.Fatalf("seed %d: something is left of nothing: %d nodes, %d children, %d pods, %d images, %d namespaces",
				seed, len(x.nodes), len(x.children), len(x.pods), len(x.images), len(x.namespaces))
		}
	}
}

// step does one thing to an index and to the list of what is there.
func (w world) step(x *Index, final map[types.UID]*Object) string {
	o := w.object()
	switch w.IntN(8) {
	case 0:
		x.Delete(o.UID)
		delete(final, o.UID)
		return "delete " + o.Name
	case 1:
		var left []*Object
		for uid, there := range final {
			if there.Kind == o.Kind && w.IntN(4) == 0 {
				delete(final, uid)
			}
		}
		for _, there := range final {
			if there.Kind == o.Kind {
				left = append(left, there)
			}
		}
		x.Replace(o.Kind, left)
		return "list " + o.Kind
	default:
		x.Apply(o)
		final[o.UID] = o
		return fmt.Sprintf("apply %+v", o)
	}
}
