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

package metrics

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pass is what a reconciliation found out about a trust.
type Pass struct {
	Trust string
	// Time of the reconciliation.
	Time time.Time
	// Conditions of the trust.
	Conditions []Condition
	// Enforcement is that of the spec, and Mode that of the ClusterImagePolicy; empty if there is none.
	Enforcement, Mode string
	// Interval between two verification cycles; zero while the spec is invalid.
	Interval time.Duration
	// Images by verdict; nil while they are not known.
	Images map[Image]int
	// Workloads by what admission would do with them; nil while that is not known.
	Workloads map[string]int
	// Containers that admission would not allow. While they are nil, those of the pass before hold.
	Containers map[Container]int
	// Gaps are the reasons why admission does not enforce the trust; nil if it does, or if that is not known.
	Gaps []string
	// LastVerdict is when the last verification cycle ended, if every image has a verdict other than Unknown. While it is zero,
	// that of the pass before holds.
	LastVerdict time.Time
	// LastVerdictBefore is the same, as far as an earlier process stored it. It holds while nothing else is known.
	LastVerdictBefore time.Time
	// Repairs counts the times that the ClusterImagePolicy was restored.
	Repairs int
	// Clusters of a fleet by state; nil on a cluster.
	Clusters map[string]int
}

// Condition of a trust.
type Condition struct{ Type, Status, Reason string }

// Conditions returns conditions as metrics have them.
func Conditions(conditions []metav1.Condition) []Condition {
	all := make([]Condition, len(conditions))
	for i := range conditions {
		all[i] = Condition{Type: conditions[i].Type, Status: string(conditions[i].Status), Reason: conditions[i].Reason}
	}
	return all
}

// Image is what images are counted by.
type Image struct{ Verdict, Reason, Usage string }

// Container is what containers are counted by.
type Container struct{ Outcome, Reason string }

// The outcomes of a forecast.
const (
	OutcomeAllowed           = "Allowed"
	OutcomeDenied            = "Denied"
	OutcomeDeniedOnceOptedIn = "DeniedOnceOptedIn"
	OutcomeUndetermined      = "Undetermined"
)

// The states of the clusters of a fleet.
const (
	ClustersSelected  = "Selected"
	ClustersReporting = "Reporting"
)

// trusts holds the last pass of each trust.
type trusts struct {
	mu   sync.Mutex
	last map[string]Pass
}

func (t *trusts) record(p Pass) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, known := t.last[p.Trust]
	if !known {
		before.LastVerdict = p.LastVerdictBefore
	}
	if p.Containers == nil {
		p.Containers = before.Containers
	}
	if p.LastVerdict.IsZero() {
		p.LastVerdict = before.LastVerdict
	}
	t.last[p.Trust] = p
}

func (t *trusts) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, name)
}

func (t *trusts) collect(e emitter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range t.last {
		p := t.last[name]
		p.collect(e)
	}
}

func (p *Pass) collect(e emitter) {
	for _, c := range p.Conditions {
		e.gauge(condition, 1, p.Trust, c.Type, c.Status, bounded(c.Reason))
	}
	e.gauge(lastPass, seconds(p.Time), p.Trust)
	if p.Clusters != nil {
		for state, n := range p.Clusters {
			e.gauge(fleetClusters, float64(n), p.Trust, state)
		}
		return
	}
	e.gauge(enforcementInfo, 1, p.Trust, p.Enforcement, p.Mode)
	e.gauge(lastVerdict, seconds(p.LastVerdict), p.Trust)
	if p.Interval > 0 {
		e.gauge(interval, p.Interval.Seconds(), p.Trust)
	}
	for image, n := range sum(p.Images, func(i Image) Image { i.Reason = bounded(i.Reason); return i }) {
		e.gauge(images, float64(n), p.Trust, image.Verdict, image.Reason, image.Usage)
	}
	for outcome, n := range p.Workloads {
		e.gauge(forecastWorkloads, float64(n), p.Trust, outcome)
	}
	for container, n := range sum(p.Containers, func(c Container) Container { c.Reason = bounded(c.Reason); return c }) {
		e.gauge(forecastContainers, float64(n), p.Trust, container.Outcome, container.Reason)
	}
	gaps := map[string]bool{}
	for _, gap := range p.Gaps {
		gaps[bounded(gap)] = true
	}
	for gap := range gaps {
		e.gauge(enforcementGap, 1, p.Trust, gap)
	}
}

// sum adds up what has the same labels.
func sum[K comparable](counts map[K]int, label func(K) K) map[K]int {
	out := make(map[K]int, len(counts))
	for k, n := range counts {
		out[label(k)] += n
	}
	return out
}

// seconds returns the Unix time in seconds, or 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
