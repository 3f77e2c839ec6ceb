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

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// clusterFlags name a cluster, as kubectl's do.
type clusterFlags struct{ kubeconfig, context string }

func (f *clusterFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file of the cluster")
	flags.StringVar(&f.context, "context", "", "context of the kubeconfig file")
}

// config of the client.
func (f *clusterFlags) config() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules,
		&clientcmd.ConfigOverrides{CurrentContext: f.context}).ClientConfig()
	if err != nil {
		return nil, usage("no cluster: %w", err)
	}
	return config, nil
}

// connect to the cluster.
func (f *clusterFlags) connect() (client.WithWatch, error) {
	config, err := f.config()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, unavailable(fmt.Errorf("the cluster cannot be asked: %w", err))
	}
	return c, nil
}

// trustRoot of a name in the cluster.
func (f *clusterFlags) trustRoot(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	c, err := f.connect()
	if err != nil {
		return nil, fmt.Errorf("TrustRoot %s is not in the files given with -f, and there is %w", name, err)
	}
	root := &unstructured.Unstructured{}
	kind := policy.ClusterImagePolicyKind
	kind.Kind = "TrustRoot"
	root.SetGroupVersionKind(kind)
	if err := c.Get(ctx, client.ObjectKey{Name: name}, root); err != nil {
		return nil, unavailable(fmt.Errorf("TrustRoot %s cannot be read: %w", name, err))
	}
	return root, nil
}
