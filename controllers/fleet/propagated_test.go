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
	"fmt"
	"strings"
	"testing"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

func someTrust() *v1alpha1.KarmadaImageTrust {
	trust := &v1alpha1.KarmadaImageTrust{}
	trust.Name, trust.UID, trust.Generation = "karmada", "u1", 3
	return trust
}

// member returns a cluster that answers and serves trusts.
func member(name string, changes ...func(*clusterv1alpha1.Cluster)) *clusterv1alpha1.Cluster {
	cluster := &clusterv1alpha1.Cluster{}
	cluster.Name = name
	cluster.Status.Conditions = []metav1.Condition{{Type: clusterv1alpha1.ClusterConditionReady, Status: metav1.ConditionTrue}}
	cluster.Status.APIEnablements = []clusterv1alpha1.APIEnablement{{
		GroupVersion: v1alpha1.GroupVersion.String(),
		Resources:    []clusterv1alpha1.APIResource{{Name: "karmadaimagetrusts", Kind: "KarmadaImageTrust"}},
	}}
	for _, change := range changes {
		change(cluster)
	}
	return cluster
}

func silent(cluster *clusterv1alpha1.Cluster) {
	cluster.Status.Conditions = []metav1.Condition{{
		Type: clusterv1alpha1.ClusterConditionReady, Status: metav1.ConditionFalse,
		LastTransitionTime: metav1.NewTime(time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)),
	}}
}

func withoutConditions(cluster *clusterv1alpha1.Cluster) { cluster.Status.Conditions = nil }

func withoutTrusts(cluster *clusterv1alpha1.Cluster) { cluster.Status.APIEnablements = nil }

// bound returns the binding of a trust that Karmada has applied in the clusters.
func bound(clusters ...string) *workv1alpha2.ClusterResourceBinding {
	binding := &workv1alpha2.ClusterResourceBinding{}
	binding.Name = "karmada-karmadaimagetrust"
	binding.Spec.Placement = &policyv1alpha1.Placement{}
	binding.Spec.Resource = workv1alpha2.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: trustKind, Name: "karmada", UID: "u1",
	}
	for _, name := range clusters {
		binding.Spec.Clusters = append(binding.Spec.Clusters, workv1alpha2.TargetCluster{Name: name})
		binding.Status.AggregatedStatus = append(binding.Status.AggregatedStatus,
			workv1alpha2.AggregatedStatusItem{ClusterName: name, Applied: true})
	}
	binding.Status.Conditions = []metav1.Condition{{Type: workv1alpha2.Scheduled, Status: metav1.ConditionTrue}}
	return binding
}

// TestPropagated covers what the condition says, as STATUS/REASON: MESSAGE.
func TestPropagated(t *testing.T) {
	for name, tc := range map[string]struct {
		observed func(*observed)
		want     string
	}{
		"no policy": {
			observed: func(o *observed) { o.binding = nil },
			want: "False/NotPropagated: No ClusterPropagationPolicy selects the trust, so that no cluster gets it from here. Create one with " +
				"spec.resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: karmada}].",
		},
		"a policy, and no binding yet": {
			observed: func(o *observed) {
				o.binding = nil
				o.trust.Labels = map[string]string{policyv1alpha1.ClusterPropagationPolicyPermanentIDLabel: "x"}
			},
			want: "Unknown/NotScheduled: A ClusterPropagationPolicy selects the trust. Karmada has not made a ClusterResourceBinding for it yet.",
		},
		"not scheduled yet": {
			observed: func(o *observed) {
				o.binding.Spec.Clusters, o.binding.Status = nil, workv1alpha2.ResourceBindingStatus{}
			},
			want: "Unknown/NotScheduled: Karmada's scheduler has not selected clusters yet.",
		},
		"no cluster fits": {
			observed: func(o *observed) {
				o.binding.Spec.Clusters = nil
				o.binding.Status.Conditions = []metav1.Condition{{
					Type: workv1alpha2.Scheduled, Status: metav1.ConditionFalse, Reason: "NoClusterFit",
					Message: "0/2 clusters are available:\n2 did not match.",
				}}
			},
			want: "False/NotScheduled: Karmada's scheduler reports NoClusterFit: 0/2 clusters are available: 2 did not match.",
		},
		"scheduled to nothing": {
			observed: func(o *observed) { o.binding.Spec.Clusters = nil },
			want:     "False/NotScheduled: Karmada's scheduler has selected no cluster.",
		},
		"everywhere": {
			observed: func(*observed) {},
			want:     "True/Propagated: Karmada has applied the trust in 2 clusters, and all of them answer.",
		},
		"in one cluster": {
			observed: func(o *observed) { o.binding, o.clusters = bound("m1"), o.clusters[:1] },
			want:     "True/Propagated: Karmada has applied the trust in 1 cluster, and the cluster answers.",
		},
		"not applied": {
			observed: func(o *observed) {
				o.binding.Status.AggregatedStatus[0] = workv1alpha2.AggregatedStatusItem{ClusterName: "m1", AppliedMessage: "it exists already."}
				o.binding.Status.AggregatedStatus = o.binding.Status.AggregatedStatus[:1]
			},
			want: "False/NotApplied: Karmada has not applied the trust in 2 clusters: m1 (it exists already), m2.",
		},
		"a cluster is silent": {
			observed: func(o *observed) { silent(o.clusters[1]) },
			want: "Unknown/ClusterNotAnswering: Karmada does not reach 1 cluster, of which the status has the last report at most: " +
				"m2 (since 2026-11-26T09:30:00Z).",
		},
		"a silent cluster without the trust is silent": {
			observed: func(o *observed) { silent(o.clusters[1]); o.binding.Status.AggregatedStatus[1].Applied = false },
			want: "Unknown/ClusterNotAnswering: Karmada does not reach 1 cluster, of which the status has the last report at most: " +
				"m2 (since 2026-11-26T09:30:00Z).",
		},
		"a cluster was never reached": {
			observed: func(o *observed) { withoutConditions(o.clusters[0]) },
			want: "Unknown/ClusterNotAnswering: Karmada does not reach 1 cluster, of which the status has the last report at most: " +
				"m1 (never reached).",
		},
		"a cluster is gone": {
			observed: func(o *observed) { o.clusters = o.clusters[:1] },
			want: "Unknown/ClusterNotAnswering: Karmada does not reach 1 cluster, of which the status has the last report at most: " +
				"m2 (no member of the fleet).",
		},
		"a silent cluster that the scheduler leaves out": {
			observed: func(o *observed) { o.clusters = append(o.clusters, member("m3", silent)) },
			want: "Unknown/ClusterNotAnswering: Karmada does not reach 1 cluster, of which the status has the last report at most: " +
				"m3 (left out, since 2026-11-26T09:30:00Z).",
		},
		"a cluster that does not serve trusts": {
			observed: func(o *observed) { o.clusters = append(o.clusters, member("m3", withoutTrusts)) },
			want: "False/APINotServed: The policy selects 1 cluster without trust.karmada.io/v1alpha1, which Karmada leaves out: m3. " +
				"Install the operator there, or exclude it in the placement.",
		},
		"clusters that the policy does not select": {
			observed: func(o *observed) {
				o.binding.Spec.Placement.ClusterAffinity = &policyv1alpha1.ClusterAffinity{ClusterNames: []string{"m1", "m2"}}
				o.clusters = append(o.clusters, member("m3", withoutTrusts), member("m4", silent))
			},
			want: "True/Propagated: Karmada has applied the trust in 2 clusters, and all of them answer.",
		},
		"clusters that the spread leaves out": {
			observed: func(o *observed) {
				o.binding.Spec.Placement.SpreadConstraints = []policyv1alpha1.SpreadConstraint{{MaxGroups: 2}}
				o.clusters = append(o.clusters, member("m3", withoutTrusts))
			},
			want: "True/Propagated: Karmada has applied the trust in 2 clusters, and all of them answer.",
		},
		"suspended": {
			observed: func(o *observed) {
				o.binding.Spec.Suspension = &workv1alpha2.Suspension{Suspension: policyv1alpha1.Suspension{Dispatching: new(true)}}
			},
			want: "Unknown/Suspended: Propagation is suspended for 2 clusters: m1, m2.",
		},
		"suspended in one cluster, which does not have the trust": {
			observed: func(o *observed) {
				o.binding.Spec.Suspension = &workv1alpha2.Suspension{Suspension: policyv1alpha1.Suspension{
					DispatchingOnClusters: &policyv1alpha1.SuspendClusters{ClusterNames: []string{"m2"}},
				}}
				o.binding.Status.AggregatedStatus = o.binding.Status.AggregatedStatus[:1]
			},
			want: "Unknown/Suspended: Propagation is suspended for 1 cluster: m2.",
		},
		"clusters cannot be read": {
			observed: func(o *observed) { o.unreadable, o.clusters = "the server does not answer", nil },
			want: "Unknown/ClustersUnreadable: Which clusters answer is not known, because the Clusters (cluster.karmada.io/v1alpha1) cannot be " +
				"read: the server does not answer.",
		},
		"several causes": {
			observed: func(o *observed) {
				o.binding.Status.AggregatedStatus[0].Applied = false
				silent(o.clusters[1])
			},
			want: "False/NotApplied: Karmada has not applied the trust in 1 cluster: m1. Karmada does not reach 1 cluster, of which the status " +
				"has the last report at most: m2 (since 2026-11-26T09:30:00Z).",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := observed{
				trust: someTrust(), binding: bound("m1", "m2"), clusters: []*clusterv1alpha1.Cluster{member("m1"), member("m2")},
			}
			tc.observed(&o)
			got := propagated(o)
			if said := fmt.Sprintf("%s/%s: %s", got.Status, got.Reason, got.Message); said != tc.want {
				t.Errorf("the condition says\n%s\nwant\n%s", said, tc.want)
			}
			if got.Type != v1alpha1.PropagatedCondition || got.ObservedGeneration != 3 {
				t.Errorf("condition %s at generation %d", got.Type, got.ObservedGeneration)
			}
		})
	}
}

// TestHostile: names and messages of members neither grow the status nor reach a terminal as they are.
func TestHostile(t *testing.T) {
	var names []string
	o := observed{trust: someTrust()}
	for i := range 1000 {
		names = append(names, fmt.Sprintf("m%04d", i))
		o.clusters = append(o.clusters, member(names[i]))
	}
	o.binding = bound(names...)
	for i := range o.binding.Status.AggregatedStatus {
		item := &o.binding.Status.AggregatedStatus[i]
		item.Applied, item.AppliedMessage = false, strings.Repeat("\x1b[31mred\u202e\n", 1000)
	}
	got := propagated(o)
	if len(got.Message) > maxMessage || text.Printable(got.Message) != got.Message || strings.Contains(got.Message, "\n") {
		t.Errorf("a message of %d bytes: %q", len(got.Message), got.Message)
	}
	if !strings.HasPrefix(got.Message, "Karmada has not applied the trust in 1000 clusters: m0000 (") {
		t.Errorf("the message begins with %q", got.Message[:80])
	}
}

// TestOrder: the order of the clusters and of the items changes nothing, so that it causes no writes.
func TestOrder(t *testing.T) {
	forwards := observed{trust: someTrust(), binding: bound("m1", "m2", "m3")}
	backwards := observed{trust: someTrust(), binding: bound("m3", "m2", "m1")}
	for _, name := range []string{"m1", "m2", "m3"} {
		forwards.clusters = append(forwards.clusters, member(name, silent))
	}
	for _, name := range []string{"m3", "m2", "m1"} {
		backwards.clusters = append(backwards.clusters, member(name, silent))
	}
	if a, b := propagated(forwards), propagated(backwards); a != b {
		t.Errorf("%+v\n%+v", a, b)
	}
}
