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
	"strconv"
	"strings"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/controllers/fleet/detect"
	"github.com/karmada-io/image-trust/internal/fleet"
)

// fleetFlags are the flags of a command that works with a cluster or with the control plane of a Karmada fleet.
type fleetFlags struct {
	karmada  karmadaFlag
	clusters []string
	selector string
}

// karmadaFlag is a flag that is true, false, or not set: then the API server is asked.
type karmadaFlag struct{ value *bool }

func (f *karmadaFlag) String() string {
	if f.value == nil {
		return ""
	}
	return strconv.FormatBool(*f.value)
}

func (f *karmadaFlag) Set(written string) error {
	value, err := strconv.ParseBool(written)
	if err != nil {
		return fmt.Errorf("%q is not true or false", written)
	}
	f.value = &value
	return nil
}

// Type makes pflag describe the flag like a flag of type bool.
func (f *karmadaFlag) Type() string { return "bool" }

func (f *fleetFlags) register(flags *pflag.FlagSet) {
	flags.Var(&f.karmada, "karmada",
		"the API server is a Karmada control plane: look at its member clusters (by default, the API server is asked)")
	flags.Lookup("karmada").NoOptDefVal = "true"
	flags.StringSliceVar(&f.clusters, "clusters", nil, "with Karmada: only these member clusters")
	flags.StringVar(&f.selector, "cluster-selector", "", "with Karmada: only member clusters with these labels, for example rollout=canary")
}

// selection returns the member clusters that the flags select.
func (f *fleetFlags) selection() (fleet.Selection, error) {
	selector, err := labels.Parse(f.selector)
	if err != nil {
		return fleet.Selection{}, usageErrorf("--cluster-selector: %w", err)
	}
	s := fleet.Selection{Names: f.clusters, Labels: selector}
	if !s.All() && f.karmada.value != nil && !*f.karmada.value {
		return fleet.Selection{}, usageErrorf("--clusters and --cluster-selector are for a Karmada control plane, so not with --karmada=false")
	}
	return s, nil
}

// given reports whether a flag says that the API server is a Karmada control plane.
func (f *fleetFlags) given() bool {
	return f.karmada.value != nil && *f.karmada.value || len(f.clusters) > 0 || f.selector != ""
}

// isKarmada reports whether the API server is a Karmada control plane: what the flag says, or else what the
// operator takes for one.
func (f *fleetFlags) isKarmada(ctx context.Context, cluster *clusterFlags) (bool, error) {
	if f.karmada.value != nil {
		return *f.karmada.value, nil
	}
	config, err := cluster.config()
	if err != nil {
		return false, err
	}
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return false, unavailable(fmt.Errorf("connecting to the cluster: %w", err))
	}
	group, err := detect.Server{Client: d.RESTClient()}.ControlPlane(ctx)
	if err != nil {
		// It asks more than once: one failure says as much as all of them.
		return false, unavailable(fmt.Errorf("is it a Karmada control plane (see --karmada): %w", causes(err)[0]))
	}
	return group != "", nil
}

// members lists the member clusters of a Karmada control plane that are selected, in the order of their names. It is an error if
// there is no such cluster: nothing would be known of any.
func members(ctx context.Context, c client.Reader, selection fleet.Selection) ([]fleet.Cluster, error) {
	list, err := listClusters(ctx, c)
	if err != nil {
		return nil, err
	}
	return selectMembers(list, selection)
}

func listClusters(ctx context.Context, c client.Reader) (*clusterv1alpha1.ClusterList, error) {
	list := &clusterv1alpha1.ClusterList{}
	if err := c.List(ctx, list); err != nil {
		return nil, unavailable(fmt.Errorf("listing the member clusters (Clusters of %s): %w", clusterv1alpha1.GroupName, err))
	}
	return list, nil
}

// selectMembers returns the clusters of a list that are selected, in the order of their names.
func selectMembers(list *clusterv1alpha1.ClusterList, selection fleet.Selection) ([]fleet.Cluster, error) {
	selected, missing := selection.Of(fleet.ParseClusters(list))
	switch {
	case len(missing) > 0:
		return nil, usageErrorf("--clusters: no member cluster is named %s", strings.Join(missing, " or "))
	case len(selected) == 0 && !selection.All():
		return nil, usageErrorf("no member cluster is selected by --clusters and --cluster-selector")
	}
	return selected, nil
}
