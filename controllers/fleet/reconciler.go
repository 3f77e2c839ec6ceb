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
	"context"
	"fmt"
	"slices"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/metrics"
)

const (
	controllerName = "fleet"
	// FieldOwner owns the condition Propagated, and nothing else.
	FieldOwner = client.FieldOwner(v1alpha1.OperatorName + "-control-plane")
	// trustField is the index of bindings by the name of the KarmadaImageTrust that they are about.
	trustField = "trust"

	trustKind = "KarmadaImageTrust"
)

// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts,verbs=list;watch
// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts/status,verbs=patch
// +kubebuilder:rbac:groups=cluster.karmada.io,resources=clusters,verbs=list;watch
// +kubebuilder:rbac:groups=work.karmada.io,resources=clusterresourcebindings,verbs=list;watch

// Reconciler keeps the condition Propagated of KarmadaImageTrusts on a Karmada control plane. The rest of the status is
// aggregated by Karmada from what the members report, see config/karmada.
type Reconciler struct {
	Client   client.Client
	Clusters *Clusters
	Clock    clock.PassiveClock
	// Metrics takes what reconciliations find out; nil for none.
	Metrics *metrics.Metrics
}

// SetupWithManager registers the reconciler and its watches with a manager, whose cache must have CachedObjects.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, opts controller.Options) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &workv1alpha2.ClusterResourceBinding{}, trustField, trustsOf)
	if err != nil {
		return fmt.Errorf("indexing ClusterResourceBindings: %w", err)
	}
	err = ctrl.NewControllerManagedBy(mgr).
		Named(controllerName).
		For(&v1alpha1.KarmadaImageTrust{}).
		Watches(&workv1alpha2.ClusterResourceBinding{}, handler.EnqueueRequestsFromMapFunc(
			func(_ context.Context, object client.Object) []reconcile.Request { return requests(trustsOf(object)) },
		)).
		WatchesRawSource(r.Clusters.source(r.affected)).
		WithOptions(opts).
		Complete(r)
	if err != nil {
		return fmt.Errorf("building the controller: %w", err)
	}
	return mgr.Add(r.Clusters)
}

// Reconcile brings the condition Propagated of one trust up to date.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := r.Client.Get(ctx, req.NamespacedName, trust); err != nil {
		if apierrors.IsNotFound(err) {
			r.Metrics.Forget(req.Name)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if trust.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	binding, err := r.binding(ctx, trust)
	if err != nil {
		return reconcile.Result{}, err
	}
	clusters, unreadable, known := r.Clusters.List()
	if !known {
		return reconcile.Result{}, nil // The trust is enqueued again as soon as it is known.
	}
	desired := propagated(observed{trust: trust, binding: binding, clusters: clusters, unreadable: unreadable})
	// A copy of the list finds out whether something changes, and keeps the time of the last transition.
	conditions := slices.Clone(trust.Status.Conditions)
	desired.LastTransitionTime = metav1.NewTime(r.Clock.Now())
	changed := apimeta.SetStatusCondition(&conditions, desired)
	r.Metrics.Record(metrics.Pass{
		Trust: trust.Name, Time: r.Clock.Now(), Conditions: metrics.Conditions(conditions), Clusters: clusterCounts(trust.Status.Fleet),
	})
	if !changed {
		return reconcile.Result{}, nil
	}
	if err := r.apply(ctx, trust, *apimeta.FindStatusCondition(conditions, desired.Type)); err != nil {
		return reconcile.Result{}, fmt.Errorf("writing the condition %s: %w", desired.Type, err)
	}
	ctrl.LoggerFrom(ctx).Info("Wrote the condition", "condition", desired.Type, "status", desired.Status, "reason", desired.Reason)
	return reconcile.Result{}, nil
}

// clusterCounts counts the clusters that a trust is propagated to.
func clusterCounts(status *v1alpha1.FleetStatus) map[string]int {
	counts := map[string]int{}
	if status != nil && status.Selected != nil && status.Reporting != nil {
		counts[metrics.ClustersSelected], counts[metrics.ClustersReporting] = int(*status.Selected), int(*status.Reporting)
	}
	return counts
}

// apply writes one condition. Karmada writes the rest of the status, from an object that it has just read: as long as its
// interpreter leaves this condition in place, the two never undo what the other one does.
func (r *Reconciler) apply(ctx context.Context, trust *v1alpha1.KarmadaImageTrust, condition metav1.Condition) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&condition)
	if err != nil {
		return err
	}
	status := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": trustKind,
		// With the UID, the write fails if the trust was replaced by one of the same name.
		"metadata": map[string]any{"name": trust.Name, "uid": string(trust.UID)},
		"status":   map[string]any{"conditions": []any{content}},
	}}
	err = r.Client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(status), FieldOwner, client.ForceOwnership)
	return client.IgnoreNotFound(err) // deleted in the meantime
}

// binding returns the ClusterResourceBinding of a trust, or nil if there is none. Karmada makes one for an object; of several
// the first by name counts, so that the answer does not change from one time to the next.
func (r *Reconciler) binding(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust,
) (*workv1alpha2.ClusterResourceBinding, error) {
	list := &workv1alpha2.ClusterResourceBindingList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{trustField: trust.Name}); err != nil {
		return nil, fmt.Errorf("listing ClusterResourceBindings: %w", err)
	}
	var found *workv1alpha2.ClusterResourceBinding
	for i := range list.Items {
		binding := &list.Items[i]
		uid := binding.Spec.Resource.UID
		if binding.DeletionTimestamp != nil || uid != "" && uid != trust.UID {
			continue // of a trust that was deleted
		}
		if found == nil || binding.Name < found.Name {
			found = binding
		}
	}
	return found, nil
}

// affected returns the trusts that a change of the member clusters can concern: which clusters a placement selects depends on
// all of them, and trusts are few.
func (r *Reconciler) affected(ctx context.Context) []reconcile.Request {
	list := &v1alpha1.KarmadaImageTrustList{}
	if err := r.Client.List(ctx, list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing KarmadaImageTrusts failed")
		return nil
	}
	names := make([]string, len(list.Items))
	for i := range list.Items {
		names[i] = list.Items[i].Name
	}
	return requests(names)
}

func requests(names []string) []reconcile.Request {
	all := make([]reconcile.Request, len(names))
	for i, name := range names {
		all[i].NamespacedName = types.NamespacedName{Name: name}
	}
	return all
}

// trustsOf returns the name of the trust that a binding is about, or nothing.
func trustsOf(object client.Object) []string {
	binding, ok := object.(*workv1alpha2.ClusterResourceBinding)
	if !ok || !aboutTrust(binding) {
		return nil
	}
	return []string{binding.Spec.Resource.Name}
}

func aboutTrust(binding *workv1alpha2.ClusterResourceBinding) bool {
	resource := &binding.Spec.Resource
	return resource.APIVersion == v1alpha1.GroupVersion.String() && resource.Kind == trustKind
}

// claimed reports whether a ClusterPropagationPolicy selects a trust, which Karmada marks with a label.
func claimed(trust *v1alpha1.KarmadaImageTrust) bool {
	return trust.Labels[policyv1alpha1.ClusterPropagationPolicyPermanentIDLabel] != ""
}

// trimCluster drops all of a Cluster that the condition does not depend on: the APIs of a cluster take far more room than the
// rest of it.
func trimCluster(object any) (any, error) {
	cluster, ok := object.(*clusterv1alpha1.Cluster)
	if !ok {
		return object, nil // what is left of an object whose deletion was missed
	}
	apis := slices.DeleteFunc(cluster.Status.APIEnablements, func(api clusterv1alpha1.APIEnablement) bool {
		return api.GroupVersion != v1alpha1.GroupVersion.String()
	})
	return &clusterv1alpha1.Cluster{
		ObjectMeta: metav1.ObjectMeta{
			Name: cluster.Name, Labels: cluster.Labels, ResourceVersion: cluster.ResourceVersion,
			DeletionTimestamp: cluster.DeletionTimestamp,
		},
		Spec: clusterv1alpha1.ClusterSpec{
			Provider: cluster.Spec.Provider, Region: cluster.Spec.Region, Zones: cluster.Spec.Zones,
		},
		Status: clusterv1alpha1.ClusterStatus{Conditions: cluster.Status.Conditions, APIEnablements: slices.Clip(apis)},
	}, nil
}

// trimBinding drops all of a binding that the condition does not depend on, above all what the members report. Of a binding of
// something else, only the name is left.
func trimBinding(object any) (any, error) {
	binding, ok := object.(*workv1alpha2.ClusterResourceBinding)
	if !ok {
		return object, nil // what is left of an object whose deletion was missed
	}
	trimmed := &workv1alpha2.ClusterResourceBinding{ObjectMeta: metav1.ObjectMeta{
		Name: binding.Name, UID: binding.UID, ResourceVersion: binding.ResourceVersion, DeletionTimestamp: binding.DeletionTimestamp,
	}}
	if !aboutTrust(binding) {
		return trimmed, nil
	}
	trimmed.Spec, trimmed.Status = binding.Spec, binding.Status
	for i := range trimmed.Status.AggregatedStatus {
		trimmed.Status.AggregatedStatus[i].Status = nil
	}
	return trimmed, nil
}
