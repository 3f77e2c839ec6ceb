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

package fleet

import (
	"slices"
	"strings"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// BindingName returns the name of the ClusterResourceBinding by which Karmada propagates a trust
// (names.GenerateBindingName in karmada/pkg/util/names).
func BindingName(trust string) string { return strings.ToLower(trust + "-KarmadaImageTrust") }

// Binding is what a ClusterResourceBinding says about the propagation of a trust.
type Binding struct {
	// Clusters are the names of the members that Karmada selected, in their order.
	Clusters []string
	// NotScheduled says why Karmada has not selected clusters, in its own words.
	NotScheduled string

	placement    *policyv1alpha1.Placement
	affinityName string
	suspended    bool
	suspendedOn  []string
	items        map[string]*workv1alpha2.AggregatedStatusItem
}

// Suspended reports whether nothing is dispatched to a cluster.
func (b *Binding) Suspended(cluster string) bool {
	return b.suspended || slices.Contains(b.suspendedOn, cluster)
}

// ParseBinding reads a ClusterResourceBinding. It returns false if that is about something else than the trust.
func ParseBinding(object *workv1alpha2.ClusterResourceBinding, trust string) (*Binding, bool) {
	resource := &object.Spec.Resource
	if version, err := schema.ParseGroupVersion(resource.APIVersion); err != nil ||
		version.Group != v1alpha1.GroupVersion.Group || resource.Kind != "KarmadaImageTrust" || resource.Name != trust {
		return nil, false
	}
	b := &Binding{
		placement: object.Spec.Placement, affinityName: object.Status.SchedulerObservedAffinityName,
		items: make(map[string]*workv1alpha2.AggregatedStatusItem, len(object.Status.AggregatedStatus)),
	}
	for _, cluster := range object.Spec.Clusters {
		b.Clusters = append(b.Clusters, cluster.Name)
	}
	slices.Sort(b.Clusters)
	if suspension := object.Spec.Suspension; suspension != nil {
		b.suspended = suspension.Dispatching != nil && *suspension.Dispatching
		if suspension.DispatchingOnClusters != nil {
			b.suspendedOn = suspension.DispatchingOnClusters.ClusterNames
		}
	}
	scheduled := apimeta.FindStatusCondition(object.Status.Conditions, workv1alpha2.Scheduled)
	if scheduled != nil && scheduled.Status != metav1.ConditionTrue {
		b.NotScheduled = scheduled.Reason + ": " + scheduled.Message
	}
	for i := range object.Status.AggregatedStatus {
		item := &object.Status.AggregatedStatus[i]
		b.items[item.ClusterName] = item
	}
	return b, true
}

// leftOut reports whether the policy selects a cluster that the scheduler has not taken, other than for a constraint on the
// spread, which leaves clusters out on purpose.
func (b *Binding) leftOut(object *clusterv1alpha1.Cluster) bool {
	return b.placement != nil && len(b.placement.SpreadConstraints) == 0 && object.DeletionTimestamp == nil &&
		!slices.Contains(b.Clusters, object.Name) && Selects(b.placement, b.affinityName, object)
}
