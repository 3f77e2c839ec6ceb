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
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/shares"
)

// denialRecords are the containers of the workloads of a trust that admission would deny, as the status shows them.
type denialRecords struct {
	byWorkload map[types.UID][]*denialRecord
	n          int
	// turns has the denials in the order of the list, by class: those that run first.
	turns [2]*shares.Turns[*denialRecord]
	// waiting are the workloads whose forecasts are not taken in yet.
	waiting map[types.UID]*assess.Tracked
	// before has the denials of an earlier source, and known reports whether any pass has taken in denials.
	before map[types.UID][]*denialRecord
	known  bool
}

// denialRecord is a container and a policy that denies it.
type denialRecord struct {
	status v1alpha1.Violation
	// container and policy tell the denials of a workload apart.
	container inventory.Container
	policy    string
	uid       types.UID
	class     int
	rank      int // among those of its class and workload
	// firstSeen is when the denial was first observed; zero for before the first pass of the operator.
	firstSeen time.Time
}

// compareDenials is the order of denials of one class: those that were observed last, and then those that admission would deny now.
func compareDenials(a, b *denialRecord) int {
	return cmp.Or(
		b.firstSeen.Compare(a.firstSeen), cmp.Compare(a.status.Effect, b.status.Effect),
		cmp.Compare(a.status.Kind, b.status.Kind), cmp.Compare(a.status.Namespace, b.status.Namespace),
		cmp.Compare(a.status.Name, b.status.Name), cmp.Compare(a.status.Container, b.status.Container),
		cmp.Compare(a.status.Policy, b.status.Policy), cmp.Compare(a.uid, b.uid),
		cmp.Compare(a.container.Name, b.container.Name), cmp.Compare(a.policy, b.policy),
		cmp.Compare(a.container.Field, b.container.Field), cmp.Compare(a.container.Image, b.container.Image),
	)
}

func (r *denialRecords) begin() {
	if r.before == nil { // otherwise nothing has been taken in since the source before the last one
		r.before = r.byWorkload
	}
	r.byWorkload, r.waiting, r.n = map[types.UID][]*denialRecord{}, map[types.UID]*assess.Tracked{}, 0
	for class := range r.turns {
		r.turns[class] = shares.NewTurns(maxCandidates, compareDenials)
	}
}

// update takes in the forecasts of the workloads that changed, if all forecasts are complete.
func (r *denialRecords) update(changed assess.Changed, now time.Time, decided bool) {
	maps.Copy(r.waiting, changed.Workloads)
	if !decided {
		return
	}
	for uid, w := range r.waiting {
		r.workload(uid, w, now)
	}
	clear(r.waiting)
	r.before, r.known = nil, true
}

// workload takes in the forecast for a workload.
func (r *denialRecords) workload(uid types.UID, w *assess.Tracked, now time.Time) {
	before := map[[2]string]time.Time{}
	for _, record := range append(r.before[uid], r.byWorkload[uid]...) {
		before[[2]string{record.container.Name, record.policy}] = record.firstSeen
	}
	for _, record := range r.byWorkload[uid] {
		r.turns[record.class].Remove(record.status.Namespace, record, record.rank)
		r.n--
	}
	if delete(r.byWorkload, uid); w.Gone() || len(w.Denials) == 0 {
		return
	}
	runs := map[inventory.Container]bool{}
	for i := range w.Workload.Running {
		runs[w.Workload.Running[i].Container] = true
	}
	records := make([]*denialRecord, 0, len(w.Denials))
	for i := range w.Denials {
		denial := &w.Denials[i]
		record := &denialRecord{
			status: violation(&w.Forecast, *denial), container: denial.Container, policy: denial.Policy, uid: uid, class: 1,
			firstSeen: r.since(before, [2]string{denial.Container.Name, denial.Policy}, now),
		}
		if runs[denial.Container] {
			record.class = 0
		}
		records = append(records, record)
	}
	slices.SortFunc(records, func(a, b *denialRecord) int { return cmp.Or(cmp.Compare(a.class, b.class), compareDenials(a, b)) })
	for i, record := range records {
		if i > 0 && records[i-1].class == record.class {
			record.rank = records[i-1].rank + 1
		}
		r.turns[record.class].Add(record.status.Namespace, record, record.rank)
	}
	r.byWorkload[uid] = records
	r.n += len(records)
}

// since returns when a denial was first observed.
func (r *denialRecords) since(before map[[2]string]time.Time, key [2]string, now time.Time) time.Time {
	if at, ok := before[key]; ok {
		return at
	}
	if !r.known {
		return time.Time{}
	}
	return now
}

// first returns the first denials of the list.
func (r *denialRecords) first() []v1alpha1.Violation {
	var first, others []v1alpha1.Violation
	for _, turns := range r.turns {
		one, other := turns.First()
		for _, record := range one {
			first = append(first, record.status)
		}
		for _, record := range other {
			others = append(others, record.status)
		}
	}
	return append(first, others...)
}
