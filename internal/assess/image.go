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

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// Image is what is known of one image of a trust.
type Image struct {
	// Reference as the status shows it, by tag where one is written.
	Reference string
	// Answer holds the verdict and the digest that it is about.
	Answer pool.Answer
	// Signer is the name of the signer that the verdict is by: see Merged.
	Signer string
	// Running reports whether a node reports the image.
	Running bool
	// Undigested reports whether the image runs while its node reports no digest. The verdict is Unknown then.
	Undigested bool
	// TagDigest is the digest that the tag of a running image names, if that is something else.
	TagDigest string
	// Usage is the most important of its uses.
	Usage v1alpha1.Usage
	// Workloads counts the workloads that use the image.
	Workloads int
	// Users are the workloads that use it so, by their positions in the list that the images were collected from: those
	// that run the image or, if none does, those that request it.
	Users []int
}

// Observe merges the answers to the Requests into one Image for each that the status shows, in a fixed order. What no registry can
// be asked about is an Image of its own.
func (i Images) Observe(answers []pool.Answer) []Image {
	queries := make([]*imageQuery, 0, len(i.queries))
	for at := range i.queries {
		queries = append(queries, &i.queries[at])
	}
	images, at := observe(i.trust, queries, answers)
	usages, uses := make([]v1alpha1.Usage, len(images)), make([]map[int]bool, len(images))
	for position, query := range queries {
		image := at[position]
		usages[image] = moreImportant(usages[image], query.usage)
		if uses[image] == nil {
			uses[image] = query.uses
			continue
		}
		both := maps.Clone(uses[image])
		for workload, runs := range query.uses {
			both[workload] = both[workload] || runs
		}
		uses[image] = both
	}
	for at := range images {
		images[at].Usage, images[at].Workloads, images[at].Users = usages[at], len(uses[at]), usersOf(uses[at])
	}
	return images
}

// observe merges the answers on queries, in their order, into images, without how these are used. at has the position of the
// image of each query. Images with different references have nothing to do with each other.
func observe(trust *policy.Policy, queries []*imageQuery, answers []pool.Answer) (images []Image, at []int) {
	positions := map[imageKey]int{}
	running := map[string][]int{} // by reference
	for _, query := range queries {
		if query.given != nil {
			at = append(at, len(images))
			images = append(images, Image{
				Reference: query.reference, Answer: *query.given, Undigested: query.undigested,
				Running: query.usage == v1alpha1.UsageRunning,
			})
			continue
		}
		merged := Merge(trust, answers[:len(trust.Signers)])
		answer := merged.Answer
		answers = answers[len(trust.Signers):]
		if query.digest != "" {
			answer.Digest = query.digest
		}
		key := imageKey{reference: query.reference, digest: answer.Digest}
		found, ok := positions[key]
		if !ok && !query.running {
			found, ok = findRunning(images, running[query.reference], answer.Digest)
		}
		if ok {
			at = append(at, found)
			images[found].merge(query, answer, merged.Signer)
			continue
		}
		positions[key] = len(images)
		if query.running {
			running[query.reference] = append(running[query.reference], len(images))
		}
		at = append(at, len(images))
		images = append(images, Image{
			Reference: query.reference, Answer: answer, Signer: merged.Signer, TagDigest: movedTag(query, answer),
			Running: query.running,
		})
	}
	return images, at
}

// findRunning finds the image that runs under the same reference and is what was requested: the digest is that of the
// index, or not known.
func findRunning(images []Image, running []int, digest string) (int, bool) {
	for _, at := range running {
		if digest == "" || images[at].Answer.IndexDigest == digest {
			return at, true
		}
	}
	return 0, false
}

// merge adds another answer on the same image. The verdict on a running image counts more than that on a requested one. Of
// two verdicts on a requested image the worse one counts, and of two on a running image the better one, since a signature of
// any index that holds it is enough.
func (i *Image) merge(query *imageQuery, answer pool.Answer, signer string) {
	settled := i.Answer.Fresh && answer.Fresh
	replaces := answer.Result.Verdict.Worse(i.Answer.Result.Verdict)
	if query.running {
		replaces = i.Answer.Result.Verdict.Worse(answer.Result.Verdict)
	}
	if answer.Digest != "" && i.Running == query.running && replaces {
		i.Answer, i.Signer = answer, signer
	}
	i.Answer.Fresh = settled
}

// movedTag is the digest that the tag names, where that is neither what runs nor the index that holds it.
func movedTag(query *imageQuery, answer pool.Answer) string {
	if !query.running || answer.TagDigest == answer.Digest || answer.TagDigest == answer.IndexDigest {
		return ""
	}
	return answer.TagDigest
}

// Finder finds what is known of an image by its name in a workload.
type Finder struct {
	references *references
	images     func(reference string) []*Image
}

// NewFinder returns a Finder among the images of a trust.
func NewFinder(trust *policy.Policy, images []Image) *Finder {
	byReference := map[string][]*Image{}
	for i := range images {
		byReference[images[i].Reference] = append(byReference[images[i].Reference], &images[i])
	}
	return &Finder{references: newReferences(trust), images: func(reference string) []*Image { return byReference[reference] }}
}

// Finder returns a Finder among the images of the Tracker, as long as they do not change.
func (t *Tracker) Finder() *Finder {
	return &Finder{references: newReferences(t.trust), images: func(reference string) []*Image {
		tracked := t.Images(reference)
		images := make([]*Image, 0, len(tracked))
		for _, image := range tracked {
			images = append(images, &image.Image)
		}
		return images
	}}
}

// Find returns the image that a container runs or, where no node reports a digest, requests; nil where the trust does not
// select the image.
func (f *Finder) Find(container inventory.Running) *Image {
	ref := f.references.parse(container.Image)
	if ref == nil {
		return nil
	}
	if ref.Reference == nil || container.Started && container.Digest == "" {
		return f.given(ref)
	}
	digest := container.Digest
	if pinned, ok := ref.Reference.(name.Digest); ok && digest == "" {
		digest = pinned.DigestStr()
	}
	var found *Image
	for _, image := range f.images(ref.String()) {
		switch {
		case image.Undigested:
		case digest != "" && image.Answer.Digest == digest:
			return image
		case digest == "" && (found == nil || !image.Running):
			found = image
		}
	}
	return found
}

// given finds an image that no registry can be asked about.
func (f *Finder) given(ref *Reference) *Image {
	for _, image := range f.images(ref.String()) {
		if image.Undigested == (ref.Reference != nil) {
			return image
		}
	}
	return nil
}
