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

	"github.com/spf13/pflag"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// installationFlags name the policy-controller that is asked about.
type installationFlags struct {
	// webhook is registered by registerWebhook.
	webhook string
	version string
}

// registerWebhook adds the flag for the name of policy-controller's webhooks.
func (f *installationFlags) registerWebhook(flags *pflag.FlagSet) {
	flags.StringVar(&f.webhook, "policy-webhook-name", admission.DefaultWebhookName, "name of policy-controller's webhooks in the cluster")
}

// registerVersion adds the flag for its version.
func (f *installationFlags) registerVersion(flags *pflag.FlagSet) {
	flags.StringVar(&f.version, installed.Flag, "",
		"version of policy-controller ("+admission.Supported().String()+"), where it is not recognised in a cluster")
}

// assume returns what is known of policy-controller without a cluster.
func (f *installationFlags) assume() (installed.PolicyController, error) {
	found, err := installed.Assume(f.version)
	if err != nil {
		return installed.PolicyController{}, usageErrorf("%w", err)
	}
	return found, nil
}

// read returns what is known of the policy-controller in a cluster, and its configuration, which is the default one where its
// webhook is not registered or has no ConfigMap.
func (f *installationFlags) read(ctx context.Context, c client.Client) (installed.PolicyController, admission.Config, error) {
	found, err := f.assume()
	if err != nil {
		return found, admission.Config{}, err
	}
	configurations := &admissionregistrationv1.ValidatingWebhookConfigurationList{}
	if err := c.List(ctx, configurations); err != nil {
		return found, admission.Config{}, unavailable(fmt.Errorf("reading the cluster: %w", err))
	}
	webhook := admission.FindValidating(f.webhook, configurations.Items)
	if webhook == nil {
		config, err := admission.ParseConfig(nil)
		return found, config, err
	}
	config := &corev1.ConfigMap{}
	err = c.Get(ctx, client.ObjectKey{Namespace: webhook.ServiceNamespace, Name: admission.ConfigName}, config)
	if client.IgnoreNotFound(err) != nil {
		return found, admission.Config{}, unavailable(fmt.Errorf("reading ConfigMap %s: %w", admission.ConfigName, err))
	}
	parsed, err := admission.ParseConfig(config.Data)
	if err != nil {
		return found, admission.Config{}, unavailable(err)
	}
	if workloads, err := deployments(ctx, c, webhook.ServiceNamespace); err == nil {
		found = installed.Recognise(workloads, f.version)
	} else if found.Version == "" {
		// Who may not read the Deployment gets what every version verifies.
		found.Message = err.Error()
	}
	return found, parsed, nil
}

// deployments returns the Deployments of a namespace, and what their pods run.
func deployments(ctx context.Context, c client.Client, namespace string) ([]inventory.Workload, error) {
	if namespace == "" {
		return nil, nil
	}
	index := inventory.New(func(string) {})
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &appsv1.ReplicaSetList{}, &corev1.PodList{}} {
		if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, fmt.Errorf("reading the Deployment of policy-controller in namespace %s: %w", namespace, err)
		}
		switch list := list.(type) {
		case *appsv1.DeploymentList:
			applyAll(index, list.Items)
		case *appsv1.ReplicaSetList:
			applyAll(index, list.Items)
		case *corev1.PodList:
			applyAll(index, list.Items)
		}
	}
	return index.In(namespace), nil
}

func applyAll[T any](index *inventory.Index, items []T) {
	for i := range items {
		if converted := inventory.Convert(&items[i]); converted != nil {
			index.Apply(converted)
		}
	}
}
