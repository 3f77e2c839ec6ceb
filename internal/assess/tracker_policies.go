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
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
)

// coverage is which other policies than the trust's own cover the images of the workloads.
type coverage struct {
	// wholes are the images of the workloads, as policies match them, with the workloads as readers.
	wholes map[string]*topic
	// coverings are shared by the workloads that are alike, by what they hold.
	coverings map[string]*covering
	pairs     map[pair]int   // how many coverings hold a pair
	images    map[string]int // how many images of the trust each policy covers
}

// covering is which policies cover which images of a workload that are the trust's.
type covering struct {
	key   string
	n     int // of workloads
	pairs []pair
}

// pair is a policy that covers an image.
type pair struct{ policy, image string }

func newCoverage() coverage {
	return coverage{
		wholes: map[string]*topic{}, coverings: map[string]*covering{}, pairs: map[pair]int{}, images: map[string]int{},
	}
}

// policyChanged has the workloads be decided anew that have images which a changed policy covers, or covered before.
func (t *Tracker) policyChanged(change admission.PolicyChange) {
	for whole, about := range t.wholes {
		if change.CoversImage(whole) {
			t.tell(about)
		}
	}
	for _, namespace := range t.pass.Images.With(change.CoversImage, t.pass.Inventory.Version) {
		t.uncovered.forget(namespace)
	}
}

// cover finds out which policies cover the images of a workload.
func (t *Tracker) cover(w *Tracked) {
	found := map[pair]struct{}{}
	seen := map[string]bool{}
	for i, object := range forecast.AdmissionObjects(w.Workload) {
		for _, container := range object.Containers {
			if i == 0 && !seen[container.Image] {
				seen[container.Image] = true
				t.readCoverage(w, container.Image)
			}
			image := t.references.parse(container.Image)
			if image == nil || image.Reference == nil { // admission denies what it cannot read
				continue
			}
			for _, other := range t.cluster.Policies.Covering(admission.WithDigest(image.Reference), object) {
				if other.Name != t.own {
					found[pair{other.Name, image.Name()}] = struct{}{}
				}
			}
		}
	}
	if len(found) == 0 {
		return
	}
	pairs := slices.SortedFunc(maps.Keys(found), func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.policy, b.policy), cmp.Compare(a.image, b.image))
	})
	var key strings.Builder
	for _, p := range pairs {
		key.WriteString(p.policy + "\x00" + p.image + "\x00")
	}
	c := t.coverings[key.String()]
	if c == nil {
		c = &covering{key: key.String(), pairs: pairs}
		t.coverings[c.key] = c
		for _, p := range pairs {
			if t.pairs[p]++; t.pairs[p] == 1 {
				t.images[p.policy]++
			}
		}
	}
	c.n++
	w.covered = c
}

// readCoverage notes that the forecast for a workload depends on which policies cover an image.
func (t *Tracker) readCoverage(w *Tracked, written string) {
	for _, whole := range t.references.wholesOf(written) {
		about := t.wholes[whole]
		if about == nil {
			about = &topic{whole: whole}
			t.wholes[whole] = about
		}
		w.reads(about)
	}
}

// uncover takes back what cover has found out.
func (t *Tracker) uncover(w *Tracked) {
	c := w.covered
	if c == nil {
		return
	}
	w.covered = nil
	if c.n--; c.n > 0 {
		return
	}
	delete(t.coverings, c.key)
	for _, p := range c.pairs {
		if t.pairs[p]--; t.pairs[p] > 0 {
			continue
		}
		delete(t.pairs, p)
		if t.images[p.policy]--; t.images[p.policy] == 0 {
			delete(t.images, p.policy)
		}
	}
}

// OtherPolicy is a ClusterImagePolicy that covers images of a trust and is not the trust's own.
type OtherPolicy struct {
	*admission.Policy

	// Images counts the images of the trust that it covers in the workloads.
	Images int
}

// OtherPolicies returns the policies in addition to the trust's own that cover its images in the workloads, by name.
func (t *Tracker) OtherPolicies(policies *admission.Policies) []OtherPolicy {
	others := make([]OtherPolicy, 0, len(t.images))
	for _, name := range slices.Sorted(maps.Keys(t.images)) {
		if other := policies.Get(name); other != nil {
			others = append(others, OtherPolicy{Policy: other, Images: t.images[name]})
		}
	}
	return others
}

// uncoveredImages are the images that no policy covers in the namespaces in which admission intercepts workloads of the trust. They
// are those of the version of each namespace.
type uncoveredImages struct {
	*forecast.Uncovered
	versions map[string]uint64
}

func newUncoveredImages() uncoveredImages {
	return uncoveredImages{Uncovered: forecast.NewUncovered(), versions: map[string]uint64{}}
}

// forget has a namespace be looked at anew.
func (u *uncoveredImages) forget(namespace string) {
	delete(u.versions, namespace)
	u.Remove(namespace)
}

// reset has all namespaces be looked at anew.
func (u *uncoveredImages) reset() { *u = newUncoveredImages() }

// updateUncovered looks at the namespaces that changed.
func (t *Tracker) updateUncovered() {
	for namespace := range t.uncovered.versions {
		if !t.tally.Intercepts(namespace) {
			t.uncovered.forget(namespace)
		}
	}
	for namespace := range t.tally.Intercepted() {
		version := t.pass.Inventory.Version(namespace)
		if before, known := t.uncovered.versions[namespace]; !known || before != version {
			workloads := t.pass.Inventory.In(namespace)
			t.uncovered.Set(namespace, t.cluster, workloads)
			t.pass.Images.Update(namespace, version, workloads)
			t.uncovered.versions[namespace] = version
		}
	}
}

// Gaps returns the gaps in the cluster, the most severe first.
func (t *Tracker) Gaps() []forecast.Gap {
	return t.tally.Gaps(t.cluster, func() *forecast.Uncovered { return t.uncovered.Uncovered })
}
