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
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// kindInterval is how often a kind that is not installed is looked for.
	kindInterval = 5 * time.Second
	// inventoryInterval is how often it is looked whether the workloads have been read.
	inventoryInterval = 100 * time.Millisecond
	// firstLookTimeout bounds the wait for what is installed at the start. Verdicts need none of it.
	firstLookTimeout = 30 * time.Second
)

// errKindMissing: the kind is not installed, or its watch has not begun.
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

// SetupWithManager registers the reconciler and its watches. policy-controller's kinds are
// watched from the moment they are installed, which may be after the operator's start.
func (r *KarmadaImageTrustReconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	r.Trigger.listFrom(mgr.GetClient())
	builder := ctrl.NewControllerManagedBy(mgr).
		Named("karmadaimagetrust").
		For(&v1alpha1.KarmadaImageTrust{}).
		WatchesRawSource(r.Trigger).
		WithOptions(opts)
	read := make(firstLook)
	builder.WatchesRawSource(read)
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		defer close(read)
		if err := r.watchAdmission(ctx, mgr.GetCache()); err != nil {
			return err
		}
		return r.awaitInventory(ctx)
	})); err != nil {
		return fmt.Errorf("watching admission: %w", err)
	}
	for kind, changed := range map[schema.GroupVersionKind]func(ctx context.Context, object any, gone bool){
		// A policy has the name of its trust. So have foreign ones, whose deletion a trust may wait for.
		policy.ClusterImagePolicyKind: r.policyChanged,
		policy.TrustRootKind:          r.trustRootChanged,
	} {
		look := make(firstLook)
		builder.WatchesRawSource(look)
		if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
			return r.watchOnceInstalled(ctx, mgr.GetRESTMapper(), mgr.GetCache(), kind, changed, sync.OnceFunc(func() { close(look) }))
		})); err != nil {
			return fmt.Errorf("watching %s: %w", kind.Kind, err)
		}
	}
	if err := builder.Complete(r); err != nil {
		return fmt.Errorf("building the controller: %w", err)
	}
	return nil
}

// firstLook holds the first pass back until a kind is watched, or known to be missing. A pass before that
// would report the missing of what nobody has looked for yet.
type firstLook chan struct{}

var _ source.SyncingSource = firstLook(nil)

// Start does nothing: Trigger brings the passes.
func (firstLook) Start(context.Context, workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	return nil
}

// WaitForSync is called by the controller before its first pass.
func (l firstLook) WaitForSync(ctx context.Context) error {
	select {
	case <-l:
	case <-ctx.Done():
	case <-time.After(firstLookTimeout):
	}
	return nil
}

// watchOnceInstalled waits for a kind, watches it, and has all trusts reconciled then. It calls looked as soon
// as it knows whether the kind is there.
func (r *KarmadaImageTrustReconciler) watchOnceInstalled(
	ctx context.Context, mapper apimeta.RESTMapper, informers cache.Cache, kind schema.GroupVersionKind,
	changed func(ctx context.Context, object any, gone bool), looked func(),
) error {
	err := wait.PollUntilContextCancel(ctx, kindInterval, true, func(context.Context) (bool, error) {
		// Any error, not only a missing kind, is a reason to look again later.
		_, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if apimeta.IsNoMatchError(err) {
			looked()
		}
		return err == nil, nil
	})
	if err != nil {
		return nil //nolint:nilerr // the operator stops
	}
	informer, err := informers.GetInformer(ctx, newObject(kind))
	if err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the operator stops
		}
		return fmt.Errorf("watching %s: %w", kind.Kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { changed(ctx, object, false) },
		UpdateFunc: func(_, object any) { changed(ctx, object, false) },
		DeleteFunc: func(object any) { changed(ctx, object, true) },
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", kind.Kind, err)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil
	}
	r.policies.setWatched(kind)
	looked()
	r.Trigger.EnqueueAll(ctx)
	return nil
}

// awaitInventory waits for the first lists of workloads, and has every trust looked at with them.
func (r *KarmadaImageTrustReconciler) awaitInventory(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, inventoryInterval, true, func(context.Context) (bool, error) {
		return r.Inventory.Synced(), nil
	})
	if err != nil {
		return nil //nolint:nilerr // the operator stops
	}
	r.Trigger.EnqueueAll(ctx)
	return nil
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

func (r *KarmadaImageTrustReconciler) trustRootChanged(ctx context.Context, object any, _ bool) {
	name := objectName(object)
	r.Trigger.enqueueMatching(ctx, func(trust *v1alpha1.KarmadaImageTrust) bool {
		return trust.Spec.TrustRoot != nil && trust.Spec.TrustRoot.Name == name
	})
}

// policyKinds knows which of policy-controller's kinds are watched.
type policyKinds struct {
	mu      sync.RWMutex
	watched map[schema.GroupVersionKind]bool
}

func (k *policyKinds) setWatched(kind schema.GroupVersionKind) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.watched == nil {
		k.watched = map[schema.GroupVersionKind]bool{}
	}
	k.watched[kind] = true
}

// get reads an object from the cache, or says errKindMissing where the cache would not know of changes.
func (k *policyKinds) get(ctx context.Context, reader client.Reader, key types.NamespacedName, object *unstructured.Unstructured) error {
	k.mu.RLock()
	watched := k.watched[object.GroupVersionKind()]
	k.mu.RUnlock()
	if !watched {
		return errKindMissing
	}
	return reader.Get(ctx, key, object)
}
