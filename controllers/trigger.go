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
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// debounce is the delay of EnqueueAfter. A rollout causes many changes of workloads within a second.
const debounce = time.Second

// neighbourDelay is the additional delay of EnqueueNeighbours for each trust.
const neighbourDelay = 20 * time.Millisecond

// Trigger is the source of reconciliations that are not caused by a change of a KarmadaImageTrust: a policy or a
// workload changed, a verdict arrived, a root of trust was refreshed. The zero value is ready for use, and safe for
// concurrent use.
type Trigger struct {
	mu     sync.RWMutex
	queue  workqueue.TypedRateLimitingInterface[reconcile.Request]
	reader client.Reader
}

var _ source.Source = (*Trigger)(nil)

// Start stores the controller's queue. Before that, nothing is enqueued: the controller begins with all trusts.
func (t *Trigger) Start(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = queue
	return nil
}

func (t *Trigger) listFrom(reader client.Reader) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reader = reader
}

// Enqueue requests a reconciliation of the named trust.
func (t *Trigger) Enqueue(name string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.queue != nil {
		t.queue.Add(request(name))
	}
}

// EnqueueAfter requests one reconciliation of the named trust after a second, for all calls until then.
func (t *Trigger) EnqueueAfter(name string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.queue != nil {
		t.queue.AddAfter(request(name), debounce)
	}
}

// EnqueueNeighbours requests that the trusts with workloads in a namespace are looked at, once for all calls until then. It is
// done the later the more trusts there are to wait for, so that images which arrive one by one do not each wake all of them.
func (t *Trigger) EnqueueNeighbours(namespace string, trusts int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.queue != nil {
		t.queue.AddAfter(neighbours(namespace), debounce+time.Duration(trusts)*neighbourDelay)
	}
}

// EnqueueAll requests a reconciliation of every trust.
func (t *Trigger) EnqueueAll(ctx context.Context) { t.forEach(ctx, everyTrust, t.Enqueue) }

// EnqueueAllAfter requests one reconciliation of every trust after a second, for all calls until then.
func (t *Trigger) EnqueueAllAfter(ctx context.Context) { t.forEach(ctx, everyTrust, t.EnqueueAfter) }

func everyTrust(*v1alpha1.KarmadaImageTrust) bool { return true }

// forEach enqueues the trusts that match.
func (t *Trigger) forEach(ctx context.Context, matches func(*v1alpha1.KarmadaImageTrust) bool, enqueue func(name string)) {
	t.mu.RLock()
	reader := t.reader
	t.mu.RUnlock()
	trusts := &v1alpha1.KarmadaImageTrustList{}
	if err := reader.List(ctx, trusts); err != nil {
		// The list comes from the cache. It fails only before the controller starts, which begins with all trusts,
		// and while the operator stops.
		logf.FromContext(ctx).V(2).Info("Listing KarmadaImageTrusts failed", "error", err.Error())
		return
	}
	for i := range trusts.Items {
		if matches(&trusts.Items[i]) {
			enqueue(trusts.Items[i].Name)
		}
	}
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// neighbours is the queue's key for the trusts with workloads in a namespace. A trust is in none.
func neighbours(namespace string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace}}
}
