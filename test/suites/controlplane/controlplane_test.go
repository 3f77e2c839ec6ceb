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

package controlplane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	labcontrolplane "github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/rights"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// downService is the aggregated API of Clusters while nothing answers for it.
const downService = `
apiVersion: v1
kind: Service
metadata: {name: karmada-aggregated-apiserver, namespace: default}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1alpha1.cluster.karmada.io}
spec:
  group: cluster.karmada.io
  version: v1alpha1
  groupPriorityMinimum: 2000
  versionPriority: 10
  insecureSkipTLSVerify: true
  service: {name: karmada-aggregated-apiserver, namespace: default, port: 1}
`

// clusterCRD takes the place of the aggregated API of Clusters.
const clusterCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.cluster.karmada.io}
spec:
  group: cluster.karmada.io
  names: {kind: Cluster, listKind: ClusterList, plural: clusters, singular: cluster}
  scope: Cluster
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

// TestControlPlane follows one trust: not propagated, propagated while the aggregated API is down and up, with a cluster that falls
// silent and comes back, next to what Karmada aggregates. The instance makes no policy, needs its rights and no others, and
// writes when the condition changes and at no other time.
func TestControlPlane(t *testing.T) {
	l := newLab(t)
	l.apply(parse(t, downService)...)
	stop := l.startInstance()
	trust := l.createTrust()
	l.expect("False/NotPropagated")

	l.bind(trust, "member-1", "member-2")
	l.expect("Unknown/ClustersUnreadable")

	for _, object := range parse(t, downService) {
		if err := l.Delete(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	l.apply(parse(t, clusterCRD)...)
	waitfor.NoError(t, func(ctx context.Context) error { return l.List(ctx, &clusterv1alpha1.ClusterList{}) })
	l.join("member-1")
	l.join("member-2")
	l.expect("True/Propagated")

	l.aggregate(metav1.ConditionTrue)
	l.setReady("member-2", metav1.ConditionFalse)
	condition := l.expect("Unknown/ClusterNotAnswering")
	if !strings.Contains(condition.Message, "member-2 (since 2026-11-26T09:30:00Z)") {
		t.Errorf("the condition says %q", condition.Message)
	}
	l.aggregate(metav1.ConditionFalse)
	l.setReady("member-2", metav1.ConditionTrue)
	l.expect("True/Propagated")
	l.expectBoth(metav1.ConditionFalse)

	l.join("member-3", func(c *clusterv1alpha1.Cluster) { c.Status.APIEnablements = nil })
	l.expect("False/APINotServed")

	// What does not concern the condition causes no write: the next one is that of the next change.
	before := l.writes()
	l.changeIrrelevant()
	if err := l.Delete(t.Context(), &clusterv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "member-3"}}); err != nil {
		t.Fatal(err)
	}
	l.expect("True/Propagated")
	waitfor.State(t, func(context.Context) (int, error) { return l.writes() - before, nil }, func(n int) string {
		if n == 0 {
			return "the audit log has no write yet"
		}
		return ""
	})
	if n := l.writes() - before; n != 1 {
		t.Errorf("the instance wrote %d times for one change", n)
	}
	stop() // The audit log has a watch once it has ended.
	l.expectNothingElse()
}

func (l *lab) createTrust() *v1alpha1.KarmadaImageTrust {
	l.t.Helper()
	trust := &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: "karmada"}}
	trust.Spec.Images = []v1alpha1.ImageGlob{"docker.io/karmada/*"}
	trust.Spec.Issuer = "https://token.actions.githubusercontent.com"
	trust.Spec.Identity = "https://github.com/karmada-io/karmada/.github/workflows/dockerhub-released-image.yml@refs/tags/v1.16.0"
	trust.Spec.Enforcement = v1alpha1.EnforcementEnforce
	if err := l.Create(l.t.Context(), trust); err != nil {
		l.t.Fatal(err)
	}
	return trust
}

// bind does what Karmada does for a trust that a policy selects: it has been applied in the clusters.
func (l *lab) bind(trust *v1alpha1.KarmadaImageTrust, clusters ...string) {
	l.t.Helper()
	binding := &workv1alpha2.ClusterResourceBinding{ObjectMeta: metav1.ObjectMeta{Name: "karmada-karmadaimagetrust"}}
	binding.Spec.Resource = workv1alpha2.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "KarmadaImageTrust", Name: trust.Name, UID: trust.UID,
	}
	binding.Spec.Placement = &policyv1alpha1.Placement{}
	for _, name := range clusters {
		binding.Spec.Clusters = append(binding.Spec.Clusters, workv1alpha2.TargetCluster{Name: name})
	}
	if err := l.Create(l.t.Context(), binding); err != nil {
		l.t.Fatal(err)
	}
	for _, name := range clusters {
		binding.Status.AggregatedStatus = append(binding.Status.AggregatedStatus,
			workv1alpha2.AggregatedStatusItem{ClusterName: name, Applied: true})
	}
	binding.Status.Conditions = []metav1.Condition{{
		Type: workv1alpha2.Scheduled, Status: metav1.ConditionTrue, Reason: "Success", LastTransitionTime: metav1.Now(),
	}}
	if err := l.Status().Update(l.t.Context(), binding); err != nil {
		l.t.Fatal(err)
	}
}

// join creates a cluster that answers and serves trusts.
func (l *lab) join(name string, changes ...func(*clusterv1alpha1.Cluster)) {
	l.t.Helper()
	cluster := &clusterv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := l.Create(l.t.Context(), cluster); err != nil {
		l.t.Fatal(err)
	}
	cluster.Status.Conditions = ready(metav1.ConditionTrue)
	cluster.Status.APIEnablements = []clusterv1alpha1.APIEnablement{{
		GroupVersion: v1alpha1.GroupVersion.String(),
		Resources:    []clusterv1alpha1.APIResource{{Name: "karmadaimagetrusts", Kind: "KarmadaImageTrust"}},
	}}
	for _, change := range changes {
		change(cluster)
	}
	if err := l.Status().Update(l.t.Context(), cluster); err != nil {
		l.t.Fatal(err)
	}
}

func ready(status metav1.ConditionStatus) []metav1.Condition {
	return []metav1.Condition{{
		Type: clusterv1alpha1.ClusterConditionReady, Status: status, Reason: "Test",
		LastTransitionTime: metav1.NewTime(time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)),
	}}
}

func (l *lab) setReady(name string, status metav1.ConditionStatus) {
	l.t.Helper()
	l.changeCluster(name, func(c *clusterv1alpha1.Cluster) { c.Status.Conditions = ready(status) })
}

func (l *lab) changeCluster(name string, change func(*clusterv1alpha1.Cluster)) {
	l.t.Helper()
	cluster := &clusterv1alpha1.Cluster{}
	if err := l.Get(l.t.Context(), client.ObjectKey{Name: name}, cluster); err != nil {
		l.t.Fatal(err)
	}
	change(cluster)
	if err := l.Status().Update(l.t.Context(), cluster); err != nil {
		l.t.Fatal(err)
	}
}

// changeIrrelevant changes what the condition does not depend on.
func (l *lab) changeIrrelevant() {
	l.t.Helper()
	l.changeCluster("member-1", func(c *clusterv1alpha1.Cluster) { c.Status.KubernetesVersion = "v1.37.3" })
	binding := &workv1alpha2.ClusterResourceBinding{}
	if err := l.Get(l.t.Context(), client.ObjectKey{Name: "karmada-karmadaimagetrust"}, binding); err != nil {
		l.t.Fatal(err)
	}
	binding.Status.AggregatedStatus[0].Status = &runtime.RawExtension{Raw: []byte(`{"observedGeneration":1}`)}
	if err := l.Status().Update(l.t.Context(), binding); err != nil {
		l.t.Fatal(err)
	}
	l.aggregate(metav1.ConditionUnknown)
}

// aggregate writes the status as Karmada does (updateResourceStatus in its package pkg/controllers/status): the whole of it, by an
// update of an object that was just read, without the managed fields, which the interpreter cannot hold.
func (l *lab) aggregate(verified metav1.ConditionStatus) {
	l.t.Helper()
	waitfor.NoError(l.t, func(ctx context.Context) error {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrust"))
		if err := l.Get(ctx, client.ObjectKey{Name: "karmada"}, object); err != nil {
			return err
		}
		object.SetManagedFields(nil)
		all, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(one any) bool {
			condition, _ := one.(map[string]any)
			return condition["type"] != v1alpha1.PropagatedCondition
		})
		all = append([]any{map[string]any{
			"type": v1alpha1.ImagesVerifiedCondition, "status": string(verified), "reason": "Test", "message": "member-1",
			"lastTransitionTime": "2026-11-26T09:30:00Z",
		}}, all...)
		if err := unstructured.SetNestedSlice(object.Object, all, "status", "conditions"); err != nil {
			return err
		}
		return l.Status().Update(ctx, object, client.FieldOwner("karmada-controller-manager"))
	})
}

// expect waits for the condition Propagated, as STATUS/REASON.
func (l *lab) expect(want string) metav1.Condition {
	l.t.Helper()
	return waitfor.State(l.t, func(ctx context.Context) (metav1.Condition, error) {
		trust := &v1alpha1.KarmadaImageTrust{}
		if err := l.Get(ctx, client.ObjectKey{Name: "karmada"}, trust); err != nil {
			return metav1.Condition{}, err
		}
		condition := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.PropagatedCondition)
		if condition == nil {
			return metav1.Condition{}, fmt.Errorf("there is no such condition in %+v", trust.Status.Conditions)
		}
		return *condition, nil
	}, func(c metav1.Condition) string {
		if got := fmt.Sprintf("%s/%s", c.Status, c.Reason); got != want {
			return "the condition is " + got + ", not " + want
		}
		return ""
	})
}

// expectBoth checks that neither writer has taken anything from the other one.
func (l *lab) expectBoth(verified metav1.ConditionStatus) {
	l.t.Helper()
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := l.Get(l.t.Context(), client.ObjectKey{Name: "karmada"}, trust); err != nil {
		l.t.Fatal(err)
	}
	if c := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.ImagesVerifiedCondition); c == nil || c.Status != verified {
		l.t.Errorf("the aggregated conditions are %+v", trust.Status.Conditions)
	}
	for _, entry := range trust.ManagedFields {
		if entry.Manager != "karmada-image-trust-control-plane" {
			continue
		}
		if owned := entry.FieldsV1.GetRawString(); !strings.Contains(owned, `type\":\"Propagated`) || strings.Contains(owned, "ImagesVerified") {
			l.t.Errorf("the instance owns %s", owned)
		}
		return
	}
	l.t.Errorf("the instance owns nothing: %+v", trust.ManagedFields)
}

// writes counts the successful writes of the instance to the status.
func (l *lab) writes() int {
	l.t.Helper()
	return len(l.requests(func(r labcontrolplane.Request) bool {
		return r.IsWrite() && r.Resource == "karmadaimagetrusts" && r.Subresource == "status" && r.Code < 300
	}))
}

// expectNothingElse checks that the instance has made no policy, and that it needs each of its rights and no others.
func (l *lab) expectNothingElse() {
	l.t.Helper()
	policies := &unstructured.UnstructuredList{}
	policies.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	if err := l.List(l.t.Context(), policies); err != nil {
		l.t.Fatal(err)
	}
	if len(policies.Items) > 0 {
		l.t.Errorf("there are policies: %+v", policies.Items)
	}
	for _, request := range l.requests(func(r labcontrolplane.Request) bool {
		return r.Code == 403 || r.Group == "policy.sigstore.dev" || r.Resource == "pods"
	}) {
		l.t.Errorf("the instance asked for more than it may or should: %+v", request)
	}
	granted, err := rights.Granted(render(l.t, "config/karmada/instance"), account)
	if err != nil {
		l.t.Fatal(err)
	}
	// A leader that is the only one records no event before it has to.
	granted = slices.DeleteFunc(granted, func(right rights.Right) bool { return right.Resource == "events" })
	waitfor.State(l.t, func(context.Context) ([]rights.Right, error) {
		return rights.Unused(granted, l.requests(func(labcontrolplane.Request) bool { return true })), nil
	}, func(unused []rights.Right) string {
		if len(unused) > 0 {
			return fmt.Sprintf("the instance does not need the right to %s", unused)
		}
		return ""
	})
}
