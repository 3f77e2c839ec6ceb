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
	"fmt"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/text"
)

// membersAtOnce bounds how many members are read at once: what is read of a member is in memory until it is planned.
const membersAtOnce = 2

// fleetReport is the result of plan for a Karmada control plane.
type fleetReport struct {
	forecast.Fleet

	// installed is what is known of the policy-controller of each cluster that is planned.
	installed map[string]installed.PolicyController
	// compared reports whether there was anything to compare with.
	compared bool
}

// ofFleet returns the clusters that the flags select, if the API server is a Karmada control plane.
func (o *planOptions) ofFleet(ctx context.Context) (fleet.Selection, bool, error) {
	selection, err := o.fleet.selection()
	if err != nil {
		return selection, false, err
	}
	karmada, err := o.fleet.isKarmada(ctx, &o.cluster)
	if err == nil && !karmada && !selection.All() {
		err = usageErrorf("--clusters and --cluster-selector are for a Karmada control plane, which the API server is not")
	}
	return selection, karmada, err
}

// fleetPlanner plans one member of a fleet after another. They share the verdicts on images.
type fleetPlanner struct {
	*planOptions

	controlPlane *rest.Config
	engine       *engine
	// roots are those of the files.
	roots *trustRoots
	// after are the trusts of the plan, and before those to compare with; nil if there are none.
	after, before *deliveries
}

// runFleet plans the members of a Karmada control plane.
func (o *planOptions) runFleet(ctx context.Context, s streams, in *inputs, selection fleet.Selection) error {
	config, err := o.cluster.config()
	if err != nil {
		return err
	}
	found, err := o.installed.assume()
	if err != nil {
		return err
	}
	c, err := newClient(config)
	if err != nil {
		return err
	}
	list, err := listClusters(ctx, c)
	if err != nil {
		return err
	}
	selected, err := selectMembers(list, selection)
	if err != nil {
		return err
	}
	policies, err := readPolicies(ctx, c)
	if err != nil {
		return err
	}
	p := &fleetPlanner{planOptions: o, controlPlane: config}
	if p.after, err = newDeliveries(in, policies); err != nil {
		return err
	}
	if len(o.against) > 0 {
		old, err := (&trustFlags{files: o.against, reader: o.trusts.reader, flag: "--against"}).load(ctx, s)
		if err != nil {
			return err
		}
		if p.before, err = newDeliveries(old, policies); err != nil {
			return err
		}
	}
	targets := p.targets(list, selected)
	if len(targets) == 0 {
		return usageErrorf("no ClusterPropagationPolicy propagates a trust of the files to any of %s",
			text.Count(len(selected), "member cluster"))
	}
	if p.engine, err = newEngine(ctx, s, engineOptions{&o.trustRoot, &o.registry, &o.cluster, found.Versions}, in); err != nil {
		return err
	}
	defer p.engine.close()
	p.roots = p.engine.roots
	report, err := p.plan(ctx, targets)
	if err != nil {
		return err
	}
	if err := o.printFleet(s, report); err != nil {
		return err
	}
	return exitWith(report.code())
}

func (o *planOptions) printFleet(s streams, report *fleetReport) error {
	if o.output.format == formatSARIF {
		return report.sarif(s.Out)
	}
	return o.output.print(s.Out, report, func(to *text.Printer) {
		if o.output.format == formatMarkdown {
			printFleetMarkdown(to, report)
			return
		}
		printFleetPlan(to, s.Out.style(), report, o.output.format == formatWide)
	})
}

// sarif writes the plan for a code scanning service.
func (r *fleetReport) sarif(to *output) error {
	log := newSARIFPlan()
	for i := range r.Clusters {
		if c := &r.Clusters[i]; c.Plan != nil {
			log.add(c.Plan, c.Cluster)
		} else {
			log.undetermined(c.Cluster, c.Problem)
		}
	}
	return to.sarif(log.rules, log.results)
}

// target is a cluster to plan.
type target struct {
	fleet.Cluster

	object *clusterv1alpha1.Cluster
}

// targets returns the clusters that get a trust, of those that are selected.
func (p *fleetPlanner) targets(list *clusterv1alpha1.ClusterList, selected []fleet.Cluster) []target {
	objects := make(map[string]*clusterv1alpha1.Cluster, len(list.Items))
	for i := range list.Items {
		objects[list.Items[i].Name] = &list.Items[i]
	}
	var targets []target
	for _, one := range selected {
		if object := objects[one.Name]; !one.Leaving && p.after.includes(object) {
			targets = append(targets, target{Cluster: one, object: object})
		}
	}
	return targets
}

// read is what is known of a member, or why it is not.
type read struct {
	input  planInput
	config *rest.Config
	err    error
}

// plan plans the clusters in their order. A few of them are read ahead.
func (p *fleetPlanner) plan(ctx context.Context, targets []target) (*fleetReport, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	reads := make([]chan read, len(targets))
	for i := range reads {
		reads[i] = make(chan read, 1)
	}
	free := make(chan struct{}, membersAtOnce)
	go func() {
		for i := range targets {
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() { reads[i] <- p.read(ctx, &targets[i]) }()
		}
	}()
	report := &fleetReport{installed: map[string]installed.PolicyController{}, compared: p.before != nil}
	report.Notes = p.after.notes()
	for i := range targets {
		var member read
		select {
		case member = <-reads[i]:
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		}
		planned, err := p.planMember(ctx, &targets[i], &member)
		if err != nil {
			return nil, err
		}
		report.installed[planned.Cluster] = member.input.installed
		report.Add(planned)
		<-free
	}
	return report, nil
}

// read reads a member through the control plane.
func (p *fleetPlanner) read(ctx context.Context, t *target) read {
	if !t.Answers() {
		return read{err: errors.New(notReady(&t.Cluster))}
	}
	config, err := memberConfig(p.controlPlane, t.Name)
	if err != nil {
		return read{err: err}
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	ctx, stop := context.WithTimeoutCause(ctx, listTimeout, fmt.Errorf("it was not read within %s", listTimeout))
	defer stop()
	config = guarded(config, maxMemberBytes, giveUp)
	input, err := p.readCluster(ctx, config)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return read{input: input, config: config, err: err}
}

// notReady says why a cluster is not read.
func notReady(c *fleet.Cluster) string {
	message := "Karmada does not reach it"
	if !c.Since.IsZero() {
		message += " since " + c.Since.UTC().Format(time.RFC3339)
	}
	if c.Message != "" {
		message += ": " + text.Truncate(c.Message, maxMessageBytes)
	}
	return message
}

// planMember plans a member. The error is one that is not about the member.
func (p *fleetPlanner) planMember(ctx context.Context, t *target, member *read) (forecast.ClusterPlan, error) {
	result := forecast.ClusterPlan{Cluster: t.Name}
	fail := func(err error) (forecast.ClusterPlan, error) {
		if ctx.Err() != nil {
			return result, unavailable(ctx.Err())
		}
		if failed, ok := errors.AsType[*exitError](err); ok && failed.code == exitUsage {
			return result, err
		}
		result.Problem = text.Truncate(oneLine(err), maxMessageBytes)
		return result, nil
	}
	in, trusts, err := p.after.to(ctx, t.object)
	if err != nil {
		return fail(err)
	}
	result.Trusts = trusts
	if member.err != nil {
		return fail(member.err)
	}
	if t.Serves == metav1.ConditionFalse {
		result.Notes = append(result.Notes, "The cluster does not serve "+v1alpha1.GroupVersion.String()+
			": Karmada propagates no trust to it before the operator is installed there.")
	}
	roots := p.roots.ofMember(trustRootReader(member.config))
	defer p.roots.keep(roots)
	p.engine.roots, p.engine.versions = roots, member.input.cluster.Versions.Range()
	after, err := p.planRequests(ctx, member.input, in, p.engine)
	if err != nil {
		return fail(err)
	}
	result.Plan = &after
	if p.before == nil {
		return result, nil
	}
	old, _, err := p.before.to(ctx, t.object)
	if err == nil {
		p.engine.roots = roots.with(old.roots)
		var before forecast.Plan
		if before, err = p.planOptions.plan(ctx, member.input, old, p.engine); err == nil {
			result.Changes = forecast.Changes(before, after)
			return result, nil
		}
	}
	result.Plan = nil
	return fail(fmt.Errorf("with the trusts of --against: %w", err))
}

// trustRootReader returns a function that reads a TrustRoot of a member.
func trustRootReader(config *rest.Config) func(context.Context, string) (*unstructured.Unstructured, error) {
	return func(ctx context.Context, name string) (*unstructured.Unstructured, error) {
		c, err := newClient(config)
		if err != nil {
			return nil, err
		}
		return readTrustRoot(ctx, c, name)
	}
}

// code returns the exit code.
func (r *fleetReport) code() int {
	if !r.compared {
		return planCode(r.Outcome())
	}
	code := exitOK
	for i := range r.Clusters {
		switch c := &r.Clusters[i]; {
		case changeCode(c.Changes) == exitUntrusted:
			return exitUntrusted
		case c.Plan == nil, changeCode(c.Changes) == exitUnknown:
			code = exitUnknown
		}
	}
	return code
}
