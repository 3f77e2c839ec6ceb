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
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/policy"
)

// observation is what findings are made from, as a test writes it: lists of all images and of all forecasts, which are nil while
// they are not known.
type observation struct {
	now          time.Time
	policy       policyResult
	images       []assess.Image
	rootProblems map[string]string
	forecast     observedForecast
	cycle        verificationCycle
	interval     time.Duration
	installed    *installed.PolicyController
	// records of an earlier reconciliation; nil for none.
	records *records
}

type observedForecast struct {
	workloads     int
	problem       string
	pending       bool
	forecasts     []forecast.Forecast
	gaps          []forecast.Gap
	otherPolicies []v1alpha1.OtherPolicy
}

// conclusion is what follows from an observation.
type conclusion struct {
	status   v1alpha1.KarmadaImageTrustStatus
	findings *findings
}

func conclude(trust *v1alpha1.KarmadaImageTrust, obs *observation) conclusion {
	f := obs.findings(trust)
	return conclusion{status: f.conclude(trust), findings: f}
}

func (o *observation) findings(trust *v1alpha1.KarmadaImageTrust) *findings {
	f := &findings{
		now: o.now, policy: o.policy, cycle: o.cycle, interval: o.interval, installed: o.installed,
		forecast: forecastResult{
			workloads: o.forecast.workloads, problem: o.forecast.problem, pending: o.forecast.pending, gaps: o.forecast.gaps,
			otherPolicies: o.forecast.otherPolicies,
		},
	}
	if o.forecast.forecasts != nil {
		none := func(string) bool { return false }
		f.forecast.tally = forecast.NewTally(forecast.Selection{Selects: none, Escapes: none})
		for i := range o.forecast.forecasts {
			f.forecast.tally.Add(&o.forecast.forecasts[i])
		}
	}
	if o.images == nil {
		return f
	}
	if f.records = o.records; f.records == nil {
		f.records = &records{}
	}
	f.records.update(newLists(o), assess.Changed{}, basis{trust: trust, rootProblems: o.rootProblems, now: o.now}, f.forecast.decided())
	return f
}

// lists are images and workloads that have nothing to do with each other.
type lists struct {
	images    map[string][]*assess.TrackedImage
	workloads []*assess.Tracked
}

func newLists(o *observation) *lists {
	l := &lists{images: map[string][]*assess.TrackedImage{}}
	for i := range o.images {
		image := &assess.TrackedImage{Image: o.images[i]}
		l.images[image.Reference] = append(l.images[image.Reference], image)
	}
	for i := range o.forecast.forecasts {
		w := &assess.Tracked{Forecast: o.forecast.forecasts[i]}
		if w.Workload.UID == "" {
			w.Workload.UID = types.UID(fmt.Sprint(i))
		}
		l.workloads = append(l.workloads, w)
	}
	return l
}

func (l *lists) Images(reference string) []*assess.TrackedImage { return l.images[reference] }

func (l *lists) References() []string {
	var references []string
	for reference := range l.images {
		references = append(references, reference)
	}
	return references
}

func (*lists) ImagesOf(*assess.Tracked) []*assess.TrackedImage { return nil }

func (l *lists) Workload(uid types.UID) *assess.Tracked {
	at := slices.IndexFunc(l.workloads, func(w *assess.Tracked) bool { return w.Workload.UID == uid })
	if at < 0 {
		return nil
	}
	return l.workloads[at]
}

func (l *lists) Workloads() []*assess.Tracked { return l.workloads }

func (l *lists) In(string) []*assess.Tracked { return l.workloads }

func (*lists) Namespaces() []string { return []string{""} }

func (*lists) Finder() *assess.Finder { return assess.NewFinder(&policy.Policy{}, nil) }

// forecastsOf returns the forecasts of a decision, by workload.
func forecastsOf(d *decision) []forecast.Forecast {
	var forecasts []forecast.Forecast
	for _, w := range d.records.source.Workloads() {
		forecasts = append(forecasts, w.Forecast)
	}
	return forecasts
}
