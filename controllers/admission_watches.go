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
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// CachedObjects limits the manager's cache to the objects that the reconciler reads, for kinds of which a cluster may
// have many objects.
func CachedObjects() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {
			Field:     fields.OneTermEqualSelector("metadata.name", admission.ConfigName),
			Transform: stripConfig,
		},
	}
}

// stripConfig drops everything of a ConfigMap that is not policy-controller's configuration: whoever may write ConfigMaps in
// a namespace could otherwise fill the operator's memory.
func stripConfig(object any) (any, error) {
	config, ok := object.(*corev1.ConfigMap)
	if !ok {
		return object, nil
	}
	return &corev1.ConfigMap{
		TypeMeta: config.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name: config.Name, Namespace: config.Namespace, UID: config.UID, ResourceVersion: config.ResourceVersion,
		},
		Data: admission.ConfigData(config.Data),
	}, nil
}

// newKeysCache returns a cache of the ConfigMaps with policy-controller's keys of TrustRoots. The manager's cache can select
// ConfigMaps of one name only, and the operator must not read others.
func newKeysCache(mgr manager.Manager) (cache.Cache, error) {
	return cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}: {
				Field:     fields.OneTermEqualSelector("metadata.name", admission.KeysName),
				Transform: stripKeys,
			},
		},
	})
}

// reducedKeys is a ConfigMap whose data admission.KeysData has reduced. It has a type of its own because informers pass the
// objects that they begin with, or begin anew with, through the Transform twice: no content makes a ConfigMap pass for reduced.
type reducedKeys struct{ *corev1.ConfigMap }

// stripKeys does the same as stripConfig for the keys of TrustRoots, of which it keeps what identifies them, as reducedKeys.
func stripKeys(object any) (any, error) {
	keys, ok := object.(*corev1.ConfigMap)
	if !ok {
		return object, nil
	}
	return reducedKeys{&corev1.ConfigMap{
		TypeMeta: keys.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name: keys.Name, Namespace: keys.Namespace, UID: keys.UID, ResourceVersion: keys.ResourceVersion,
		},
		Data: admission.KeysData(keys.Data, trustroot.Entry),
	}}, nil
}

// admissionSource is a kind that admission decisions depend on.
type admissionSource struct {
	// informers that the kind is read with.
	informers cache.Cache
	object    client.Object
	source    admission.Source
	// set and remove update the state, and report whether it changed.
	set    func(object any) bool
	remove func(object any) bool
	// enqueue enqueues the trusts that a change of the object concerns.
	enqueue func(ctx context.Context, object any)
}

// admissionSources returns all sources. All objects are read with informers, but for the keys of TrustRoots.
func (r *KarmadaImageTrustReconciler) admissionSources(informers, keys cache.Cache) []admissionSource {
	all := func(ctx context.Context, _ any) {
		r.Trigger.Enqueue(installationKey) // its namespace is the webhook's
		r.Trigger.EnqueueAll(ctx)
	}
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	state := r.Admission
	return []admissionSource{
		{
			informers: informers,
			object:    &admissionregistrationv1.ValidatingWebhookConfiguration{}, source: admission.ValidatingWebhooks,
			set: func(o any) bool {
				config, ok := o.(*admissionregistrationv1.ValidatingWebhookConfiguration)
				return ok && state.SetValidating(config)
			},
			remove:  func(o any) bool { return state.RemoveValidating(objectName(o)) },
			enqueue: all,
		},
		{
			informers: informers,
			object:    &admissionregistrationv1.MutatingWebhookConfiguration{}, source: admission.MutatingWebhooks,
			set: func(o any) bool {
				config, ok := o.(*admissionregistrationv1.MutatingWebhookConfiguration)
				return ok && state.SetMutating(config)
			},
			remove:  func(o any) bool { return state.RemoveMutating(objectName(o)) },
			enqueue: all,
		},
		{
			informers: informers,
			object:    &corev1.ConfigMap{}, source: admission.Configuration,
			set: func(o any) bool {
				config, ok := o.(*corev1.ConfigMap)
				return ok && state.SetConfig(config)
			},
			remove:  func(o any) bool { return state.RemoveConfig(objectNamespace(o)) },
			enqueue: func(ctx context.Context, _ any) { r.Trigger.EnqueueAllAfter(ctx) },
		},
		{
			informers: keys,
			object:    &corev1.ConfigMap{}, source: admission.TrustRootKeys,
			set: func(o any) bool {
				keys, ok := o.(reducedKeys)
				return ok && state.SetKeys(keys.ConfigMap)
			},
			remove:  func(o any) bool { return state.RemoveKeys(objectNamespace(o)) },
			enqueue: r.keysChanged,
		},
		{
			informers: informers,
			object:    namespace, source: admission.Namespaces,
			set: func(o any) bool {
				meta, ok := o.(*metav1.PartialObjectMetadata)
				return ok && state.SetNamespace(meta.Name, meta.Labels)
			},
			remove:  func(o any) bool { return state.RemoveNamespace(objectName(o)) },
			enqueue: func(_ context.Context, o any) { r.Inventory.TouchNamespace(objectName(o)) },
		},
	}
}

// keysChanged enqueues all trusts: there are few TrustRoots, whose keys rarely change.
func (r *KarmadaImageTrustReconciler) keysChanged(ctx context.Context, _ any) {
	r.Trigger.EnqueueAllAfter(ctx)
}

// watchAdmission watches what admission decisions depend on, and returns once all of it has been read.
func (r *KarmadaImageTrustReconciler) watchAdmission(ctx context.Context, informers, keys cache.Cache) error {
	for _, s := range r.admissionSources(informers, keys) {
		informer, err := s.informers.GetInformer(ctx, s.object, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watching %T: %w", s.object, err)
		}
		registration, err := informer.AddEventHandler(s.handler(ctx))
		if err != nil {
			return fmt.Errorf("watching %T: %w", s.object, err)
		}
		if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			return nil
		}
		r.Admission.MarkListed(s.source)
	}
	r.Trigger.EnqueueAll(ctx)
	return nil
}

// handler updates the state and enqueues the trusts that a change concerns.
func (s *admissionSource) handler(ctx context.Context) toolscache.ResourceEventHandler {
	set := func(object any) {
		if s.set(object) {
			s.enqueue(ctx, object)
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, object any) { set(object) },
		DeleteFunc: func(object any) {
			if s.remove(object) {
				s.enqueue(ctx, object)
			}
		},
	}
}
