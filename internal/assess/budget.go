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
	"context"
	"fmt"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/shares"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// MaxImagesOfNamespace is how many distinct images of the workloads of one namespace registries are asked about on behalf of a
// trust. Whoever may create workloads names any number of them, and each costs requests, again and again.
const MaxImagesOfNamespace = 1000

// Budget is what of the images of workloads is not asked about, because their namespaces have too many. The zero value allows
// everything.
type Budget struct {
	// Exceeded are the namespaces with too many images, sorted.
	Exceeded []string

	limit int
	// excluded has the namespace of each reference that is not asked about.
	excluded map[string]string
}

// namespaceImages are the distinct images that the workloads of a namespace name.
type namespaceImages struct {
	images  []inventory.Running
	entries []shares.Entry
	at      map[inventory.Running]int
}

// add adds an image as a workload uses it, in one of the classes of shares.Entry.
func (n *namespaceImages) add(image inventory.Running, class int, user shares.User) {
	key := inventory.Running{Container: inventory.Container{Image: image.Image}, Digest: image.Digest}
	at, known := n.at[key]
	if !known {
		at = len(n.images)
		n.at[key] = at
		n.images, n.entries = append(n.images, key), append(n.entries, shares.Entry{Class: class})
	}
	entry := &n.entries[at]
	entry.Class = min(entry.Class, class)
	if len(entry.Users) == 0 || entry.Users[len(entry.Users)-1] != user {
		entry.Users = append(entry.Users, user)
	}
}

// imagesByNamespace returns the images of workloads by namespace.
func imagesByNamespace(workloads []inventory.Workload) map[string]*namespaceImages {
	const running, requested, idle = 0, 1, 2
	namespaces := map[string]*namespaceImages{}
	for i := range workloads {
		w := &workloads[i]
		n := namespaces[w.Namespace]
		if n == nil {
			n = &namespaceImages{at: map[inventory.Running]int{}}
			namespaces[w.Namespace] = n
		}
		user := shares.UserOf(w.Namespace, w.Kind, w.Name, string(w.UID))
		for _, r := range w.Running {
			n.add(r, running, user)
		}
		class := requested
		if w.Idle {
			class = idle
		}
		for _, c := range w.Template {
			n.add(inventory.Running{Container: c}, class, user)
		}
	}
	return namespaces
}

// NewBudget allows limit images for each namespace: those that run first, and the workloads in turn. An image that another
// namespace names within its own limit is allowed, as are those that the trust lists.
func NewBudget(trust *policy.Policy, workloads []inventory.Workload, limit int) *Budget {
	namespaces := imagesByNamespace(workloads)
	b := &Budget{limit: limit, excluded: map[string]string{}}
	allowed := map[inventory.Running]bool{}
	for namespace, n := range namespaces {
		if len(n.images) <= limit {
			continue
		}
		b.Exceeded = append(b.Exceeded, namespace)
		for position, at := range shares.Order(n.entries) {
			if position < limit {
				allowed[n.images[at]] = true
				continue
			}
			for _, reference := range referencesOf(n.images[at]) {
				b.excluded[reference] = namespace
			}
		}
	}
	if len(b.Exceeded) == 0 {
		return b
	}
	slices.Sort(b.Exceeded)
	for _, ref := range trust.References {
		delete(b.excluded, ref.Name())
	}
	for _, n := range namespaces {
		for _, image := range n.images {
			if len(n.images) <= limit || allowed[image] {
				b.allow(image)
			}
		}
	}
	return b
}

func (b *Budget) allow(image inventory.Running) {
	for _, reference := range referencesOf(image) {
		delete(b.excluded, reference)
	}
}

// referencesOf returns the references by which registries are asked about an image; none for a name that cannot be read.
func referencesOf(image inventory.Running) []string {
	ref, err := imagename.Parse(image.Image)
	switch {
	case err != nil:
		return nil
	case image.Digest != "":
		return []string{ref.Context().Digest(image.Digest).Name()}
	default:
		return []string{ref.Name()}
	}
}

// Limit returns verdicts that are Unknown for the images that the budget does not allow, without asking about them.
func (b *Budget) Limit(verdicts Verdicts) Verdicts {
	if len(b.excluded) == 0 {
		return verdicts
	}
	return limited{budget: b, verdicts: verdicts}
}

type limited struct {
	budget   *Budget
	verdicts Verdicts
}

// Answers asks about the requests that the budget allows.
func (l limited) Answers(ctx context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers := make([]pool.Answer, len(requests))
	var allowed []pool.Request
	var positions []int
	for at, request := range requests {
		namespace, excluded := l.budget.excluded[request.Ref.Name()]
		if !excluded {
			allowed, positions = append(allowed, request), append(positions, at)
			continue
		}
		answers[at] = pool.Answer{Known: true, Fresh: true, Result: verify.Result{
			Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TooManyImagesReason,
			Message: fmt.Sprintf("the workloads of namespace %s name more than %d images, and this is not one of those that are verified",
				namespace, l.budget.limit),
		}}
	}
	if len(allowed) == 0 {
		return answers, nil
	}
	got, err := l.verdicts.Answers(ctx, allowed)
	if err != nil {
		return nil, err
	}
	for i, at := range positions {
		answers[at] = got[i]
	}
	return answers, nil
}
