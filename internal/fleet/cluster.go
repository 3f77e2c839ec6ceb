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

// Package fleet tells what is known about a trust in each member cluster of a Karmada fleet. Its sources are the objects of the
// Karmada control plane: the trust, the ClusterResourceBinding by which Karmada propagates it, and the Clusters.
//
// What members report is text of others: it is bounded, a report of a wrong form is unreadable, and neither a missing report
// nor one about an earlier spec counts as verified.
package fleet

import (
	"cmp"
	"slices"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// Cluster is a member of a Karmada control plane.
type Cluster struct {
	// Name of the cluster, by which the proxy of the aggregated API and policies name it.
	Name string
	// Labels of the Cluster, by which policies select it.
	Labels map[string]string
	// Pull is true if an agent in the cluster pulls what is propagated. The control plane may then have no way to the cluster.
	Pull bool
	// Leaving is true if the cluster is being removed.
	Leaving bool
	// Ready is the status of the Cluster's condition Ready: unless it is True, nothing that the cluster reported is news.
	Ready metav1.ConditionStatus
	// Since is when Ready changed last. It is zero if Karmada has never set it.
	Since time.Time
	// Reason and Message explain Ready, in the words of Karmada.
	Reason, Message string
	// Serves says whether the cluster serves KarmadaImageTrusts. It is Unknown if Karmada's list of its APIs is incomplete.
	Serves metav1.ConditionStatus

	object *clusterv1alpha1.Cluster
}

// Answers reports whether Karmada can reach the cluster, or hears of its agent.
func (c *Cluster) Answers() bool { return c.Ready == metav1.ConditionTrue }

// ParseCluster reads a Cluster, which the caller must not change afterwards.
func ParseCluster(object *clusterv1alpha1.Cluster) Cluster {
	c := Cluster{
		Name: object.Name, Labels: object.Labels, Leaving: object.DeletionTimestamp != nil,
		Pull:  object.Spec.SyncMode == clusterv1alpha1.Pull,
		Ready: metav1.ConditionUnknown, Serves: metav1.ConditionUnknown, object: object,
	}
	if ready := apimeta.FindStatusCondition(object.Status.Conditions, clusterv1alpha1.ClusterConditionReady); ready != nil {
		c.Ready, c.Since, c.Reason, c.Message = ready.Status, ready.LastTransitionTime.Time, ready.Reason, ready.Message
	}
	complete := apimeta.FindStatusCondition(object.Status.Conditions, clusterv1alpha1.ClusterConditionCompleteAPIEnablements)
	switch {
	case servesTrusts(object.Status.APIEnablements):
		c.Serves = metav1.ConditionTrue
	case len(object.Status.APIEnablements) > 0 && (complete == nil || complete.Status == metav1.ConditionTrue):
		c.Serves = metav1.ConditionFalse
	}
	return c
}

func servesTrusts(enablements []clusterv1alpha1.APIEnablement) bool {
	version := v1alpha1.GroupVersion.String()
	for _, enabled := range enablements {
		for _, resource := range enabled.Resources {
			if enabled.GroupVersion == version && resource.Kind == "KarmadaImageTrust" {
				return true
			}
		}
	}
	return false
}

// ParseClusters reads a list of Clusters. They are returned in the order of their names.
func ParseClusters(list *clusterv1alpha1.ClusterList) []Cluster {
	clusters := make([]Cluster, 0, len(list.Items))
	for i := range list.Items {
		clusters = append(clusters, ParseCluster(&list.Items[i]))
	}
	slices.SortFunc(clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	return clusters
}

// Selection selects members of a fleet. The zero value selects all of them.
type Selection struct {
	// Names of clusters.
	Names []string
	// Labels selects by the labels of the Clusters.
	Labels labels.Selector
}

// All reports whether the selection is not restricted.
func (s Selection) All() bool { return len(s.Names) == 0 && (s.Labels == nil || s.Labels.Empty()) }

// Of returns the clusters that have one of the names, if there are any, and the labels. Missing are the names of which there is no
// cluster, in their order.
func (s Selection) Of(clusters []Cluster) (selected []Cluster, missing []string) {
	names := sets.New(s.Names...)
	for _, c := range clusters {
		if (len(s.Names) == 0 || names.Has(c.Name)) && (s.Labels == nil || s.Labels.Matches(labels.Set(c.Labels))) {
			selected = append(selected, c)
		}
	}
	for _, c := range clusters {
		names.Delete(c.Name)
	}
	return selected, sets.List(names)
}
