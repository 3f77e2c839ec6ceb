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

package fleet_test

import (
	"testing"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/internal/fleet"
)

func TestSelects(t *testing.T) {
	cluster := &clusterv1alpha1.Cluster{}
	cluster.Name, cluster.Labels = "m1", map[string]string{"rollout": "canary"}
	cluster.Spec.Provider, cluster.Spec.Zones = "p", []string{"z1", "z2"}
	labels := func(values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "rollout", Operator: metav1.LabelSelectorOpIn, Values: values},
		}}
	}
	field := func(key string, operator corev1.NodeSelectorOperator, values ...string) policyv1alpha1.ClusterAffinity {
		return policyv1alpha1.ClusterAffinity{FieldSelector: &policyv1alpha1.FieldSelector{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}},
		}}
	}
	for name, tc := range map[string]struct {
		affinity policyv1alpha1.ClusterAffinity
		want     bool
	}{
		"everything":        {want: true},
		"its name":          {affinity: policyv1alpha1.ClusterAffinity{ClusterNames: []string{"m1"}}, want: true},
		"another name":      {affinity: policyv1alpha1.ClusterAffinity{ClusterNames: []string{"m2"}}},
		"excluded":          {affinity: policyv1alpha1.ClusterAffinity{ClusterNames: []string{"m1"}, ExcludeClusters: []string{"m1"}}},
		"its label":         {affinity: policyv1alpha1.ClusterAffinity{LabelSelector: labels("canary")}, want: true},
		"another label":     {affinity: policyv1alpha1.ClusterAffinity{LabelSelector: labels("production")}},
		"invalid selector":  {affinity: policyv1alpha1.ClusterAffinity{LabelSelector: labels()}},
		"its provider":      {affinity: field("provider", corev1.NodeSelectorOpIn, "p"), want: true},
		"another provider":  {affinity: field("provider", corev1.NodeSelectorOpIn, "q")},
		"not its provider":  {affinity: field("provider", corev1.NodeSelectorOpNotIn, "p")},
		"no region":         {affinity: field("region", corev1.NodeSelectorOpIn, "r")},
		"not in a region":   {affinity: field("region", corev1.NodeSelectorOpNotIn, "r"), want: true},
		"all of its zones":  {affinity: field("zone", corev1.NodeSelectorOpIn, "z1", "z2", "z3"), want: true},
		"one of its zones":  {affinity: field("zone", corev1.NodeSelectorOpIn, "z1")},
		"without its zones": {affinity: field("zone", corev1.NodeSelectorOpNotIn, "z3"), want: true},
		"an odd operator":   {affinity: field("zone", corev1.NodeSelectorOpGt, "1")},
	} {
		t.Run(name, func(t *testing.T) {
			placement := &policyv1alpha1.Placement{ClusterAffinity: &tc.affinity}
			if got := fleet.Selects(placement, "", cluster); got != tc.want {
				t.Errorf("selects is %t", got)
			}
			// The same as the term that the scheduler used.
			placement = &policyv1alpha1.Placement{ClusterAffinities: []policyv1alpha1.ClusterAffinityTerm{
				{AffinityName: "other"}, {AffinityName: "used", ClusterAffinity: tc.affinity},
			}}
			if got := fleet.Selects(placement, "used", cluster); got != tc.want {
				t.Errorf("selects is %t by one of several affinities", got)
			}
			if fleet.Selects(placement, "", cluster) {
				t.Error("a cluster is selected before the scheduler has chosen an affinity")
			}
		})
	}
	if !fleet.Selects(&policyv1alpha1.Placement{}, "", cluster) {
		t.Error("a placement without affinities does not select every cluster")
	}
}
