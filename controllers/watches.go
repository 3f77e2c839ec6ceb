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
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// kindInterval is how often a kind that is not installed is looked for.
const kindInterval = 5 * time.Second

// errKindMissing: the kind is not installed, or not watched yet.
var errKindMissing = errors.New("the kind is not installed")

var trustRootKind = schema.GroupVersionKind{
	Group: policy.ClusterImagePolicyKind.Group, Version: "v1alpha1", Kind: "TrustRoot",
}

func newClusterImagePolicy() *unstructured.Unstructured {
	return newObject(policy.ClusterImagePolicyKind)
}

func newTrustRoot() *unstructured.Unstructured { return newObject(trustRootKind) }

func newObject(kind schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}

// SetupWithManager registers the reconciler and its watches. policy-controller's kinds are
// watched from the moment they are installed, which may be after the operator's start.
func (r *KarmadaImageTrustReconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	c, err := ctrl.NewControllerManagedBy(mgr).
		Named("karmadaimagetrust").
		For(&v1alpha1.KarmadaImageTrust{}).
		WatchesRawSource(r.Wakeups).
		WithOptions(opts).
		Build(r)
	if err != nil {
		return fmt.Errorf("building the controller: %w", err)
	}
	r.Wakeups.listFrom(mgr.GetClient())
	for _, watch := range []struct {
		kind    schema.GroupVersionKind
		handler handler.TypedEventHandler[*unstructured.Unstructured, reconcile.Request]
	}{
		{policy.ClusterImagePolicyKind, handler.TypedEnqueueRequestsFromMapFunc(toTrustOfThatName)},
		{trustRootKind, handler.TypedEnqueueRequestsFromMapFunc(r.toTrustsOfRoot)},
	} {
		if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
			return r.policies.watch(ctx, mgr.GetRESTMapper(), watch.kind, func() error {
				err := c.Watch(source.Kind(mgr.GetCache(), newObject(watch.kind), watch.handler))
				if err == nil {
					r.Wakeups.WakeAll(ctx)
				}
				return err
			})
		})); err != nil {
			return fmt.Errorf("watching %s: %w", watch.kind.Kind, err)
		}
	}
	return nil
}

// toTrustOfThatName: a policy has the name of its trust. It holds for foreign ones too, whose
// deletion a trust may be waiting for.
func toTrustOfThatName(_ context.Context, object *unstructured.Unstructured) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: object.GetName()}}}
}

func (r *KarmadaImageTrustReconciler) toTrustsOfRoot(ctx context.Context, object *unstructured.Unstructured) []reconcile.Request {
	return requests(ctx, r.Client, func(trust *v1alpha1.KarmadaImageTrust) bool {
		return trust.Spec.TrustRoot != nil && trust.Spec.TrustRoot.Name == object.GetName()
	})
}

func requests(ctx context.Context, reader client.Reader, wanted func(*v1alpha1.KarmadaImageTrust) bool) []reconcile.Request {
	trusts := &v1alpha1.KarmadaImageTrustList{}
	if err := reader.List(ctx, trusts); err != nil {
		// The cache serves it; it fails only while the operator stops.
		ctrl.LoggerFrom(ctx).Error(err, "Listing KarmadaImageTrusts failed")
		return nil
	}
	var out []reconcile.Request
	for i := range trusts.Items {
		if wanted(&trusts.Items[i]) {
			out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{Name: trusts.Items[i].Name}})
		}
	}
	return out
}

// policyKinds knows which of policy-controller's kinds are watched.
type policyKinds struct {
	mu      sync.RWMutex
	watched map[schema.GroupVersionKind]bool
}

// watch waits for a kind to be installed and starts its watch once.
func (k *policyKinds) watch(
	ctx context.Context, mapper apimeta.RESTMapper, kind schema.GroupVersionKind, start func() error,
) error {
	err := wait.PollUntilContextCancel(ctx, kindInterval, true, func(context.Context) (bool, error) {
		// Any error, not only a missing kind, is a reason to look again later.
		_, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		return err == nil, nil
	})
	if err != nil {
		return nil //nolint:nilerr // the operator stops
	}
	k.mu.Lock()
	if k.watched == nil {
		k.watched = map[schema.GroupVersionKind]bool{}
	}
	k.watched[kind] = true
	k.mu.Unlock()
	return start()
}

// get reads an object from the cache, or says errKindMissing where it would not know of changes.
func (k *policyKinds) get(ctx context.Context, reader client.Reader, key types.NamespacedName, object *unstructured.Unstructured) error {
	k.mu.RLock()
	watched := k.watched[object.GroupVersionKind()]
	k.mu.RUnlock()
	if !watched {
		return errKindMissing
	}
	return reader.Get(ctx, key, object)
}

// Wakeups is the source of reconciliations that no object's change causes: a verdict landed, the
// root of trust changed.
type Wakeups struct {
	mu     sync.RWMutex
	queue  workqueue.TypedRateLimitingInterface[reconcile.Request]
	client client.Reader
}

var _ source.Source = (*Wakeups)(nil)

// Start is called by the controller with its queue.
func (w *Wakeups) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = queue
	return nil
}

func (w *Wakeups) listFrom(reader client.Reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.client = reader
}

// Wake has one trust reconciled. Before the controller runs there is no need: it begins with all.
func (w *Wakeups) Wake(name string) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	}
}

// WakeAll has every trust reconciled.
func (w *Wakeups) WakeAll(ctx context.Context) {
	w.mu.RLock()
	reader := w.client
	w.mu.RUnlock()
	if reader == nil {
		return
	}
	for _, request := range requests(ctx, reader, func(*v1alpha1.KarmadaImageTrust) bool { return true }) {
		w.Wake(request.Name)
	}
}
