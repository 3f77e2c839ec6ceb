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
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// listTimeout bounds the first listing of a cluster's workloads.
const listTimeout = 2 * time.Minute

// loadCluster reads the workloads of a cluster and the state that admission decisions depend on.
func (o *planOptions) loadCluster(ctx context.Context, _ streams, _ *inputs) (planInput, error) {
	config, err := o.cluster.config()
	if err != nil {
		return planInput{}, err
	}
	return o.readCluster(ctx, config)
}

func (o *planOptions) readCluster(ctx context.Context, config *rest.Config) (planInput, error) {
	c, err := newClient(config)
	if err != nil {
		return planInput{}, err
	}
	if _, err := o.installed.assume(); err != nil {
		return planInput{}, err
	}
	state := admission.NewState(o.installed.webhook, admission.Supported()...)
	if err := state.Load(lister(ctx, c), trustroot.Entry); err != nil {
		return planInput{}, unavailable(err)
	}
	index, err := listWorkloads(ctx, config)
	if err != nil {
		return planInput{}, unavailable(err)
	}
	var ofWebhook []inventory.Workload
	if namespace := state.WebhookNamespace(); namespace != "" {
		ofWebhook = index.In(namespace)
	}
	found := installed.Recognise(ofWebhook, o.installed.version)
	state.SetVersions(found.Versions)
	cluster, err := state.Cluster()
	if err != nil {
		return planInput{}, unavailable(err)
	}
	workloads := index.Select("plan", "", inventory.MatchFunc(func(string) bool { return true }))
	if only := *o.cluster.Namespace; only != "" {
		workloads = slices.DeleteFunc(workloads, func(w inventory.Workload) bool { return w.Namespace != only })
	}
	return planInput{cluster: cluster, workloads: workloads, pods: podsOf(index, workloads), installed: found, set: &manifests.Set{}}, nil
}

// lister returns a function that lists objects with a client.
func lister(ctx context.Context, c client.Client) admission.Lister {
	return func(list admission.ObjectList, name string) error {
		var opts []client.ListOption
		if name != "" {
			opts = append(opts, client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", name)})
		}
		return c.List(ctx, list, opts...)
	}
}

// listWorkloads lists the workloads of the cluster with the operator's own watches.
func listWorkloads(ctx context.Context, config *rest.Config) (*inventory.Index, error) {
	index := inventory.New(func(string) {})
	watches, err := feed.New(config, index)
	if err != nil {
		return nil, err
	}
	watchCtx, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = watches.Start(watchCtx) // it returns nil
	}()
	defer func() {
		stop()
		<-stopped
	}()
	const interval = 50 * time.Millisecond
	err = wait.PollUntilContextTimeout(ctx, interval, listTimeout, true, func(context.Context) (bool, error) { return index.Synced(), nil })
	if err != nil {
		return nil, fmt.Errorf("listing workloads: %w", err)
	}
	return index, nil
}

// loadManifests reads workloads from files. Without a cluster, all namespaces are considered opted in, and images that no
// policy covers are allowed: the plan lists them.
func (o *planOptions) loadManifests(_ context.Context, s streams, in *inputs) (planInput, error) {
	found, err := o.installed.assume()
	if err != nil {
		return planInput{}, err
	}
	namespace, err := o.defaultNamespace()
	if err != nil {
		return planInput{}, err
	}
	if err := o.imageFields.read(&o.trusts.reader); err != nil {
		return planInput{}, err
	}
	set, err := o.reading.read(&o.trusts.reader, s)
	if err != nil {
		return planInput{}, err
	}
	input := planInput{set: set, installed: found}
	for object := range set.Objects() {
		input.add(object.Plan(namespace))
		input.objects++
	}
	config := in.configOr(admission.Config{})
	config.NoMatch = admission.NoMatchAllow
	input.cluster = admission.Cluster{
		Policies:  admission.NewPolicies(),
		Config:    config,
		Namespace: func(string) (map[string]string, bool) { return nil, false },
		Versions:  found.Versions,
		OfFiles:   true,
	}
	return input, nil
}

// add adds what an object of a file asks for.
func (p *planInput) add(planned manifests.Planned) {
	p.set.Errors = append(p.set.Errors, planned.Errors...)
	p.skipped = append(p.skipped, planned.Skipped...)
	p.warnings = append(p.warnings, planned.Warnings...)
	for _, w := range planned.Workloads {
		p.workloads = append(p.workloads, w.Workload)
		p.pods = append(p.pods, w.Pods)
		p.sources = append(p.sources, forecast.Source{Place: forecast.Place{File: w.File, Line: w.Line}, Lines: w.Lines})
	}
}

// defaultNamespace returns the namespace of manifests that name none: that of --namespace, or that of the context if the
// command line names a cluster.
func (o *planOptions) defaultNamespace() (string, error) {
	if *o.cluster.Namespace != "" {
		return *o.cluster.Namespace, nil
	}
	if !o.cluster.explicit() {
		return metav1.NamespaceDefault, nil
	}
	namespace, _, err := o.cluster.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", usageErrorf("no cluster: %w", err)
	}
	return namespace, nil
}
