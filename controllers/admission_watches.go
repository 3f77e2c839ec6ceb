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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
)

// CachedObjects limits the cache to what the reconciler needs of kinds that a cluster may have many objects of.
func CachedObjects() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {Field: fields.OneTermEqualSelector("metadata.name", admission.ConfigName)},
	}
}

// admissionSource is a kind that admission's answers depend on.
type admissionSource struct {
	object client.Object
	source admission.Source
	// set and gone tell whether anything changed.
	set  func(object any) bool
	gone func(object any) bool
	// changed has trusts looked at again.
	changed func(ctx context.Context, object any)
}

func (r *KarmadaImageTrustReconciler) admissionSources() []admissionSource {
	all := func(ctx context.Context, _ any) { r.Trigger.EnqueueAll(ctx) }
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	state := r.Admission
	return []admissionSource{
		{
			object: &admissionregistrationv1.ValidatingWebhookConfiguration{}, source: admission.WebhookConfigurations,
			set: func(o any) bool {
				config, ok := o.(*admissionregistrationv1.ValidatingWebhookConfiguration)
				return ok && state.SetValidating(config)
			},
			gone:    func(o any) bool { return state.RemoveValidating(objectName(o)) },
			changed: all,
		},
		{
			object: &admissionregistrationv1.MutatingWebhookConfiguration{}, source: admission.WebhookConfigurations,
			set: func(o any) bool {
				config, ok := o.(*admissionregistrationv1.MutatingWebhookConfiguration)
				return ok && state.SetMutating(config)
			},
			gone:    func(o any) bool { return state.RemoveMutating(objectName(o)) },
			changed: all,
		},
		{
			object: &corev1.ConfigMap{}, source: admission.Configuration,
			set: func(o any) bool {
				config, ok := o.(*corev1.ConfigMap)
				return ok && state.SetConfig(config)
			},
			gone:    func(o any) bool { return state.RemoveConfig(objectNamespace(o)) },
			changed: all,
		},
		{
			object: namespace, source: admission.Namespaces,
			set: func(o any) bool {
				meta, ok := o.(*metav1.PartialObjectMetadata)
				return ok && state.SetNamespace(meta.Name, meta.Labels)
			},
			gone: func(o any) bool { return state.RemoveNamespace(objectName(o)) },
			changed: func(_ context.Context, o any) {
				for _, name := range r.Inventory.SubscribersIn(objectName(o)) {
					r.Trigger.EnqueueAfter(name)
				}
			},
		},
	}
}

// watchAdmission keeps what is known of admission up to date until the operator stops.
func (r *KarmadaImageTrustReconciler) watchAdmission(ctx context.Context, informers cache.Cache) error {
	for _, s := range r.admissionSources() {
		informer, err := informers.GetInformer(ctx, s.object, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watching %T: %w", s.object, err)
		}
		registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { s.tell(ctx, o, s.set) },
			UpdateFunc: func(_, o any) { s.tell(ctx, o, s.set) },
			DeleteFunc: func(o any) { s.tell(ctx, o, s.gone) },
		})
		if err != nil {
			return fmt.Errorf("watching %T: %w", s.object, err)
		}
		if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			return nil
		}
		r.Admission.Read(s.source)
	}
	r.Trigger.EnqueueAll(ctx)
	return nil
}

func (s *admissionSource) tell(ctx context.Context, object any, take func(any) bool) {
	if take(object) {
		s.changed(ctx, object)
	}
}

// policyChanged takes a ClusterImagePolicy in, and has those trusts looked at again whose answers it changes: its own,
// and those with workloads beside an image that it covers, or covered.
func (r *KarmadaImageTrustReconciler) policyChanged(_ context.Context, object any, gone bool) {
	name := objectName(object)
	r.Trigger.Enqueue(name)
	var change admission.PolicyChange
	if cip, ok := object.(*unstructured.Unstructured); ok && !gone {
		change = r.Admission.SetPolicy(cip)
	} else {
		change = r.Admission.RemovePolicy(name)
	}
	if change.None() {
		return
	}
	for _, name := range r.Inventory.SubscribersFor(change.Covers) {
		r.Trigger.EnqueueAfter(name)
	}
}
