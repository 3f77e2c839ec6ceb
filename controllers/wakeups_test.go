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
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// countingQueue counts what is enqueued.
type countingQueue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	now, later int
}

func (q *countingQueue) Add(reconcile.Request) { q.now++ }

func (q *countingQueue) AddAfter(reconcile.Request, time.Duration) { q.later++ }

// trustReader lists trusts.
type trustReader []v1alpha1.KarmadaImageTrust

func (trustReader) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return nil
}

func (r trustReader) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1alpha1.KarmadaImageTrustList).Items = r
	return nil
}

// TestTenantsWakeNobody changes what a tenant can write, and counts which trusts are enqueued.
func TestTenantsWakeNobody(t *testing.T) {
	r, _ := newTestReconciler(t)
	queue := &countingQueue{}
	r.Trigger = &Trigger{}
	r.Trigger.listFrom(trustReader{*makeTrust(1), *makeTrust(1), *makeTrust(1)})
	if err := r.Trigger.Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	service := &admissionregistrationv1.ServiceReference{Namespace: "cosign-system", Name: "webhook"}
	r.Admission.SetValidating(&admissionregistrationv1.ValidatingWebhookConfiguration{Webhooks: []admissionregistrationv1.ValidatingWebhook{
		{Name: "w", ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: service}},
	}})
	applyDeployment(r, "web", "karmada/good:v1")
	r.Inventory.Select("karmada", "1", func(string) bool { return true })
	sources := map[admission.Source]admissionSource{}
	for _, s := range r.admissionSources(nil, nil) {
		sources[s.source] = s
	}
	config := func(namespace string, data map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: admission.ConfigName}, Data: data}
	}
	keys := func(namespace string, data map[string]string) any {
		stripped, err := stripKeys(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: admission.KeysName}, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		return stripped
	}
	namespace := func(name string, labels map[string]string) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	}
	cluster := func() admission.Cluster {
		t.Helper()
		c, err := r.Admission.Cluster()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := cluster()
	handle := func(source admission.Source, object any) {
		s := sources[source]
		h := s.handler(t.Context())
		h.OnAdd(object, false)
	}
	remove := func(source admission.Source, object any) {
		s := sources[source]
		h := s.handler(t.Context())
		h.OnDelete(object)
	}
	steps := []struct {
		name       string
		do         func()
		now, later int
		// keeps reports whether what is memorized about images is kept.
		keeps bool
	}{
		{"a tenant's ConfigMap", func() {
			handle(admission.Configuration, config("tenant", map[string]string{"no-match-policy": "allow"}))
		}, 0, 0, true},
		{"and its change", func() {
			handle(admission.Configuration, config("tenant", map[string]string{"no-match-policy": "warn"}))
		}, 0, 0, true},
		{"and its end", func() { remove(admission.Configuration, config("tenant", nil)) }, 0, 0, true},
		{"a namespace without images of a trust", func() { handle(admission.Namespaces, namespace("tenant", map[string]string{"a": "b"})) }, 0, 0, true},
		{"a namespace with images of one trust", func() { handle(admission.Namespaces, namespace("in", map[string]string{"a": "b"})) }, 0, 1, true},
		{"policy-controller's ConfigMap", func() {
			handle(admission.Configuration, config("cosign-system", map[string]string{"no-match-policy": "allow"}))
		}, 0, 3, false},
		{"and what it does not read", func() {
			handle(admission.Configuration, config("cosign-system", map[string]string{"no-match-policy": "allow", "_example": "text"}))
		}, 0, 0, true},
		{"a tenant's ConfigMap with keys", func() {
			handle(admission.TrustRootKeys, keys("tenant", map[string]string{"private": "{}"}))
		}, 0, 0, true},
		{"and its end", func() { remove(admission.TrustRootKeys, keys("tenant", nil)) }, 0, 0, true},
		{"policy-controller's ConfigMap with keys", func() {
			handle(admission.TrustRootKeys, keys("cosign-system", map[string]string{"private": "{}"}))
		}, 0, 3, false},
	}
	for _, step := range steps {
		*queue = countingQueue{}
		step.do()
		if queue.now != step.now || queue.later != step.later {
			t.Errorf("%s: %d trusts at once and %d after a second, want %d and %d", step.name, queue.now, queue.later, step.now, step.later)
		}
		after := cluster()
		if kept := after.Policies == before.Policies; kept != step.keeps {
			t.Errorf("%s: what is memorized about images is kept: %t, want %t", step.name, kept, step.keeps)
		}
		before = after
	}
	if got := cluster().Config.NoMatch; got != admission.NoMatchAllow {
		t.Errorf("no-match-policy is %s, want that of policy-controller's ConfigMap", got)
	}
}

// TestForeignConfigMapsAreSmall has a ConfigMap of policy-controller's name with as much as Kubernetes allows.
func TestForeignConfigMapsAreSmall(t *testing.T) {
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "tenant", Name: admission.ConfigName, Annotations: map[string]string{"a": strings.Repeat("x", 1<<17)}},
		Data:       map[string]string{"no-match-policy": strings.Repeat("x", 1<<19), "else": strings.Repeat("x", 1<<19)},
	}
	for object, options := range CachedObjects() {
		if _, ok := object.(*corev1.ConfigMap); !ok {
			continue
		}
		kept, err := options.Transform(config)
		if err != nil {
			t.Fatal(err)
		}
		if size := jsonSize(kept); size > 1<<10 {
			t.Errorf("%d bytes of a tenant's ConfigMap are kept", size)
		}
		return
	}
	t.Error("ConfigMaps are not restricted")
}
