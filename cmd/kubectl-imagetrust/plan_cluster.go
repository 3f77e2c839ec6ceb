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

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/policy"
)

// listTimeout bounds the first listing of a cluster's workloads.
const listTimeout = 2 * time.Minute

// lookAtCluster reads what runs and what admission's answers depend on.
func (o *planOptions) lookAtCluster(ctx context.Context, _ streams) (scene, error) {
	c, err := o.cluster.connect()
	if err != nil {
		return scene{}, err
	}
	state := admission.NewState(o.webhook, admission.DefaultBehavior())
	if err := readState(ctx, c, state); err != nil {
		return scene{}, unavailable(err)
	}
	cluster, err := state.Cluster()
	if err != nil {
		return scene{}, unavailable(err)
	}
	workloads, err := o.listWorkloads(ctx)
	if err != nil {
		return scene{}, unavailable(err)
	}
	return scene{cluster: cluster, workloads: workloads}, nil
}

// readState lists what the operator watches.
func readState(ctx context.Context, c client.Client, state *admission.State) error {
	validating := &admissionregistrationv1.ValidatingWebhookConfigurationList{}
	mutating := &admissionregistrationv1.MutatingWebhookConfigurationList{}
	namespaces, configs := &corev1.NamespaceList{}, &corev1.ConfigMapList{}
	named := client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", admission.ConfigName)}
	err := errors.Join(c.List(ctx, validating), c.List(ctx, mutating), c.List(ctx, namespaces), c.List(ctx, configs, named))
	if err != nil {
		return fmt.Errorf("the cluster cannot be read: %w", err)
	}
	for i := range validating.Items {
		state.SetValidating(&validating.Items[i])
	}
	state.Read(admission.WebhookConfigurations)
	for i := range mutating.Items {
		state.SetMutating(&mutating.Items[i])
	}
	state.Read(admission.WebhookConfigurations)
	for i := range namespaces.Items {
		state.SetNamespace(namespaces.Items[i].Name, namespaces.Items[i].Labels)
	}
	state.Read(admission.Namespaces)
	for i := range configs.Items {
		state.SetConfig(&configs.Items[i])
	}
	state.Read(admission.Configuration)
	return readPolicies(ctx, c, state)
}

// readPolicies lists the ClusterImagePolicies, if their kind is installed.
func readPolicies(ctx context.Context, c client.Client, state *admission.State) error {
	policies := &unstructured.UnstructuredList{}
	policies.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	err := c.List(ctx, policies)
	switch {
	case apimeta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("the ClusterImagePolicies cannot be read: %w", err)
	}
	for i := range policies.Items {
		state.SetPolicy(&policies.Items[i])
	}
	return nil
}

// listWorkloads has the operator's own feed list them once.
func (o *planOptions) listWorkloads(ctx context.Context) ([]inventory.Workload, error) {
	config, err := o.cluster.config()
	if err != nil {
		return nil, err
	}
	index := inventory.New(func(string) {})
	listing, err := feed.New(config, index)
	if err != nil {
		return nil, err
	}
	feedCtx, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = listing.Start(feedCtx) // it returns nil
	}()
	defer func() {
		stop()
		<-stopped
	}()
	const often = 50 * time.Millisecond
	err = wait.PollUntilContextTimeout(ctx, often, listTimeout, true, func(context.Context) (bool, error) { return index.Synced(), nil })
	if err != nil {
		return nil, fmt.Errorf("the workloads cannot be read: %w", err)
	}
	return index.Select("plan", "", func(string) bool { return true }), nil
}

// lookAtManifests reads workloads from files. Nobody is there to look away: every object is looked at.
func (o *planOptions) lookAtManifests(_ context.Context, s streams) (scene, error) {
	files, err := readInputs(o.manifests, s)
	if err != nil {
		return scene{}, err
	}
	index := inventory.New(func(string) {})
	for _, file := range files {
		for _, object := range file.Objects {
			asked, err := object.Inventory(o.namespace)
			if err != nil {
				return scene{}, usage("%w", err)
			}
			if asked != nil {
				index.Apply(asked)
			}
		}
	}
	return scene{
		cluster: admission.Cluster{
			Policies:  admission.NewPolicies(),
			Config:    admission.Config{NoMatch: admission.NoMatchAllow}, // uncovered images are told by themselves
			Namespace: func(string) (map[string]string, bool) { return nil, false },
			Behavior:  admission.DefaultBehavior(),
		},
		workloads: index.Select("plan", "", func(string) bool { return true }),
	}, nil
}
