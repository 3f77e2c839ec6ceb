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
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// budgeting keeps the Budget of a Tracker. Namespaces that name few images are only counted.
type budgeting struct {
	namespaces map[string]*namespaceCount
	over       map[string]bool // namespaces with too many images
	changed    map[string]bool // namespaces whose workloads changed
	budget     Budget
}

// namespaceCount counts what the workloads of a namespace name. While there are no more mentions than images allowed, the images
// are not counted, and nil.
type namespaceCount struct {
	mentions int
	images   map[namedImage]int
}

// namedImage is an image as a budget counts it.
type namedImage struct{ written, digest string }

func newBudgeting() budgeting {
	return budgeting{namespaces: map[string]*namespaceCount{}, over: map[string]bool{}, changed: map[string]bool{}}
}

func (b *budgeting) add(w *inventory.Workload) { b.change(w, 1) }

func (b *budgeting) remove(w *inventory.Workload) { b.change(w, -1) }

func (b *budgeting) change(w *inventory.Workload, n int) {
	b.changed[w.Namespace] = true
	count := b.namespaces[w.Namespace]
	if count == nil {
		count = &namespaceCount{}
		b.namespaces[w.Namespace] = count
	}
	if count.mentions += n * (len(w.Running) + len(w.Template)); count.mentions == 0 {
		delete(b.namespaces, w.Namespace)
		delete(b.over, w.Namespace)
		return
	}
	if count.images != nil {
		count.name(w, n)
		b.judge(w.Namespace, count)
	}
}

// name counts the images of a workload.
func (c *namespaceCount) name(w *inventory.Workload, n int) {
	add := func(image namedImage) {
		if c.images[image] += n; c.images[image] == 0 {
			delete(c.images, image)
		}
	}
	for i := range w.Running {
		add(namedImage{w.Running[i].Image, w.Running[i].Digest})
	}
	for i := range w.Template {
		add(namedImage{w.Template[i].Image, ""})
	}
}

func (b *budgeting) judge(namespace string, count *namespaceCount) {
	if len(count.images) > MaxImagesOfNamespace {
		b.over[namespace] = true
	} else {
		delete(b.over, namespace)
	}
}

// update finds out anew what is excluded where namespaces have too many images, and has the requests be asked anew for which that
// changed.
func (b *budgeting) update(t *Tracker) {
	if len(b.changed) == 0 {
		return
	}
	for namespace := range b.changed {
		if count := b.namespaces[namespace]; count != nil && count.images == nil && count.mentions > MaxImagesOfNamespace {
			count.images = map[namedImage]int{}
			for w := range t.namespaces[namespace] {
				count.name(&w.Workload, 1)
			}
			b.judge(namespace, count)
		}
	}
	clear(b.changed)
	if len(b.over) == 0 && len(b.budget.excluded) == 0 {
		b.budget = Budget{}
		return
	}
	before := b.budget.excluded
	b.budget = Budget{}
	if len(b.over) > 0 {
		workloads := make([]inventory.Workload, 0, len(t.workloads))
		for _, w := range t.Workloads() {
			workloads = append(workloads, w.Workload)
		}
		b.budget = *NewBudget(t.trust, workloads, MaxImagesOfNamespace)
	}
	var released []pool.Key
	for _, a := range t.asked {
		reference := a.request.Ref.Name()
		if b.budget.excluded[reference] == before[reference] {
			continue
		}
		if t.ask(a); b.excludes(a) {
			released = append(released, a.key)
		}
	}
	if len(released) > 0 {
		t.pass.Verdicts.Release(released)
	}
}

// excludes reports whether a request is not asked.
func (b *budgeting) excludes(a *asked) bool {
	_, excluded := b.budget.excluded[a.request.Ref.Name()]
	return excluded
}

// limit returns the verdicts for what is asked.
func (b *budgeting) limit(verdicts Verdicts) Verdicts { return b.budget.Limit(verdicts) }

// exceeded returns the namespaces with too many images, sorted.
func (b *budgeting) exceeded() []string { return b.budget.Exceeded }
