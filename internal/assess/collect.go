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
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// Images are the images of a trust: those that workloads run or request, and those that the trust lists.
type Images struct {
	trust *policy.Policy
	// queries are in a fixed order, those about running images first.
	queries []imageQuery
}

// imageQuery is a request for the verdict on an image, and how the image is used.
type imageQuery struct {
	imageKey

	request pool.Request
	// given is the answer where nothing can be requested, because it is not known what to ask for; otherwise nil.
	given *pool.Answer
	// usage is the most important one, and uses has the workloads, by position, and whether they run the image.
	usage v1alpha1.Usage
	uses  map[int]bool
}

// imageKey identifies an image as the status shows it. The digest is empty while only a tag is known.
type imageKey struct {
	reference, digest string
	// index that was requested where a node reports another digest; empty in what is shown.
	index string
	// running reports whether a node reports the digest or, where undigested is set, that the image runs.
	running bool
	// undigested reports whether the image runs while its node reports no digest. It is an image of its own: what is known of
	// its tag says nothing about it.
	undigested bool
}

// imageUse is how a workload, or the trust itself, uses an image.
type imageUse struct {
	imageKey

	request pool.Request
	given   *pool.Answer
	usage   v1alpha1.Usage
	// runs reports whether the workload runs the image, so that it is not only requested.
	runs bool
}

// usageRank orders usages: an image that runs is not only requested.
func usageRank(usage v1alpha1.Usage) int {
	return slices.Index(usages(), usage)
}

// usages returns all usages, the least important first.
func usages() []v1alpha1.Usage {
	return []v1alpha1.Usage{"", v1alpha1.UsageRollback, v1alpha1.UsageRequested, v1alpha1.UsageRunning}
}

// moreImportant returns the more important one of two usages.
func moreImportant(a, b v1alpha1.Usage) v1alpha1.Usage {
	if usageRank(b) > usageRank(a) {
		return b
	}
	return a
}

// CollectImages returns the images of a trust.
func CollectImages(trust *policy.Policy, workloads []inventory.Workload) Images {
	references := newReferences(trust)
	collected := map[imageKey]*imageQuery{}
	add := func(use *imageUse) *imageQuery {
		query := collected[use.imageKey]
		if query == nil {
			query = &imageQuery{imageKey: use.imageKey, request: use.request, given: use.given}
			collected[use.imageKey] = query
		}
		query.usage = moreImportant(query.usage, use.usage)
		return query
	}
	for i := range workloads {
		uses := references.usesOf(&workloads[i])
		for at := range uses {
			query := add(&uses[at])
			if query.uses == nil {
				query.uses = map[int]bool{}
			}
			query.uses[i] = uses[at].runs
		}
	}
	for _, ref := range trust.References {
		if use := references.requested(ref.String(), v1alpha1.UsageRequested); use != nil {
			add(use)
		}
	}
	queries := make([]imageQuery, 0, len(collected))
	for _, query := range collected {
		query.request.Namespaces = namespacesOf(query.uses, workloads)
		queries = append(queries, *query)
	}
	slices.SortFunc(queries, func(a, b imageQuery) int { return compareKeys(&a.imageKey, &b.imageKey) })
	return Images{trust: trust, queries: queries}
}

// compareKeys is the order of queries, those about running images first.
func compareKeys(a, b *imageKey) int {
	return cmp.Or(
		firstIf(a.running, b.running),
		cmp.Compare(a.reference, b.reference), cmp.Compare(a.digest, b.digest), cmp.Compare(a.index, b.index),
		firstIf(a.undigested, b.undigested),
	)
}

// usersOf returns the positions of workloads, of those that run the image if there are any.
func usersOf(uses map[int]bool) []int {
	var running, requesting []int
	for workload, runs := range uses {
		if runs {
			running = append(running, workload)
		} else {
			requesting = append(requesting, workload)
		}
	}
	if len(running) == 0 {
		running = requesting
	}
	slices.Sort(running)
	return running
}

// namespacesOf returns the namespaces of workloads, sorted.
func namespacesOf(uses map[int]bool, workloads []inventory.Workload) []string {
	namespaces := make([]string, 0, len(uses))
	for at := range uses {
		namespaces = append(namespaces, workloads[at].Namespace)
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
}

// firstIf orders what something is true of before the rest.
func firstIf(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// usesOf returns how a workload uses images of the trust, each once.
func (r *references) usesOf(w *inventory.Workload) []imageUse {
	uses := make([]imageUse, 0, len(w.Running)+len(w.Template))
	positions := make(map[imageKey]int, len(w.Running)+len(w.Template))
	add := func(use *imageUse) {
		if use == nil {
			return
		}
		at, known := positions[use.imageKey]
		if !known {
			positions[use.imageKey] = len(uses)
			uses = append(uses, *use)
			return
		}
		uses[at].usage, uses[at].runs = moreImportant(uses[at].usage, use.usage), uses[at].runs || use.runs
	}
	for i := range w.Running {
		add(r.running(&w.Running[i]))
	}
	usage := v1alpha1.UsageRequested
	if w.Idle {
		usage = v1alpha1.UsageRollback
	}
	for i := range w.Template {
		add(r.requested(w.Template[i].Image, usage))
	}
	return uses
}

// running returns the use of the image that a node reports for a container; nil for one that is not of the trust. Before the
// container has started it is only requested.
func (r *references) running(running *inventory.Running) *imageUse {
	image := r.parse(running.Image)
	switch {
	case image == nil:
		return nil
	case image.Reference == nil:
		usage := v1alpha1.UsageRunning
		if !running.Started && running.Digest == "" {
			usage = v1alpha1.UsageRequested
		}
		return given(imageKey{reference: image.String()}, unreadable(image.problem), usage, true)
	case running.Digest == "" && running.Started:
		key := imageKey{reference: image.String(), running: true, undigested: true}
		return given(key, undigested(), v1alpha1.UsageRunning, true)
	case running.Digest == "":
		use := r.requested(running.Image, v1alpha1.UsageRequested)
		use.runs = true
		return use
	}
	use := &imageUse{
		imageKey: imageKey{reference: image.String(), digest: running.Digest, running: true},
		request:  pool.Request{Ref: image.Context().Digest(running.Digest), Tag: image.Tag, Running: true},
		usage:    v1alpha1.UsageRunning, runs: true,
	}
	if pinned, ok := image.Reference.(name.Digest); ok && pinned.DigestStr() != running.Digest {
		use.index = pinned.DigestStr()
		use.request.Index = &pinned
	}
	return use
}

// requested returns the use of an image that a template, a pod that does not run yet, or the trust itself requests; nil for one
// that is not of the trust.
func (r *references) requested(written string, usage v1alpha1.Usage) *imageUse {
	image := r.parse(written)
	switch {
	case image == nil:
		return nil
	case image.Reference == nil:
		return given(imageKey{reference: image.String()}, unreadable(image.problem), usage, false)
	}
	use := &imageUse{imageKey: imageKey{reference: image.String()}, request: pool.Request{Ref: image.Reference}, usage: usage}
	if pinned, ok := image.Reference.(name.Digest); ok {
		use.digest = pinned.DigestStr()
		use.request.Tag = image.Tag
	}
	return use
}

// given returns the use of an image that no registry can be asked about.
func given(key imageKey, result verify.Result, usage v1alpha1.Usage, runs bool) *imageUse {
	return &imageUse{imageKey: key, given: &pool.Answer{Result: result, Known: true, Fresh: true}, usage: usage, runs: runs}
}

// undigested is the verdict on a container that runs while its node reports no digest of the image's repository.
func undigested() verify.Result {
	return verify.Result{
		Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.DigestNotReportedReason,
		Message: "a container runs the image, but its node reports no digest of the image's repository, so it is not known what " +
			"runs. That is so for an image that was loaded into the node",
	}
}

// maxProblem is the length of the longest description of a name, in bytes. It quotes users.
const maxProblem = 512

// unreadable is the verdict on an image whose name cannot be read.
func unreadable(problem string) verify.Result {
	return verify.Result{
		Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.InvalidReferenceReason,
		Message: text.Truncate("the name of the image cannot be read, so it cannot be verified, although a node may run it: "+
			text.Printable(problem), maxProblem),
	}
}

// Requests returns requests for the verdict on each image that a registry can be asked about: one for each signer of the trust, by
// the signer's rule and root of trust. An image that runs may have been accepted for an index that its tag no longer names: known is
// the last status of the images, which records that index.
func (i Images) Requests(roots Roots, known []v1alpha1.ImageStatus) []pool.Request {
	indexes := knownIndexes(known)
	requests := make([]pool.Request, 0, len(i.queries)*len(i.trust.Signers))
	for at := range i.queries {
		query := &i.queries[at]
		if query.given != nil {
			continue
		}
		request := query.request
		if query.running {
			request.KnownIndex = knownIndex(query, indexes)
		}
		requests = append(requests, Requests(i.trust, request, roots)...)
	}
	return requests
}

// knownIndexes returns the indexes that the last status of the images records.
func knownIndexes(known []v1alpha1.ImageStatus) map[imageKey]string {
	indexes := map[imageKey]string{}
	for at := range known {
		if image := &known[at]; image.IndexDigest != "" {
			indexes[imageKey{reference: image.Reference, digest: image.Digest}] = image.IndexDigest
		}
	}
	return indexes
}

// knownIndex returns the index of a running image; nil if none is known.
func knownIndex(query *imageQuery, indexes map[imageKey]string) *name.Digest {
	index, ok := indexes[imageKey{reference: query.reference, digest: query.digest}]
	if !ok {
		return nil
	}
	return new(query.request.Ref.Context().Digest(index))
}
