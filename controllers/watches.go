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

package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	controllerName = "karmadaimagetrust"
	// inventoryInterval is how often it is checked whether the workloads have been listed.
	inventoryInterval = 100 * time.Millisecond
)

// errKindMissing is returned where a kind is not installed, or not watched yet.
var errKindMissing = errors.New("the kind is not installed")

func newClusterImagePolicy() *unstructured.Unstructured {
	return newObject(policy.ClusterImagePolicyKind)
}

func newTrustRoot() *unstructured.Unstructured { return newObject(policy.TrustRootKind) }

func newObject(kind schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}

// SetupWithManager registers the reconciler and its watches with a manager. policy-controller's kinds are watched once
// they are installed, which may be after the operator has started.
func (r *KarmadaImageTrustReconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	r.Trigger.listFrom(mgr.GetClient())
	r.Inventory.WatchNamespaces(r.Trigger.EnqueueNeighbours)
	b := ctrl.NewControllerManagedBy(mgr).
		Named(controllerName).
		For(&v1alpha1.KarmadaImageTrust{}).
		WatchesRawSource(r.Trigger).
		WithLogConstructor(logConstructor(mgr.GetLogger())).
		WithOptions(opts)
	if err := r.addClusterWatches(mgr, b); err != nil {
		return err
	}
	r.kinds = r.kindWatchers(mgr)
	for _, w := range r.kinds {
		b.WatchesRawSource(w.gate)
		if err := mgr.Add(w); err != nil {
			return fmt.Errorf("watching %s: %w", w.kind.Kind, err)
		}
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("building the controller: %w", err)
	}
	return nil
}

// logConstructor returns the logger of a reconciliation.
func logConstructor(base logr.Logger) func(*reconcile.Request) logr.Logger {
	base = base.WithValues("controller", controllerName)
	return func(req *reconcile.Request) logr.Logger {
		if req == nil {
			return base
		}
		return base.WithValues("karmadaImageTrust", req.Name)
	}
}

// addClusterWatches watches what admission decisions depend on, then waits for the inventory of workloads.
func (r *KarmadaImageTrustReconciler) addClusterWatches(mgr ctrl.Manager, b *builder.Builder) error {
	gate := newSyncGate()
	b.WatchesRawSource(gate)
	keys, err := newKeysCache(mgr)
	if err != nil {
		return fmt.Errorf("watching the keys of TrustRoots: %w", err)
	}
	if err := mgr.Add(manager.RunnableFunc(keys.Start)); err != nil {
		return fmt.Errorf("watching the keys of TrustRoots: %w", err)
	}
	err = mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		defer gate.open()
		if err := r.watchAdmission(ctx, mgr.GetCache(), keys); err != nil {
			return err
		}
		r.waitForInventory(ctx)
		return nil
	}))
	if err != nil {
		return fmt.Errorf("watching admission: %w", err)
	}
	return nil
}

// kindWatchers watch policy-controller's kinds.
func (r *KarmadaImageTrustReconciler) kindWatchers(mgr ctrl.Manager) []*kindWatcher {
	policies := &kindWatcher{kind: policy.ClusterImagePolicyKind, onSet: r.policySet, onDelete: r.policyDeleted}
	roots := &kindWatcher{kind: policy.TrustRootKind, onSet: r.trustRootChanged, onDelete: r.trustRootChanged}
	watchers := []*kindWatcher{policies, roots}
	for _, w := range watchers {
		w.mapper, w.informers, w.gate = mgr.GetRESTMapper(), mgr.GetCache(), newSyncGate()
		w.onSynced = func(ctx context.Context) {
			r.policyKinds.setWatched(w.kind)
			r.Trigger.EnqueueAll(ctx)
		}
	}
	return watchers
}

// UnknownKinds returns those of policy-controller's kinds of which it is not known yet that they are not installed, and whose
// objects have not been listed either.
func (r *KarmadaImageTrustReconciler) UnknownKinds() []string {
	var unknown []string
	for _, w := range r.kinds {
		if !w.gate.isOpen() {
			unknown = append(unknown, w.kind.Kind)
		}
	}
	return unknown
}

// waitForInventory waits until all workloads have been listed, then enqueues every trust.
func (r *KarmadaImageTrustReconciler) waitForInventory(ctx context.Context) {
	err := wait.PollUntilContextCancel(ctx, inventoryInterval, true, func(context.Context) (bool, error) {
		return r.Inventory.Synced(), nil
	})
	if err == nil {
		r.Trigger.Enqueue(installationKey)
		r.Trigger.EnqueueAll(ctx)
	}
}

// policySet enqueues the trusts that a ClusterImagePolicy concerns: the one of its name, since a trust may wait until a
// policy that is not its own is deleted, and those with workloads that run an image which the policy covers or covered.
func (r *KarmadaImageTrustReconciler) policySet(_ context.Context, object any) {
	r.Trigger.Enqueue(objectName(object))
	if cip, ok := object.(*unstructured.Unstructured); ok {
		r.enqueueCovered(r.Admission.SetPolicy(cip))
	}
}

// policyDeleted enqueues the trusts that the deletion of a ClusterImagePolicy concerns.
func (r *KarmadaImageTrustReconciler) policyDeleted(_ context.Context, object any) {
	name := objectName(object)
	r.Trigger.Enqueue(name)
	r.enqueueCovered(r.Admission.RemovePolicy(name))
}

func (r *KarmadaImageTrustReconciler) enqueueCovered(change admission.PolicyChange) {
	if change.None() {
		return
	}
	r.Inventory.TouchImages(change.Covers)
}

// trustRootChanged enqueues the trusts that name a TrustRoot, and those with workloads that run an image which a policy that
// names it covers.
func (r *KarmadaImageTrustReconciler) trustRootChanged(ctx context.Context, object any) {
	name := objectName(object)
	r.Trigger.forEach(ctx, func(trust *v1alpha1.KarmadaImageTrust) bool { return namesRoot(trust, name) }, r.Trigger.Enqueue)
	r.Inventory.TouchImages(r.Admission.PoliciesNaming(name))
}

// namesRoot reports whether a trust or one of its signers names a TrustRoot.
func namesRoot(trust *v1alpha1.KarmadaImageTrust, name string) bool {
	is := func(ref *v1alpha1.TrustRootReference) bool { return ref != nil && ref.Name == name }
	return is(trust.Spec.TrustRoot) || slices.ContainsFunc(trust.Spec.Signers, func(signer v1alpha1.TrustedSigner) bool {
		return is(signer.TrustRoot)
	})
}

func objectName(object any) string { return nameOf(object).Name }

func objectNamespace(object any) string { return nameOf(object).Namespace }

func nameOf(object any) types.NamespacedName {
	if gone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	accessor, err := apimeta.Accessor(object)
	if err != nil {
		return types.NamespacedName{}
	}
	return types.NamespacedName{Namespace: accessor.GetNamespace(), Name: accessor.GetName()}
}

// watchedKinds records which of policy-controller's kinds are watched. The zero value is ready for use, and safe for
// concurrent use.
type watchedKinds struct {
	mu      sync.RWMutex
	watched map[schema.GroupVersionKind]bool
}

func (k *watchedKinds) setWatched(kind schema.GroupVersionKind) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.watched == nil {
		k.watched = map[schema.GroupVersionKind]bool{}
	}
	k.watched[kind] = true
}

// get reads an object from the cache. It returns errKindMissing while the kind is not watched, since the cache would not
// follow changes then.
func (k *watchedKinds) get(ctx context.Context, reader client.Reader, key types.NamespacedName, object *unstructured.Unstructured) error {
	k.mu.RLock()
	watched := k.watched[object.GroupVersionKind()]
	k.mu.RUnlock()
	if !watched {
		return errKindMissing
	}
	return reader.Get(ctx, key, object)
}
