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
	uses  uses
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

// uses counts the workloads that use an image.
type uses struct {
	usage     v1alpha1.Usage
	workloads map[int]bool // by position, so that none counts twice; true for those that run it
}

// usageRank orders usages: an image that runs is not only requested.
func usageRank(usage v1alpha1.Usage) int {
	return slices.Index([]v1alpha1.Usage{"", v1alpha1.UsageRollback, v1alpha1.UsageRequested, v1alpha1.UsageRunning}, usage)
}

func (u *uses) add(other uses) {
	if usageRank(other.usage) > usageRank(u.usage) {
		u.usage = other.usage
	}
	for workload, runs := range other.workloads {
		if u.workloads == nil {
			u.workloads = map[int]bool{}
		}
		u.workloads[workload] = u.workloads[workload] || runs
	}
}

// collector gathers the images of a trust.
type collector struct {
	references *references
	queries    map[imageKey]*imageQuery
}

// CollectImages returns the images of a trust.
func CollectImages(trust *policy.Policy, workloads []inventory.Workload) Images {
	c := collector{references: newReferences(trust), queries: map[imageKey]*imageQuery{}}
	for i, workload := range workloads {
		for _, running := range workload.Running {
			c.addRunning(i, running)
		}
		usage := v1alpha1.UsageRequested
		if workload.Idle {
			usage = v1alpha1.UsageRollback
		}
		for _, container := range workload.Template {
			c.addRequested(container.Image, uses{usage: usage, workloads: map[int]bool{i: false}})
		}
	}
	for _, ref := range trust.References {
		c.addRequested(ref.String(), uses{usage: v1alpha1.UsageRequested})
	}
	queries := make([]imageQuery, 0, len(c.queries))
	for _, query := range c.queries {
		query.request.Namespaces = query.uses.namespaces(workloads)
		queries = append(queries, *query)
	}
	slices.SortFunc(queries, func(a, b imageQuery) int {
		return cmp.Or(
			firstIf(a.running, b.running),
			cmp.Compare(a.reference, b.reference), cmp.Compare(a.digest, b.digest), cmp.Compare(a.index, b.index),
			firstIf(a.undigested, b.undigested),
		)
	})
	return Images{trust: trust, queries: queries}
}

// users returns the positions of the workloads, of those that run the image if there are any.
func (u *uses) users() []int {
	var running, requesting []int
	for workload, runs := range u.workloads {
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

// namespaces returns the namespaces of the workloads, sorted.
func (u *uses) namespaces(workloads []inventory.Workload) []string {
	namespaces := make([]string, 0, len(u.workloads))
	for at := range u.workloads {
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

// addRunning adds the image that a node reports for a container. Before the container has started it is only requested.
func (c *collector) addRunning(workload int, running inventory.Running) {
	used := uses{usage: v1alpha1.UsageRunning, workloads: map[int]bool{workload: true}}
	image := c.references.parse(running.Image)
	if image == nil {
		return
	}
	switch {
	case image.Reference == nil:
		c.addUnreadable(image, running.Started || running.Digest != "", used)
		return
	case running.Digest == "" && running.Started:
		c.addGiven(imageKey{reference: image.String(), running: true, undigested: true}, undigested(), used)
		return
	case running.Digest == "":
		used.usage = v1alpha1.UsageRequested
		c.addRequested(running.Image, used)
		return
	}
	key := imageKey{reference: image.String(), digest: running.Digest, running: true}
	request := pool.Request{Ref: image.Context().Digest(running.Digest), Tag: image.Tag, Running: true}
	if pinned, ok := image.Reference.(name.Digest); ok && pinned.DigestStr() != running.Digest {
		key.index = pinned.DigestStr()
		request.Index = &pinned
	}
	c.add(key, request, used)
}

// addRequested adds the image that a template, a pod that does not run yet, or the trust itself requests.
func (c *collector) addRequested(written string, used uses) {
	image := c.references.parse(written)
	if image == nil {
		return
	}
	if image.Reference == nil {
		c.addUnreadable(image, false, used)
		return
	}
	request := pool.Request{Ref: image.Reference}
	key := imageKey{reference: image.String()}
	if pinned, ok := image.Reference.(name.Digest); ok {
		key.digest = pinned.DigestStr()
		request.Tag = image.Tag
	}
	c.add(key, request, used)
}

// addUnreadable adds an image whose name cannot be read, so that no registry can be asked about it.
func (c *collector) addUnreadable(image *Reference, runs bool, used uses) {
	if !runs && used.usage == v1alpha1.UsageRunning {
		used.usage = v1alpha1.UsageRequested
	}
	c.addGiven(imageKey{reference: image.String()}, unreadable(image.problem), used)
}

func (c *collector) addGiven(key imageKey, result verify.Result, used uses) {
	c.add(key, pool.Request{}, used)
	c.queries[key].given = &pool.Answer{Result: result, Known: true, Fresh: true}
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

func (c *collector) add(key imageKey, request pool.Request, used uses) {
	query := c.queries[key]
	if query == nil {
		query = &imageQuery{imageKey: key, request: request}
		c.queries[key] = query
	}
	query.uses.add(used)
}

// Requests returns requests for the verdict on each image that a registry can be asked about: one for each signer of the trust, by
// the signer's rule and root of trust. An image that runs may have been accepted for an index that its tag no longer names: known is
// the last status of the images, which records that index.
func (i Images) Requests(roots Roots, known []v1alpha1.ImageStatus) []pool.Request {
	indexes := map[imageKey]string{}
	for at := range known {
		if image := &known[at]; image.IndexDigest != "" {
			indexes[imageKey{reference: image.Reference, digest: image.Digest}] = image.IndexDigest
		}
	}
	requests := make([]pool.Request, 0, len(i.queries)*len(i.trust.Signers))
	for at := range i.queries {
		query := &i.queries[at]
		if query.given != nil {
			continue
		}
		request := query.request
		if index, ok := indexes[imageKey{reference: query.reference, digest: query.digest}]; ok && query.running {
			request.KnownIndex = new(request.Ref.Context().Digest(index))
		}
		requests = append(requests, Requests(i.trust, request, roots)...)
	}
	return requests
}
