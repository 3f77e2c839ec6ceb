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
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// Subscription answers the requests of one trust, and tells what becomes of the answers.
type Subscription interface {
	Verdicts
	// Changes returns the answers that changed since they were returned last.
	Changes() []pool.Answered
	// Release drops requests.
	Release(keys []pool.Key)
}

// Inventory is what a Tracker asks about all workloads of a namespace. *inventory.Index implements it.
type Inventory interface {
	// In returns all workloads of a namespace.
	In(namespace string) []inventory.Workload
	// Version changes whenever what In returns may have changed.
	Version(namespace string) uint64
}

// Pass is what a pass of a trust begins with.
type Pass struct {
	// Workloads are the changes since the pass before.
	Workloads inventory.Changes
	// Cluster is the state of admission with the trust enforced, nil while it is not known, and Delta what changed of it since the
	// Epoch of the Tracker.
	Cluster *admission.Cluster
	Delta   admission.Delta
	// Inventory of all workloads, and the images of its namespaces, which all Trackers share.
	Inventory Inventory
	Images    *forecast.NamespaceImages
	// Verdicts on images. Again reports whether all requests have to be asked anew, as for a new cycle.
	Verdicts Subscription
	Again    bool
	// Root returns the root of trust of a name, as Engine.Root does.
	Root func(ctx context.Context, trustRoot string) (*trustroot.Root, error)
	// Known is the last status of the images: see Images.Requests.
	Known []v1alpha1.ImageStatus
	// Version of policy-controller, for messages.
	Version string
}

// Tracker is what is known of one trust between its passes. What it says is always what one that starts with the same state of the
// cluster and the same answers would say: each pass works on what changed, and on what depends on that.
type Tracker struct {
	knowledge
	trust       *policy.Policy
	own         string
	credentials *registry.Credentials

	pass       Pass
	references *references // of one pass, as are the indexes that it knows
	indexes    map[imageKey]string
	// workloads are those of the inventory, and namespaces the same by namespace.
	workloads  map[types.UID]*Tracked
	namespaces map[string]map[*Tracked]struct{}
	// asked are the requests that the pool has: those of the images of groups, and those that admission's questions need.
	asked  map[pool.Key]*asked
	roots  map[string]*trustroot.Root // those that were asked with
	groups map[string]*group          // by reference
	tally  *forecast.Tally            // of the workloads that are decided

	cluster *admission.Cluster // of the last pass that had one
	known   bool               // whether the last pass had one
	uses    map[string]admission.TrustRootUse
	coverage
	uncovered uncoveredImages
	budget    budgeting

	// dirty are the workloads to be decided, waiting the requests to be asked, idle those that may not be needed any more, and stale
	// the groups whose images may have changed.
	dirty   map[*Tracked]struct{}
	waiting []*asked
	idle    map[*asked]struct{}
	stale   map[*group]struct{}
	stamp   int
	unknown int // how many requests have no answer
	// unanswered reports that the last round still left questions that were not asked.
	unanswered bool
	changed    Changed
}

// Changed is what may have changed in one pass.
type Changed struct {
	// Workloads by UID, including those that are gone, and images by reference.
	Workloads  map[types.UID]*Tracked
	References map[string]bool
}

// Tracked is a workload of a trust, and what is known of it.
type Tracked struct {
	// Forecast for the workload. Only its Workload is set while the state of admission has not been known.
	forecast.Forecast
	// Note is what the caller keeps of the workload.
	Note any

	decided bool
	gone    bool
	uses    []trackedUse
	topics  []reading
	covered *covering
}

// NewTracker returns a Tracker that knows nothing yet. The trust's own policy has the name own. All requests are made with the
// credentials.
func NewTracker(trust *policy.Policy, own string, credentials *registry.Credentials) *Tracker {
	return &Tracker{
		knowledge: newKnowledge([]*policy.Policy{trust}, ""), trust: trust, own: own, credentials: credentials,
		workloads: map[types.UID]*Tracked{}, namespaces: map[string]map[*Tracked]struct{}{},
		asked: map[pool.Key]*asked{}, roots: map[string]*trustroot.Root{}, groups: map[string]*group{},
		tally: forecast.NewTally(forecast.Selection{Selects: trust.MatchesName, Escapes: trust.EscapesAdmission}),
		uses:  map[string]admission.TrustRootUse{}, coverage: newCoverage(), uncovered: newUncoveredImages(), budget: newBudgeting(),
		dirty: map[*Tracked]struct{}{}, idle: map[*asked]struct{}{}, stale: map[*group]struct{}{},
	}
}

// Epoch is that of the state of admission that is known; 0 for none.
func (t *Tracker) Epoch() uint64 {
	if t.cluster == nil {
		return 0
	}
	return t.cluster.Epoch
}

// Update takes in what changed. The error is that of Verdicts or Root; the Tracker must not be used any more after one.
func (t *Tracker) Update(ctx context.Context, pass Pass) (Changed, error) {
	t.pass, t.references = pass, newReferences(t.trust)
	t.version, t.indexes = pass.Version, knownIndexes(pass.Known)
	t.changed = Changed{Workloads: map[types.UID]*Tracked{}, References: map[string]bool{}}
	if err := t.readRoots(ctx); err != nil {
		return t.changed, err
	}
	if len(t.groups) == 0 {
		t.list()
	}
	t.takeWorkloads()
	t.takeCluster()
	t.budget.update(t)
	for _, answered := range pass.Verdicts.Changes() {
		if a := t.asked[answered.Key]; a != nil && !t.budget.excludes(a) {
			t.take(a, answered.Answer)
		}
	}
	if pass.Again {
		for _, a := range t.asked {
			t.ask(a)
		}
	}
	// Dropping a request may leave a tag without one that resolves it, which is asked for anew then.
	for range maxRounds {
		if err := t.settle(ctx); err != nil {
			return t.changed, err
		}
		if t.release(); len(t.dirty) == 0 || !t.known {
			break
		}
	}
	t.observe()
	if t.known {
		t.updateUncovered()
	}
	t.pass, t.references, t.indexes = Pass{}, nil, nil
	return t.changed, nil
}

// readRoots reads the roots of trust that were asked with. Where one is another than before, its requests are asked anew, and
// everything is decided anew.
func (t *Tracker) readRoots(ctx context.Context) error {
	for _, signer := range t.trust.Signers {
		if _, known := t.roots[signer.TrustRoot]; !known {
			t.roots[signer.TrustRoot] = nil
		}
	}
	changed := false
	for name, before := range t.roots {
		root, err := t.pass.Root(ctx, name)
		if err != nil {
			return err
		}
		t.roots[name] = root
		changed = changed || (root == nil) != (before == nil) || root != nil && root.Fingerprint != before.Fingerprint
	}
	if !changed {
		return nil
	}
	for _, a := range t.asked {
		if !a.request.ResolveOnly {
			a.request.Root = t.roots[a.request.RootName]
			t.ask(a)
		}
	}
	t.decideAll()
	return nil
}

// takeWorkloads takes in the changes of the inventory.
func (t *Tracker) takeWorkloads() {
	changes := &t.pass.Workloads
	if changes.All {
		present := make(map[types.UID]bool, len(changes.Changed))
		for i := range changes.Changed {
			present[changes.Changed[i].UID] = true
		}
		for uid := range t.workloads {
			if !present[uid] {
				changes.Removed = append(changes.Removed, uid)
			}
		}
	}
	for _, uid := range changes.Removed {
		if w := t.workloads[uid]; w != nil {
			t.retract(w)
			w.gone = true
			delete(t.workloads, uid)
			delete(t.dirty, w)
			delete(t.namespaces[w.Workload.Namespace], w)
			if len(t.namespaces[w.Workload.Namespace]) == 0 {
				delete(t.namespaces, w.Workload.Namespace)
			}
			t.changed.Workloads[uid] = w
		}
	}
	for i := range changes.Changed {
		t.put(&changes.Changed[i])
	}
}

// put adds or replaces a workload.
func (t *Tracker) put(workload *inventory.Workload) {
	w := t.workloads[workload.UID]
	switch {
	case w == nil:
		w = &Tracked{}
		t.workloads[workload.UID] = w
	case sameWorkload(&w.Workload, workload):
		return
	default:
		t.retract(w)
		delete(t.namespaces[w.Workload.Namespace], w)
	}
	w.Forecast = forecast.Forecast{Workload: *workload}
	if t.namespaces[workload.Namespace] == nil {
		t.namespaces[workload.Namespace] = map[*Tracked]struct{}{}
	}
	t.namespaces[workload.Namespace][w] = struct{}{}
	t.use(w)
	t.budget.add(&w.Workload)
	t.dirty[w] = struct{}{}
	t.changed.Workloads[workload.UID] = w
}

// retract takes back all that a workload has added.
func (t *Tracker) retract(w *Tracked) {
	t.undecide(w)
	t.unread(w)
	t.disuse(w)
	t.budget.remove(&w.Workload)
}

func sameWorkload(a, b *inventory.Workload) bool {
	return a.Group == b.Group && a.Version == b.Version && a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name &&
		a.UID == b.UID && a.Idle == b.Idle && (a.Template == nil) == (b.Template == nil) &&
		slices.Equal(a.Template, b.Template) && slices.Equal(a.Running, b.Running) &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.ChildLabels, b.ChildLabels) && maps.Equal(a.PodLabels, b.PodLabels)
}

// Gone reports whether the workload is none of the trust any more.
func (w *Tracked) Gone() bool { return w.gone }

// compareWorkloads is the order of the inventory.
func compareWorkloads(a, b *Tracked) int {
	v, w := &a.Workload, &b.Workload
	if c := strings.Compare(v.Namespace, w.Namespace); c != 0 {
		return c
	}
	if c := strings.Compare(v.Kind, w.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(v.Name, w.Name); c != 0 {
		return c
	}
	return strings.Compare(string(v.UID), string(w.UID))
}

// Workload returns a workload; nil if there is none of the UID.
func (t *Tracker) Workload(uid types.UID) *Tracked { return t.workloads[uid] }

// Workloads returns all workloads, sorted.
func (t *Tracker) Workloads() []*Tracked {
	return sorted(slices.Collect(maps.Values(t.workloads)))
}

// sorted returns workloads in the order of the inventory. It sorts the workloads of each namespace, so that the time hardly grows
// faster than the number of workloads.
func sorted(all []*Tracked) []*Tracked {
	byNamespace := map[string][]*Tracked{}
	for _, w := range all {
		byNamespace[w.Workload.Namespace] = append(byNamespace[w.Workload.Namespace], w)
	}
	all = all[:0]
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		of := byNamespace[namespace]
		slices.SortFunc(of, compareWorkloads)
		all = append(all, of...)
	}
	return all
}

// In returns the workloads of a namespace, sorted.
func (t *Tracker) In(namespace string) []*Tracked {
	return slices.SortedFunc(maps.Keys(t.namespaces[namespace]), compareWorkloads)
}

// Namespaces returns the namespaces of the workloads, sorted.
func (t *Tracker) Namespaces() []string { return slices.Sorted(maps.Keys(t.namespaces)) }

// Len is how many workloads there are.
func (t *Tracker) Len() int { return len(t.workloads) }

// Tally is that of the forecasts.
func (t *Tracker) Tally() *forecast.Tally { return t.tally }

// OverBudget returns the namespaces with more images than are asked about, sorted.
func (t *Tracker) OverBudget() []string { return t.budget.exceeded() }

// Pending reports whether an answer is still missing because no attempt to get it has ended.
func (t *Tracker) Pending() bool { return t.unanswered || t.unknown > 0 }

// Requests returns all requests.
func (t *Tracker) Requests() []pool.Request {
	requests := make([]pool.Request, 0, len(t.asked))
	for _, a := range t.asked {
		requests = append(requests, a.request)
	}
	return requests
}
