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

package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/report"
)

// ofCluster makes the report on one cluster.
func (r *reporter) ofCluster(ctx context.Context) (*report.Report, error) {
	trusts, missing, err := r.trusts(ctx, r.client)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, usageErrorf("KarmadaImageTrust %q not found", missing[0])
	}
	origin := r.origin(ctx)
	name := cmp.Or(origin.Context, "cluster")
	if !r.examine {
		return report.New(origin, []report.Source{reported(name, trusts)}), nil
	}
	input, err := r.planOptions().readCluster(ctx, r.config)
	if err != nil {
		return nil, err
	}
	engine, err := r.newEngine(ctx, input.cluster.Versions)
	if err != nil {
		return nil, err
	}
	defer engine.close()
	source, err := r.examined(ctx, engine, &input, name, trusts)
	if err != nil {
		return nil, err
	}
	return report.New(origin, []report.Source{source}), nil
}

// planOptions are the flags that report has in common with plan.
func (r *reporter) planOptions() *planOptions {
	return &planOptions{
		installed: r.installed, trustRoot: r.trustRoot, registry: r.registry, cluster: r.cluster, fleet: r.fleet,
	}
}

// reported is a cluster of which the status of the trusts is known.
func reported(name string, trusts []v1alpha1.KarmadaImageTrust) report.Source {
	source := report.Source{Cluster: name}
	for i := range trusts {
		source.Trusts = append(source.Trusts, report.TrustSource{Object: &trusts[i]})
		if found := trusts[i].Status.PolicyController; found != nil {
			source.PolicyController = cmp.Or(found.Version, found.Message)
		}
	}
	return source
}

// examined examines the images of a cluster by its trusts, and forecasts admission as the operator does for each trust, and as plan
// does for all of them.
func (r *reporter) examined(
	ctx context.Context, engine *engine, input *planInput, name string, trusts []v1alpha1.KarmadaImageTrust,
) (report.Source, error) {
	source := report.Source{
		Cluster: name, PolicyController: input.installed.String(), Workloads: input.workloads, NamespaceLabels: input.cluster.Namespace,
		WebhookMissing: input.cluster.Validating == nil,
	}
	in := &inputs{conditions: r.streams.Conditions.Within(ctx)}
	for i := range trusts {
		object := &trusts[i]
		source.Trusts = append(source.Trusts, report.TrustSource{Object: object})
		compiled, err := policy.Compile(object.Spec, in.conditions)
		if err != nil {
			source.Notes = append(source.Notes,
				fmt.Sprintf("%s is not examined, but shown as the operator reported it: %s", object.Name, oneLine(err)))
			continue
		}
		source.Trusts[i].Compiled = compiled
		in.trusts = append(in.trusts, trust{name: object.Name, compiled: compiled, enforcement: object.Spec.Enforcement})
		engine.name(compiled.Registries())
	}
	for i := range source.Trusts {
		if source.Trusts[i].Compiled != nil {
			if err := r.examineTrust(ctx, engine, input, &source.Trusts[i]); err != nil {
				return source, err
			}
		}
	}
	plan, err := r.planOptions().plan(ctx, *input, in, engine)
	if err != nil {
		return source, err
	}
	source.Plan = &plan
	return source, nil
}

// examineTrust examines the images of one trust, and forecasts admission with it enforced.
func (r *reporter) examineTrust(ctx context.Context, engine *engine, input *planInput, source *report.TrustSource) error {
	one := trust{name: source.Object.Name, compiled: source.Compiled}
	roots, err := engine.roots.of(ctx, one.compiled)
	if err != nil {
		return err
	}
	cluster := input.cluster
	cluster.TrustRoot = engine.roots.uses(ctx, &input.cluster, false)
	enforced, err := engine.policy(ctx, one.name, one.compiled, &cluster)
	if err != nil {
		return err
	}
	cluster.Policies = cluster.Policies.With(enforced)
	engine.name(cluster.Policies.Registries())
	selected := selects(one.compiled, input.workloads)
	images := assess.CollectImages(one.compiled, input.workloads)
	requests := images.Requests(roots, source.Object.Status.Images)
	result, err := engine.run(ctx, &inputs{trusts: []trust{one}}, requests, func(judge admission.Judge) {
		source.Forecasts = source.Forecasts[:0]
		for _, w := range selected {
			source.Forecasts = append(source.Forecasts, forecast.ForWorkload(&cluster, w, judge))
		}
	})
	if err != nil {
		return err
	}
	source.Images = images.Observe(result.Answers())
	return nil
}

// selects returns the workloads with an image that a trust selects.
func selects(trust *policy.Policy, workloads []inventory.Workload) []inventory.Workload {
	known := map[string]bool{}
	matches := func(image string) bool {
		selected, ok := known[image]
		if !ok {
			selected = trust.MatchesName(image)
			known[image] = selected
		}
		return selected
	}
	var selected []inventory.Workload
	for i := range workloads {
		w := &workloads[i]
		found := false
		for _, c := range w.Template {
			found = found || matches(c.Image)
		}
		for _, c := range w.Running {
			found = found || matches(c.Image)
		}
		if found {
			selected = append(selected, *w)
		}
	}
	return selected
}
