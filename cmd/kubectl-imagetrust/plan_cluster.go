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

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// listTimeout bounds the first listing of a cluster's workloads.
const listTimeout = 2 * time.Minute

// loadCluster reads the workloads of a cluster and the state that admission decisions depend on.
func (o *planOptions) loadCluster(ctx context.Context, _ streams, _ *inputs) (planInput, error) {
	c, err := o.cluster.connect()
	if err != nil {
		return planInput{}, err
	}
	state := admission.NewState(o.webhook, admission.DefaultBehavior())
	if err := state.Load(lister(ctx, c), trustroot.Entry); err != nil {
		return planInput{}, unavailable(err)
	}
	cluster, err := state.Cluster()
	if err != nil {
		return planInput{}, unavailable(err)
	}
	workloads, err := o.listWorkloads(ctx)
	if err != nil {
		return planInput{}, unavailable(err)
	}
	return planInput{cluster: cluster, workloads: workloads}, nil
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

// readConfig reads policy-controller's configuration, which is the default one where its webhook is not registered or has no
// ConfigMap.
func readConfig(ctx context.Context, c client.Client, webhook string) (admission.Config, error) {
	configurations := &admissionregistrationv1.ValidatingWebhookConfigurationList{}
	if err := c.List(ctx, configurations); err != nil {
		return admission.Config{}, fmt.Errorf("reading the cluster: %w", err)
	}
	found := admission.FindValidating(webhook, configurations.Items)
	if found == nil {
		return admission.ParseConfig(nil)
	}
	config := &corev1.ConfigMap{}
	err := c.Get(ctx, client.ObjectKey{Namespace: found.ServiceNamespace, Name: admission.ConfigName}, config)
	if client.IgnoreNotFound(err) != nil {
		return admission.Config{}, fmt.Errorf("reading ConfigMap %s: %w", admission.ConfigName, err)
	}
	return admission.ParseConfig(config.Data)
}

// listWorkloads lists the workloads of the cluster, or of one namespace, with the operator's own watches.
func (o *planOptions) listWorkloads(ctx context.Context) ([]inventory.Workload, error) {
	config, err := o.cluster.config()
	if err != nil {
		return nil, err
	}
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
	workloads := index.Select("plan", "", func(string) bool { return true })
	if only := *o.cluster.Namespace; only != "" {
		workloads = slices.DeleteFunc(workloads, func(w inventory.Workload) bool { return w.Namespace != only })
	}
	return workloads, nil
}

// loadManifests reads workloads from files. Without a cluster, all namespaces are considered opted in, and images that no
// policy covers are allowed: the plan lists them.
func (o *planOptions) loadManifests(_ context.Context, s streams, in *inputs) (planInput, error) {
	namespace, err := o.defaultNamespace()
	if err != nil {
		return planInput{}, err
	}
	files, err := readInputs(&o.trusts.reader, o.manifests, s)
	if err != nil {
		return planInput{}, err
	}
	index := inventory.New(func(string) {})
	for _, file := range files {
		for _, object := range file.Objects {
			converted, err := object.Inventory(namespace)
			if err != nil {
				return planInput{}, usageErrorf("%w", err)
			}
			if converted != nil {
				index.Apply(converted)
			}
		}
	}
	config := in.configOr(admission.Config{})
	config.NoMatch = admission.NoMatchAllow
	return planInput{
		cluster: admission.Cluster{
			Policies:  admission.NewPolicies(),
			Config:    config,
			Namespace: func(string) (map[string]string, bool) { return nil, false },
			Versions:  admission.Supported(),
		},
		workloads: index.Select("plan", "", func(string) bool { return true }),
	}, nil
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
