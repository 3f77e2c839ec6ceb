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

package forecast

import (
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Tally counts what the forecasts for the workloads of a trust say together. Forecasts are added and removed one by one, and
// it is always that of those that were added and not removed.
type Tally struct {
	trust Selection

	workloads  int
	counts     Counts
	containers map[ContainerCount]int
	// byVersion counts the workloads on which the decision depends on the version of policy-controller.
	byVersion int
	// withVolumes and withEscaping count the workloads with images of the trust in volumes, and in such a spelling that the
	// ClusterImagePolicy does not match.
	withVolumes, withEscaping int
	// namespaces have workloads of the trust; in those that are intercepted admission intercepts some, and those outside have not
	// opted in.
	namespaces, intercepted, outside names
	// excluded are the workloads that the webhook excludes or may exclude, as placeOf has them.
	excluded names
	// policies cover images of the workloads.
	policies names
	// volumes and escaping are the images of withVolumes and withEscaping.
	volumes, escaping names
}

// ContainerCount is what containers are counted by that admission would not allow.
type ContainerCount struct {
	// Outcome is Denied or Undetermined, and Effect that of a denial.
	Outcome admission.Outcome
	Effect  v1alpha1.ViolationEffect
	Reason  string
}

// NewTally returns the Tally of no forecasts.
func NewTally(trust Selection) *Tally {
	return &Tally{
		trust: trust, containers: map[ContainerCount]int{}, namespaces: newNames(), intercepted: newNames(), outside: newNames(),
		excluded: newNames(), policies: newNames(), volumes: newNames(), escaping: newNames(),
	}
}

// Add adds a forecast.
func (t *Tally) Add(f *Forecast) { t.change(f, 1) }

// Remove removes a forecast that was added.
func (t *Tally) Remove(f *Forecast) { t.change(f, -1) }

// Workloads counts the workloads.
func (t *Tally) Workloads() int { return t.workloads }

// Namespaces counts the namespaces that they are in.
func (t *Tally) Namespaces() int { return t.namespaces.len() }

// Counts counts the workloads by what admission would do with them.
func (t *Tally) Counts() Counts { return t.counts }

// Containers counts the containers that admission would not allow.
func (t *Tally) Containers() map[ContainerCount]int { return t.containers }

// ByVersion counts the workloads on which the decision depends on the version of policy-controller.
func (t *Tally) ByVersion() int { return t.byVersion }

// Intercepts reports whether admission intercepts workloads of the trust in a namespace.
func (t *Tally) Intercepts(namespace string) bool { return t.intercepted.counts[namespace] > 0 }

// Intercepted returns the namespaces in which admission intercepts workloads of the trust.
func (t *Tally) Intercepted() func(yield func(string) bool) { return t.intercepted.all() }

func (t *Tally) change(f *Forecast, n int) {
	t.workloads += n
	t.counts.add(f, n)
	t.namespaces.add(f.Workload.Namespace, n)
	switch f.Interception {
	case admission.Intercepted:
		t.intercepted.add(f.Workload.Namespace, n)
	case admission.RulesExclude, admission.ObjectExcluded, admission.InterceptionUnknown:
		t.excluded.add(placeOf(&f.Workload), n)
	case admission.NamespaceNotOptedIn:
		if !f.Workload.Idle {
			t.outside.add(f.Workload.Namespace, n)
		}
	case admission.WebhookMissing:
	}
	for _, policy := range f.Policies {
		t.policies.add(policy, n)
	}
	t.findings(f, n)
	t.images(&f.Workload, n)
}

func (t *Tally) findings(f *Forecast, n int) {
	count := func(c ContainerCount) {
		if t.containers[c] += n; t.containers[c] == 0 {
			delete(t.containers, c)
		}
	}
	for i := range f.Denials {
		count(ContainerCount{Outcome: admission.Denied, Effect: f.Effect(), Reason: f.Denials[i].Reason})
	}
	for i := range f.Undetermined {
		count(ContainerCount{Outcome: admission.Undetermined, Reason: f.Undetermined[i].Reason})
	}
	if slices.ContainsFunc(f.Undetermined, func(f admission.Finding) bool { return f.Reason == v1alpha1.PolicyControllerVersionReason }) {
		t.byVersion += n
	}
}

// images counts the images of a workload that admission does not look at.
func (t *Tally) images(w *inventory.Workload, n int) {
	volumes, escaping := false, false
	look := func(c *inventory.Container) {
		switch {
		case c.Field == workload.Volumes:
			if t.trust.Selects(c.Image) {
				t.volumes.add(c.Image, n)
				volumes = true
			}
		case t.trust.Escapes(c.Image):
			t.escaping.add(c.Image, n)
			escaping = true
		}
	}
	for i := range w.Template {
		look(&w.Template[i])
	}
	for i := range w.Running {
		look(&w.Running[i].Container)
	}
	if volumes {
		t.withVolumes += n
	}
	if escaping {
		t.withEscaping += n
	}
}

// placeOf is the name of a workload by which it is sorted as the inventory sorts.
func placeOf(w *inventory.Workload) string {
	return strings.Join([]string{w.Namespace, w.Kind, w.Name, string(w.UID)}, "\x00")
}

// nameOfPlace is how messages name the workload of a place.
func nameOfPlace(place string) string {
	parts := strings.Split(place, "\x00")
	return parts[1] + " " + parts[0] + "/" + parts[2]
}
