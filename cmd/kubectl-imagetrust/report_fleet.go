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
	"context"
	"errors"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/internal/text"
)

// ofFleet makes the report on the members of a Karmada control plane.
func (r *reporter) ofFleet(ctx context.Context, selection fleet.Selection) (*report.Report, error) {
	var status []fleet.Report
	names := r.names
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		read, err := readFleet(ctx, r.client, name, selection)
		if err != nil {
			return nil, err
		}
		if name != "" && len(read.Trusts) == 0 {
			return nil, usageErrorf("KarmadaImageTrust %q not found", name)
		}
		status = append(status, read.Trusts...)
	}
	origin := r.origin(ctx)
	origin.Fleet = true
	if !r.examine {
		return report.Of(origin, report.OfFleet(status)), nil
	}
	sources, left, err := r.members(ctx, selection, status)
	if err != nil {
		return nil, err
	}
	made := report.New(origin, sources)
	for i := range made.Clusters {
		made.Clusters[i].AddFleet(status)
	}
	made = report.Of(origin, made.Clusters)
	if left > 0 {
		made.Notes = append(made.Notes, text.Count(left, "cluster")+" to which no trust is propagated: left out")
	}
	return made, nil
}

// members examines the images of one member after another, which share the verdicts: of those that get a trust, or that are selected by
// name or label. It returns the number of the others too.
func (r *reporter) members(ctx context.Context, selection fleet.Selection, status []fleet.Report) (_ []report.Source, left int, _ error) {
	list, err := listClusters(ctx, r.client)
	if err != nil {
		return nil, 0, err
	}
	selected, err := selectMembers(list, selection)
	if err != nil {
		return nil, 0, err
	}
	found, err := r.installed.assume()
	if err != nil {
		return nil, 0, err
	}
	engine, err := r.newEngine(ctx, found.Versions)
	if err != nil {
		return nil, 0, err
	}
	defer engine.close()
	planner := &fleetPlanner{planOptions: r.planOptions(), controlPlane: r.config, engine: engine, roots: engine.roots}
	var sources []report.Source
	for _, one := range selected {
		if one.Leaving || selection.All() && !propagatedTo(status, one.Name) {
			left++
			continue
		}
		source, err := r.member(ctx, planner, &target{Cluster: one})
		if err != nil {
			return nil, 0, err
		}
		sources = append(sources, source)
	}
	return sources, left, nil
}

// propagatedTo reports whether a trust is propagated to a cluster.
func propagatedTo(status []fleet.Report, cluster string) bool {
	return slices.ContainsFunc(status, func(one fleet.Report) bool {
		return slices.ContainsFunc(one.Clusters, func(row fleet.Row) bool { return row.Cluster == cluster && row.Propagated() })
	})
}

// member examines the images of a member. The error is one that is not about the member.
func (r *reporter) member(ctx context.Context, planner *fleetPlanner, t *target) (report.Source, error) {
	read := planner.read(ctx, t)
	source, err := report.Source{}, read.err
	if err == nil {
		source, err = r.readMember(ctx, planner, t, &read)
	}
	if err == nil {
		return source, nil
	}
	if ctx.Err() != nil {
		return source, unavailable(ctx.Err())
	}
	if failed, ok := errors.AsType[*exitError](err); ok && failed.code == exitUsage {
		return source, err
	}
	return report.Source{Cluster: t.Name, Problem: text.Truncate(oneLine(err), maxMessageBytes)}, nil
}

func (r *reporter) readMember(ctx context.Context, planner *fleetPlanner, t *target, read *read) (report.Source, error) {
	c, err := newClient(read.config)
	if err != nil {
		return report.Source{}, err
	}
	trusts, _, err := r.trusts(ctx, c)
	switch {
	case apimeta.IsNoMatchError(err):
		trusts = nil // the operator is not installed there
	case err != nil:
		return report.Source{}, err
	}
	roots := planner.roots.ofMember(trustRootReader(read.config))
	defer planner.roots.keep(roots)
	planner.engine.roots, planner.engine.versions = roots, read.input.cluster.Versions.Range()
	return r.examined(ctx, planner.engine, &read.input, t.Name, trusts)
}
