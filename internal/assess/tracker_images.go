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
	"maps"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// group has the images of one reference. What is known of images with different references has nothing to do with each other.
type group struct {
	reference string
	queries   map[imageKey]*query
	images    []*TrackedImage // in the order of observe
}

// query is an imageQuery with the workloads that need its answers.
type query struct {
	imageQuery
	group *group
	asked []*asked // one for each signer
	// users has whether each workload runs the image, runs how many do, and usages how many use it how, by usageRank.
	users  map[*Tracked]bool
	runs   int
	usages [4]int
	listed bool // whether the trust lists the image itself
	image  *TrackedImage
}

// trackedUse is how a workload uses an image.
type trackedUse struct {
	query *query
	rank  int8 // of the usage
}

// TrackedImage is an image of a trust. It stays the same as long as the reference and the digest do.
type TrackedImage struct {
	Image
	// Regrouped counts how often it was found out that other workloads use the image although these did not change.
	Regrouped int

	parts       []*query
	users, runs int // how many workloads use and run it
	stamp       int
	given       bool // whether no registry can be asked about it
}

// list adds the images that the trust itself lists.
func (t *Tracker) list() {
	for _, ref := range t.trust.References {
		if use := t.references.requested(ref.String(), v1alpha1.UsageRequested); use != nil {
			q := t.query(use)
			q.listed = true
			t.stale[q.group] = struct{}{}
		}
	}
}

// use adds how a workload uses images.
func (t *Tracker) use(w *Tracked) {
	uses := t.references.usesOf(&w.Workload)
	w.uses = make([]trackedUse, 0, len(uses))
	for i := range uses {
		use := &uses[i]
		q := t.query(use)
		rank := usageRank(use.usage)
		q.users[w] = use.runs
		if use.runs {
			q.runs++
		}
		q.usages[rank]++
		w.uses = append(w.uses, trackedUse{query: q, rank: int8(rank)}) //nolint:gosec // there are four ranks
		t.stale[q.group] = struct{}{}
		for _, a := range q.asked {
			if _, known := slices.BinarySearch(a.request.Namespaces, w.Workload.Namespace); !known && !a.answer.Fresh {
				t.ask(a)
			}
		}
	}
	t.count(w, 1)
}

// disuse takes back what use has added.
func (t *Tracker) disuse(w *Tracked) {
	t.count(w, -1)
	for _, use := range w.uses {
		q := use.query
		if q.users[w] {
			q.runs--
		}
		delete(q.users, w)
		q.usages[use.rank]--
		t.stale[q.group] = struct{}{}
		if len(q.users) > 0 || q.listed {
			continue
		}
		delete(q.group.queries, q.imageKey)
		for _, a := range q.asked {
			delete(a.queries, q)
			t.idle[a] = struct{}{}
		}
	}
	w.uses = nil
}

// count adds n for a workload to the numbers of the images that it uses.
func (t *Tracker) count(w *Tracked, n int) {
	t.stamp++
	for _, use := range w.uses {
		image := use.query.image
		if image == nil || image.stamp == t.stamp {
			continue
		}
		image.stamp = t.stamp
		image.users += n
		if image.runBy(w) {
			image.runs += n
		}
	}
}

// runBy reports whether a workload runs the image.
func (i *TrackedImage) runBy(w *Tracked) bool {
	return slices.ContainsFunc(i.parts, func(q *query) bool { return q.users[w] })
}

// query returns the query of a use, with its requests.
func (t *Tracker) query(use *imageUse) *query {
	g := t.groups[use.reference]
	if g == nil {
		g = &group{reference: use.reference, queries: map[imageKey]*query{}}
		t.groups[use.reference] = g
	}
	if q := g.queries[use.imageKey]; q != nil {
		return q
	}
	q := &query{
		imageQuery: imageQuery{imageKey: use.imageKey, request: use.request, given: use.given}, group: g, users: map[*Tracked]bool{},
	}
	g.queries[use.imageKey] = q
	if use.given != nil {
		return q
	}
	if q.running {
		q.request.KnownIndex = knownIndex(&q.imageQuery, t.indexes)
	}
	for _, request := range Requests(t.trust, q.request, t.roots) {
		a := t.request(request)
		if a.queries == nil {
			a.queries = map[*query]struct{}{}
		}
		a.queries[q] = struct{}{}
		q.asked = append(q.asked, a)
	}
	return q
}

// namespaces returns the namespaces on whose behalf an image is asked about, sorted; none for what admission asks.
func (a *asked) namespaces() []string {
	all := map[string]struct{}{}
	for q := range a.queries {
		for w := range q.users {
			all[w.Workload.Namespace] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// observe finds out the images of the groups that are stale.
func (t *Tracker) observe() {
	for g := range t.stale {
		g.observe(t)
		t.changed.References[g.reference] = true
		if len(g.queries) == 0 {
			delete(t.groups, g.reference)
		}
	}
	clear(t.stale)
}

// observe finds out the images of a group.
func (g *group) observe(t *Tracker) {
	sorted := slices.SortedFunc(maps.Values(g.queries), func(a, b *query) int { return compareKeys(&a.imageKey, &b.imageKey) })
	queries := make([]*imageQuery, 0, len(sorted))
	var answers []pool.Answer
	for _, q := range sorted {
		q.usage = q.mostImportant()
		queries = append(queries, &q.imageQuery)
		for _, a := range q.asked {
			answers = append(answers, a.answer)
		}
	}
	images, at := observe(t.trust, queries, answers)
	parts := make([][]*query, len(images))
	for i, q := range sorted {
		parts[at[i]] = append(parts[at[i]], q)
	}
	before := make(map[imageIdentity]*TrackedImage, len(g.images))
	for _, image := range g.images {
		before[image.identity()] = image
	}
	g.images = make([]*TrackedImage, 0, len(images))
	for i := range images {
		image := &TrackedImage{Image: images[i], given: parts[i][0].given != nil}
		if known := before[image.identity()]; known != nil {
			image = known
		}
		image.Image = images[i]
		image.setParts(parts[i])
		for _, q := range image.parts {
			image.Usage = moreImportant(image.Usage, q.usage)
		}
		image.Workloads = image.users
		g.images = append(g.images, image)
	}
}

// imageIdentity tells the images of one reference apart.
type imageIdentity struct {
	digest            string
	undigested, given bool
}

func (i *TrackedImage) identity() imageIdentity {
	return imageIdentity{digest: i.Answer.Digest, undigested: i.Undigested, given: i.given}
}

// setParts sets the queries that the image is known by, and counts the workloads if they are others than before.
func (i *TrackedImage) setParts(parts []*query) {
	same := slices.Equal(i.parts, parts) && !slices.ContainsFunc(parts, func(q *query) bool { return q.image != i })
	for _, q := range parts {
		q.image = i
	}
	if i.parts = parts; same {
		return
	}
	i.Regrouped++
	i.users, i.runs = 0, 0
	for w, runs := range i.all() {
		i.users++
		if _ = w; runs {
			i.runs++
		}
	}
}

// all returns the workloads that use the image, and whether they run it.
func (i *TrackedImage) all() map[*Tracked]bool {
	if len(i.parts) == 1 {
		return i.parts[0].users
	}
	all := map[*Tracked]bool{}
	for _, q := range i.parts {
		for w, runs := range q.users {
			all[w] = all[w] || runs
		}
	}
	return all
}

// mostImportant returns the most important usage.
func (q *query) mostImportant() v1alpha1.Usage {
	usage := v1alpha1.Usage("")
	if q.listed {
		usage = v1alpha1.UsageRequested
	}
	for rank, one := range usages() {
		if q.usages[rank] > 0 {
			usage = moreImportant(usage, one)
		}
	}
	return usage
}

// Images returns the images of a reference.
func (t *Tracker) Images(reference string) []*TrackedImage {
	if g := t.groups[reference]; g != nil {
		return g.images
	}
	return nil
}

// References returns the references of all images.
func (t *Tracker) References() []string { return slices.Collect(maps.Keys(t.groups)) }

// ImagesOf returns the images that a workload uses, each once.
func (t *Tracker) ImagesOf(w *Tracked) []*TrackedImage {
	t.stamp++
	images := make([]*TrackedImage, 0, len(w.uses))
	for _, use := range w.uses {
		if image := use.query.image; image != nil && image.stamp != t.stamp {
			image.stamp = t.stamp
			images = append(images, image)
		}
	}
	return images
}

// UsersOf returns the workloads that use an image, in no order.
func (i *TrackedImage) UsersOf() []*Tracked { return slices.Collect(maps.Keys(i.all())) }

// RunBy returns the workloads that run the image or, if none does, those that request it, sorted.
func (i *TrackedImage) RunBy() []*Tracked {
	users := make([]*Tracked, 0, i.users)
	for w, runs := range i.all() {
		if runs || i.runs == 0 {
			users = append(users, w)
		}
	}
	slices.SortFunc(users, compareWorkloads)
	return users
}
