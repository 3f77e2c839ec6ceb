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
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
)

// Uncovered is an image of workloads that no trust selects, so that nothing is known of it.
type Uncovered struct {
	// Reference as the status would show it, and the digest that a node reports or the workload names, if there is one.
	Reference, Digest string
	// Usage is the most important of its uses.
	Usage v1alpha1.Usage
	// Users are the workloads that use it, by their positions.
	Users []int
}

// CollectUncovered returns the images of workloads that none of the trusts selects, by name. What is asked for by a tag is not listed
// beside what runs by the same tag.
func CollectUncovered(trusts []*policy.Policy, workloads []inventory.Workload) []Uncovered {
	type key struct{ reference, digest string }
	type uses struct {
		usage     v1alpha1.Usage
		workloads map[int]bool // by position; true for those that run it
	}
	found := map[key]*uses{}
	runs := map[string]bool{} // references with a digest
	selected := map[string]bool{}
	isSelected := func(image string) bool {
		known, ok := selected[image]
		if !ok {
			known = slices.ContainsFunc(trusts, func(t *policy.Policy) bool { return t.MatchesName(image) })
			selected[image] = known
		}
		return known
	}
	add := func(image, digest string, usage v1alpha1.Usage, at int) {
		if isSelected(image) {
			return
		}
		reference, pinned := displayed(image)
		k := key{reference, cmp.Or(digest, pinned)}
		if found[k] == nil {
			found[k] = &uses{workloads: map[int]bool{}}
		}
		found[k].usage = moreImportant(found[k].usage, usage)
		found[k].workloads[at] = found[k].workloads[at] || usage == v1alpha1.UsageRunning
		runs[reference] = runs[reference] || k.digest != ""
	}
	for i := range workloads {
		w := &workloads[i]
		for _, r := range w.Running {
			usage := v1alpha1.UsageRunning
			if r.Digest == "" && !r.Started {
				usage = v1alpha1.UsageRequested
			}
			add(r.Image, r.Digest, usage, i)
		}
		usage := v1alpha1.UsageRequested
		if w.Idle {
			usage = v1alpha1.UsageRollback
		}
		for _, c := range w.Template {
			add(c.Image, "", usage, i)
		}
	}
	images := make([]Uncovered, 0, len(found))
	for k, used := range found {
		if k.digest != "" || !runs[k.reference] {
			images = append(images, Uncovered{Reference: k.reference, Digest: k.digest, Usage: used.usage, Users: usersOf(used.workloads)})
		}
	}
	slices.SortFunc(images, func(a, b Uncovered) int {
		return cmp.Or(cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Digest, b.Digest))
	})
	return images
}

// displayed returns a name as the status shows it, and the digest in it. A name that cannot be read is shown as it is written.
func displayed(written string) (reference, digest string) {
	ref, err := imagename.Parse(written)
	if err != nil {
		return written, ""
	}
	r := Reference{Reference: ref, written: written}
	switch parsed := ref.(type) {
	case name.Tag:
		r.Tag = &parsed
	case name.Digest:
		digest = parsed.DigestStr()
		if tag, ok := imagename.TagNextToDigest(written); ok {
			r.Tag = &tag
		}
	}
	return r.String(), digest
}
