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

package controllers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// imageQuery is a question about an image, and who runs the image or asks for it.
type imageQuery struct {
	imageKey

	request pool.Request
	uses    uses
}

// imageKey tells images apart, as the status shows them. The digest is empty while only a tag is known.
type imageKey struct {
	reference, digest string
	// index that was asked for where a node reports another digest; empty in what is shown.
	index string
	// running tells that a node reports the digest.
	running bool
}

// uses of an image.
type uses struct {
	usage     v1alpha1.Usage
	workloads map[int]bool // by position, so that none counts twice
}

// weight orders usages: an image that runs is not only asked for.
func weight(usage v1alpha1.Usage) int {
	return slices.Index([]v1alpha1.Usage{"", v1alpha1.UsageRollback, v1alpha1.UsageRequested, v1alpha1.UsageRunning}, usage)
}

func (u *uses) add(other uses) {
	if weight(other.usage) > weight(u.usage) {
		u.usage = other.usage
	}
	for workload := range other.workloads {
		if u.workloads == nil {
			u.workloads = map[int]bool{}
		}
		u.workloads[workload] = true
	}
}

// imageCollector gathers the images of a trust.
type imageCollector struct {
	compiled *policy.Policy
	parsed   map[string]*parsedImage
	queries  map[imageKey]*imageQuery
}

// collectImages returns a question for each image that workloads run or ask for, or that the trust lists,
// in a fixed order: what runs comes first.
func collectImages(workloads []inventory.Workload, compiled *policy.Policy) []imageQuery {
	c := imageCollector{compiled: compiled, parsed: map[string]*parsedImage{}, queries: map[imageKey]*imageQuery{}}
	for i, workload := range workloads {
		for _, running := range workload.Running {
			c.running(i, running)
		}
		usage := v1alpha1.UsageRequested
		if workload.Idle {
			usage = v1alpha1.UsageRollback
		}
		for _, container := range workload.Template {
			c.asked(container.Image, uses{usage: usage, workloads: map[int]bool{i: true}})
		}
	}
	for _, ref := range compiled.References {
		c.asked(ref.String(), uses{usage: v1alpha1.UsageRequested})
	}
	queries := make([]imageQuery, 0, len(c.queries))
	for _, query := range c.queries {
		queries = append(queries, *query)
	}
	slices.SortFunc(queries, func(a, b imageQuery) int {
		return cmp.Or(
			-cmp.Compare(weightOf(a.running), weightOf(b.running)),
			cmp.Compare(a.reference, b.reference), cmp.Compare(a.digest, b.digest), cmp.Compare(a.index, b.index),
		)
	})
	return queries
}

func weightOf(running bool) int {
	if running {
		return 1
	}
	return 0
}

// running notes what a node reports of a container. Without a digest it is only what is asked for.
func (c *imageCollector) running(workload int, running inventory.Running) {
	used := uses{usage: v1alpha1.UsageRunning, workloads: map[int]bool{workload: true}}
	image := c.parse(running.Image)
	if image == nil {
		return
	}
	if running.Digest == "" {
		used.usage = v1alpha1.UsageRequested
		c.asked(running.Image, used)
		return
	}
	key := imageKey{reference: image.shown(), digest: running.Digest, running: true}
	request := pool.Request{Ref: image.ref.Context().Digest(running.Digest), Tag: image.tag, Running: true}
	if pinned, ok := image.ref.(name.Digest); ok && pinned.DigestStr() != running.Digest {
		key.index = pinned.DigestStr()
		request.Index = &pinned
	}
	c.note(key, request, used)
}

// asked notes what a template, a pod that does not run yet, or the trust itself asks for.
func (c *imageCollector) asked(written string, used uses) {
	image := c.parse(written)
	if image == nil {
		return
	}
	request := pool.Request{Ref: image.ref}
	key := imageKey{}
	if pinned, ok := image.ref.(name.Digest); ok {
		key.digest = pinned.DigestStr()
		request.Tag = image.tag
	}
	key.reference = image.shown()
	c.note(key, request, used)
}

func (c *imageCollector) note(key imageKey, request pool.Request, used uses) {
	query := c.queries[key]
	if query == nil {
		query = &imageQuery{imageKey: key, request: request}
		c.queries[key] = query
	}
	query.uses.add(used)
}

// parsedImage is an image's name as somebody wrote it.
type parsedImage struct {
	ref name.Reference
	tag *name.Tag // nil where none is written
}

// parse returns nil for what is no image of the trust. A name that cannot be read is none: admission refuses it.
func (c *imageCollector) parse(written string) *parsedImage {
	if image, ok := c.parsed[written]; ok {
		return image
	}
	c.parsed[written] = nil
	ref, err := name.ParseReference(written)
	if err != nil || !c.compiled.Matches(ref) {
		return nil
	}
	image := &parsedImage{ref: ref}
	if tag, ok := ref.(name.Tag); ok {
		image.tag = &tag
	} else if tag, ok := tagBesideDigest(written); ok {
		image.tag = &tag
	}
	c.parsed[written] = image
	return image
}

// tagBesideDigest returns the tag of NAME:TAG@DIGEST, which name.Digest drops.
func tagBesideDigest(written string) (name.Tag, bool) {
	tagged, _, _ := strings.Cut(written, "@")
	tag, err := name.NewTag(tagged, name.WithDefaultTag(""))
	return tag, err == nil && tag.TagStr() != ""
}

// shown is how the status names an image: by its tag where one is written, since the digest stands beside it.
func (i *parsedImage) shown() string {
	repository := policy.DisplayName(i.ref.Context())
	if i.tag != nil {
		return repository + ":" + i.tag.TagStr()
	}
	return repository + "@" + i.ref.Identifier()
}

// mergeImages folds the answers into one observation for each image that is shown.
func mergeImages(queries []imageQuery, answers []pool.Answer) []imageObservation {
	var images []imageObservation
	var used []uses
	at := map[imageKey]int{}
	runningAs := map[string][]int{} // by reference
	for i, query := range queries {
		answer := answers[i]
		if query.digest != "" {
			answer.Digest = query.digest
		}
		key := imageKey{reference: query.reference, digest: answer.Digest}
		found, ok := at[key]
		if !ok && !query.running {
			found, ok = runsAlready(images, runningAs[query.reference], answer.Digest)
		}
		if !ok {
			at[key] = len(images)
			if query.running {
				runningAs[query.reference] = append(runningAs[query.reference], len(images))
			}
			images = append(images, imageObservation{
				reference: query.reference, answer: answer, tagDigest: movedTag(query, answer), running: query.running,
			})
			used = append(used, query.uses)
			continue
		}
		images[found].merge(query, answer)
		used[found].add(query.uses)
	}
	for i := range images {
		images[i].usage, images[i].workloads = used[i].usage, len(used[i].workloads)
	}
	return images
}

// runsAlready finds the image that runs under the same reference and is what was asked for: the digest is that of
// the index, or not known.
func runsAlready(images []imageObservation, running []int, digest string) (int, bool) {
	for _, i := range running {
		if digest == "" || images[i].answer.IndexDigest == digest {
			return i, true
		}
	}
	return 0, false
}

// merge adds another answer on the same image. What runs is judged as it runs; of two answers of the same sort
// on what is asked for the worse one counts, and of two on what runs the better one, since any signed index vouches.
func (o *imageObservation) merge(query imageQuery, answer pool.Answer) {
	settled := o.answer.Fresh && answer.Fresh
	better := verdictRank(answer.Result.Verdict) > verdictRank(o.answer.Result.Verdict)
	if answer.Digest != "" && o.running == query.running && better == o.running && answer.Result.Verdict != o.answer.Result.Verdict {
		o.answer = answer
	}
	o.answer.Fresh = settled
}

func verdictRank(verdict v1alpha1.Verdict) int {
	return slices.Index([]v1alpha1.Verdict{v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown, v1alpha1.VerdictVerified}, verdict)
}

// movedTag is what the tag names by now, where that is neither what runs nor the index that holds it.
func movedTag(query imageQuery, answer pool.Answer) string {
	if !query.running || answer.TagDigest == answer.Digest || answer.TagDigest == answer.IndexDigest {
		return ""
	}
	return answer.TagDigest
}
