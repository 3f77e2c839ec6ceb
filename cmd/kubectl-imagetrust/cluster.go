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

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// legacyServer is where client-go connects to if no cluster is configured.
const legacyServer = "http://localhost:8080"

// clusterFlags select a cluster by kubectl's own flags: --kubeconfig, --context, --as, --request-timeout and so on.
type clusterFlags struct{ *genericclioptions.ConfigFlags }

// register adds kubectl's flags, except for --namespace: trusts are cluster-scoped.
func (f *clusterFlags) register(flags *pflag.FlagSet) {
	f.ConfigFlags = newConfigFlags()
	f.Namespace = nil
	f.addTo(flags)
}

// registerNamespaced adds kubectl's flags, including --namespace.
func (f *clusterFlags) registerNamespaced(flags *pflag.FlagSet) {
	f.ConfigFlags = newConfigFlags()
	f.addTo(flags)
}

// addTo adds the flags, annotated for the help.
func (f *clusterFlags) addTo(flags *pflag.FlagSet) {
	own := pflag.NewFlagSet("cluster", pflag.ContinueOnError)
	f.AddFlags(own)
	own.VisitAll(func(flag *pflag.Flag) {
		flag.Annotations = map[string][]string{clusterFlagAnnotation: nil}
	})
	flags.AddFlagSet(own)
}

func newConfigFlags() *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true)
	flags.CacheDir = nil // discovery is not cached
	return flags
}

// explicit reports whether the command line names a cluster.
func (f *clusterFlags) explicit() bool {
	return *f.KubeConfig != "" || *f.Context != "" || *f.ClusterName != "" || *f.APIServer != ""
}

// config returns the configuration of a client for the cluster.
func (f *clusterFlags) config() (*rest.Config, error) {
	config, err := f.ToRESTConfig()
	if err != nil {
		return nil, usageErrorf("no cluster: %w", err)
	}
	if kubeconfig, err := f.ToRawKubeConfigLoader().RawConfig(); err == nil &&
		len(kubeconfig.Clusters) == 0 && *f.APIServer == "" && config.Host == legacyServer {
		return nil, usageErrorf("no cluster: set KUBECONFIG, or name a cluster with --kubeconfig or --server")
	}
	return config, nil
}

// connect returns a client for the cluster. It does not send a request before the client is used.
func (f *clusterFlags) connect() (client.WithWatch, error) {
	config, err := f.config()
	if err != nil {
		return nil, err
	}
	return newClient(config)
}

// newClient returns a client for the kinds that commands read.
func newClient(config *rest.Config) (client.WithWatch, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(
		clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), clusterv1alpha1.Install(scheme), workv1alpha2.Install(scheme),
		policyv1alpha1.Install(scheme),
	); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, unavailable(fmt.Errorf("connecting to the cluster: %w", err))
	}
	return c, nil
}

// trustRoot reads a TrustRoot from the cluster.
func (f *clusterFlags) trustRoot(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	c, err := f.connect()
	if err != nil {
		return nil, fmt.Errorf("TrustRoot %s is not in the files given with -f, and it cannot be read from a cluster: %w", name, err)
	}
	return readTrustRoot(ctx, c, name)
}

func readTrustRoot(ctx context.Context, c client.Reader, name string) (*unstructured.Unstructured, error) {
	root := &unstructured.Unstructured{}
	root.SetGroupVersionKind(policy.TrustRootKind)
	if err := c.Get(ctx, client.ObjectKey{Name: name}, root); err != nil {
		return nil, unavailable(fmt.Errorf("reading TrustRoot %s: %w", name, err))
	}
	return root, nil
}
