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
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	// discoveryInterval is how often the API server is queried for a kind that is not installed.
	discoveryInterval = 5 * time.Second
	// syncTimeout is how long a syncGate stays closed at most. Verdicts on images depend on none of the gates.
	syncTimeout = 30 * time.Second
)

// kindWatcher watches a kind that may be installed after the operator has started.
type kindWatcher struct {
	kind      schema.GroupVersionKind
	mapper    apimeta.RESTMapper
	informers cache.Cache
	// onSet is called with each object that exists, was created or was updated.
	onSet func(ctx context.Context, object any)
	// onDelete is called with each object that was deleted.
	onDelete func(ctx context.Context, object any)
	// onSynced is called once onSet has been called with all objects that exist.
	onSynced func(ctx context.Context)
	// gate is opened as soon as the kind is watched, or known not to be installed.
	gate *syncGate
}

var _ manager.Runnable = (*kindWatcher)(nil)

// Start waits until the kind is installed, then watches it until the context ends.
func (w *kindWatcher) Start(ctx context.Context) error {
	if !w.waitInstalled(ctx) {
		return nil
	}
	informer, err := w.informers.GetInformer(ctx, newObject(w.kind))
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // the operator is stopping
	case err != nil:
		return fmt.Errorf("watching %s: %w", w.kind.Kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { w.onSet(ctx, object) },
		UpdateFunc: func(_, object any) { w.onSet(ctx, object) },
		DeleteFunc: func(object any) { w.onDelete(ctx, object) },
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", w.kind.Kind, err)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil
	}
	logf.FromContext(ctx).Info("Watching kind", "kind", w.kind.String())
	w.gate.open()
	w.onSynced(ctx)
	return nil
}

// waitInstalled returns once the kind is installed, and reports whether it is: it is not if the context ended before.
func (w *kindWatcher) waitInstalled(ctx context.Context) bool {
	err := wait.PollUntilContextCancel(ctx, discoveryInterval, true, func(ctx context.Context) (bool, error) {
		_, err := w.mapper.RESTMapping(w.kind.GroupKind(), w.kind.Version)
		if apimeta.IsNoMatchError(err) {
			logf.FromContext(ctx).V(4).Info("Kind is not installed", "kind", w.kind.String())
			w.gate.open()
		}
		// Any other error is retried as well.
		return err == nil, nil
	})
	return err == nil
}

// syncGate delays the first reconciliation until it is opened, or until syncTimeout. It is closed while it is unknown
// whether something is installed, since a reconciliation would report it as missing.
type syncGate struct {
	once   sync.Once
	opened chan struct{}
}

var _ source.SyncingSource = (*syncGate)(nil)

func newSyncGate() *syncGate { return &syncGate{opened: make(chan struct{})} }

func (g *syncGate) open() { g.once.Do(func() { close(g.opened) }) }

func (g *syncGate) isOpen() bool {
	select {
	case <-g.opened:
		return true
	default:
		return false
	}
}

// Start does nothing: a gate enqueues no trusts.
func (*syncGate) Start(context.Context, workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	return nil
}

// WaitForSync is called by the controller before its first reconciliation.
func (g *syncGate) WaitForSync(ctx context.Context) error {
	select {
	case <-g.opened:
	case <-ctx.Done():
	case <-time.After(syncTimeout):
	}
	return nil
}
