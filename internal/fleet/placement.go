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

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Selects reports whether a placement selects a cluster, as Karmada's scheduler does (ClusterMatches in its package
// pkg/util, which brings in more than a condition is worth). Of several affinities the scheduler uses the first that fits, whose
// name it puts into the status of the binding.
func Selects(placement *policyv1alpha1.Placement, affinityName string, cluster *clusterv1alpha1.Cluster) bool {
	if placement.ClusterAffinity != nil {
		return matches(placement.ClusterAffinity, cluster)
	}
	if len(placement.ClusterAffinities) == 0 {
		return true
	}
	for i := range placement.ClusterAffinities {
		if term := &placement.ClusterAffinities[i]; term.AffinityName == affinityName {
			return matches(&term.ClusterAffinity, cluster)
		}
	}
	return false
}

func matches(affinity *policyv1alpha1.ClusterAffinity, cluster *clusterv1alpha1.Cluster) bool {
	if slices.Contains(affinity.ExcludeClusters, cluster.Name) {
		return false
	}
	if len(affinity.ClusterNames) > 0 && !slices.Contains(affinity.ClusterNames, cluster.Name) {
		return false
	}
	if affinity.LabelSelector != nil {
		selector, err := metav1.LabelSelectorAsSelector(affinity.LabelSelector)
		if err != nil || !selector.Matches(labels.Set(cluster.Labels)) {
			return false
		}
	}
	if affinity.FieldSelector == nil {
		return true
	}
	for _, expression := range affinity.FieldSelector.MatchExpressions {
		if !matchesField(expression, cluster) {
			return false
		}
	}
	return true
}

// matchesField compares a field of a cluster. Karmada's webhook admits the operators In and NotIn only.
func matchesField(expression corev1.NodeSelectorRequirement, cluster *clusterv1alpha1.Cluster) bool {
	var values []string // none if the cluster does not have the field
	switch {
	case expression.Key == "provider" && cluster.Spec.Provider != "":
		values = []string{cluster.Spec.Provider}
	case expression.Key == "region" && cluster.Spec.Region != "":
		values = []string{cluster.Spec.Region}
	case expression.Key == "zone":
		values = cluster.Spec.Zones
	}
	in := func(value string) bool { return slices.Contains(expression.Values, value) }
	switch expression.Operator {
	case corev1.NodeSelectorOpIn:
		// Karmada wants all of a cluster's zones to be in the list.
		return len(values) > 0 && !slices.ContainsFunc(values, func(value string) bool { return !in(value) })
	case corev1.NodeSelectorOpNotIn:
		return !slices.ContainsFunc(values, in)
	default:
		return false
	}
}
