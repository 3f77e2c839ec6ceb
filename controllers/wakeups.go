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
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// Wakeups is the source of reconciliations that no change of a trust causes: its policy changed,
// a verdict landed, the root of trust was renewed. The zero value is ready for use.
type Wakeups struct {
	mu     sync.RWMutex
	queue  workqueue.TypedRateLimitingInterface[reconcile.Request]
	reader client.Reader
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
	w.reader = reader
}

// Wake has one trust reconciled. Before the controller runs there is no need: it begins with all.
func (w *Wakeups) Wake(name string) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	}
}

// soon is how long a wake-up waits for others of its kind: rollouts come in many events.
const soon = time.Second

// WakeSoon has a trust reconciled in a moment, once for all that happens until then.
func (w *Wakeups) WakeSoon(name string) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.queue != nil {
		w.queue.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, soon)
	}
}

// WakeAll has every trust reconciled.
func (w *Wakeups) WakeAll(ctx context.Context) {
	w.wake(ctx, func(*v1alpha1.KarmadaImageTrust) bool { return true })
}

func (w *Wakeups) wake(ctx context.Context, wanted func(*v1alpha1.KarmadaImageTrust) bool) {
	w.mu.RLock()
	reader := w.reader
	w.mu.RUnlock()
	trusts := &v1alpha1.KarmadaImageTrustList{}
	if err := reader.List(ctx, trusts); err != nil {
		// The cache serves it: it fails only before the controller begins, with all, and while the operator stops.
		ctrl.LoggerFrom(ctx).V(1).Info("KarmadaImageTrusts could not be listed", "error", err.Error())
		return
	}
	for i := range trusts.Items {
		if wanted(&trusts.Items[i]) {
			w.Wake(trusts.Items[i].Name)
		}
	}
}
