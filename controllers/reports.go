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
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/policyreport"
	"github.com/karmada-io/image-trust/internal/text"
)

// Reports writes policy reports. *policyreport.Reporter implements it.
type Reports interface {
	// Write replaces the results of a trust, of which those of some namespaces may have changed since it was last called. It returns
	// the reports that the API server does not accept, each once.
	Write(
		ctx context.Context, trust *v1alpha1.KarmadaImageTrust, results policyreport.Results, changed map[string]bool,
	) ([]policyreport.Rejection, error)
	// Forget drops what is stored about a trust.
	Forget(trust string)
}

// publish writes the policy reports, unless the images or the forecast are unknown. compiled is nil if the spec is invalid.
func (r *KarmadaImageTrustReconciler) publish(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, f *findings,
) error {
	if r.Reports == nil || compiled == nil || f.records == nil || f.forecast.tally == nil {
		return nil
	}
	rejections, err := r.Reports.Write(ctx, trust, f.records.results(), f.records.reported)
	if err == nil {
		clear(f.records.reported)
	}
	if len(rejections) > 0 {
		r.Metrics.RejectedReports(trust.Name, len(rejections))
		r.recordEvents(trust, []event{rejectedReportsEvent(rejections)})
	}
	return err
}

// rejectedReportsEvent tells which policy reports are not written.
func rejectedReportsEvent(rejections []policyreport.Rejection) event {
	whys := make([]string, 0, len(rejections))
	for _, r := range rejections {
		whys = append(whys, text.Truncate(r.Why, maxNamedImage))
	}
	e := event{
		series: true, kind: corev1.EventTypeWarning, reason: v1alpha1.PolicyReportRejectedReason, action: "Report",
		note: fmt.Sprintf("%s of namespaces not written: %s", text.Count(len(rejections), "policy report"), text.List(whys, maxNamed)),
	}
	if len(rejections) == 1 {
		e.note = "The policy report of namespace " + rejections[0].Namespace + " is not written: " + rejections[0].Why
		e.related = namespaceReference(rejections[0].Namespace)
	}
	return e
}

// results has one result for each container of the workloads that runs or requests an image of the trust, or that admission
// would deny.
func (r *records) results() policyreport.Results {
	return reportedResults{from: r.source, find: finder{r.source.Finder()}}
}

type reportedResults struct {
	from known
	find finder
}

// Namespaces returns the namespaces of the workloads.
func (r reportedResults) Namespaces() []string { return r.from.Namespaces() }

// In returns the results of a namespace.
func (r reportedResults) In(namespace string) []policyreport.Result {
	var all []policyreport.Result
	for _, w := range r.from.In(namespace) {
		all = append(all, r.find.ofWorkload(&w.Forecast)...)
	}
	return all
}

// finder finds what is known of an image as a workload names it.
type finder struct{ *assess.Finder }

func (f finder) ofWorkload(w *forecast.Forecast) []policyreport.Result {
	var out []policyreport.Result
	workload := policyreport.Result{
		APIVersion: schema.GroupVersion{Group: w.Workload.Group, Version: w.Workload.Version}.String(),
		Kind:       w.Workload.Kind, Namespace: w.Workload.Namespace, Name: w.Workload.Name, UID: w.Workload.UID,
	}
	reported, runs := map[inventory.Container]bool{}, map[inventory.Container]bool{}
	for _, running := range w.Workload.Running {
		runs[running.Container] = true
	}
	for _, denial := range w.Denials {
		r := workload
		r.Container, r.Image, r.Digest = denial.Container.Name, denial.Container.Image, denial.Digest
		r.Outcome, r.Reason, r.Policy = policyreport.Fail, denial.Reason, denial.Policy
		r.Message, r.Runs = fmt.Sprintf("%s (%s)", denial.Message, w.Effect()), runs[denial.Container]
		reported[denial.Container] = true
		out = append(out, r)
	}
	containers := make([]inventory.Running, 0, len(w.Workload.Running)+len(w.Workload.Template))
	containers = append(containers, w.Workload.Running...)
	for _, c := range w.Workload.Template {
		containers = append(containers, inventory.Running{Container: c})
	}
	undigested := map[inventory.Container]bool{}
	for i, container := range containers {
		image := f.Find(container)
		if image == nil || reported[container.Container] || i >= len(w.Workload.Running) && undigested[container.Container] {
			continue
		}
		// Nodes may run several digests of the image.
		reported[container.Container] = container.Digest == "" && !container.Started
		undigested[container.Container] = undigested[container.Container] || image.Undigested
		r := workload
		r.Container, r.Image, r.Digest = container.Name, container.Image, image.Answer.Digest
		r.Outcome, r.Reason, r.Message = outcomeOf(image), image.Answer.Result.Reason, image.Answer.Result.Message
		r.Runs = runs[container.Container]
		out = append(out, r)
	}
	return slices.CompactFunc(out, func(a, b policyreport.Result) bool { return a == b })
}

func outcomeOf(image *assess.Image) policyreport.Outcome {
	switch image.Answer.Result.Verdict {
	case v1alpha1.VerdictVerified:
		return policyreport.Pass
	case v1alpha1.VerdictUntrusted:
		return policyreport.Fail
	default:
		return policyreport.Error
	}
}
