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
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// countingQueue counts what is enqueued.
type countingQueue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	now, later int
	// due are the requests that AddAfter was called with, and when the first call wants them. It is clock then.
	due   map[reconcile.Request]time.Duration
	clock time.Duration
}

func (q *countingQueue) Add(reconcile.Request) { q.now++ }

func (q *countingQueue) AddAfter(request reconcile.Request, after time.Duration) {
	q.later++
	if _, ok := q.due[request]; !ok && q.due != nil {
		q.due[request] = q.clock + after
	}
}

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
	r.Inventory.Select("karmada", "1", inventory.MatchFunc(func(string) bool { return true }))
	r.Inventory.WatchNamespaces(r.Trigger.EnqueueNeighbours)
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
	}{
		{"a tenant's ConfigMap", func() {
			handle(admission.Configuration, config("tenant", map[string]string{"no-match-policy": "allow"}))
		}, 0, 0},
		{"and its change", func() {
			handle(admission.Configuration, config("tenant", map[string]string{"no-match-policy": "warn"}))
		}, 0, 0},
		{"and its end", func() { remove(admission.Configuration, config("tenant", nil)) }, 0, 0},
		{"a namespace without images of a trust", func() { handle(admission.Namespaces, namespace("tenant", map[string]string{"a": "b"})) }, 0, 0},
		{"a namespace with images of one trust", func() { handle(admission.Namespaces, namespace("in", map[string]string{"a": "b"})) }, 0, 1},
		{"policy-controller's ConfigMap", func() {
			handle(admission.Configuration, config("cosign-system", map[string]string{"no-match-policy": "allow"}))
		}, 0, 3},
		{"and what it does not read", func() {
			handle(admission.Configuration, config("cosign-system", map[string]string{"no-match-policy": "allow", "_example": "text"}))
		}, 0, 0},
		{"a tenant's ConfigMap with keys", func() {
			handle(admission.TrustRootKeys, keys("tenant", map[string]string{"private": "{}"}))
		}, 0, 0},
		{"and its end", func() { remove(admission.TrustRootKeys, keys("tenant", nil)) }, 0, 0},
		{"policy-controller's ConfigMap with keys", func() {
			handle(admission.TrustRootKeys, keys("cosign-system", map[string]string{"private": "{}"}))
		}, 0, 3},
	}
	for _, step := range steps {
		*queue = countingQueue{}
		step.do()
		if queue.now != step.now || queue.later != step.later {
			t.Errorf("%s: %d trusts at once and %d after a second, want %d and %d", step.name, queue.now, queue.later, step.now, step.later)
		}
		after := cluster()
		if after.Policies != before.Policies {
			t.Errorf("%s: what is memorized about images is dropped", step.name)
		}
		before = after
	}
	if got := cluster().Config.NoMatch; got != admission.NoMatchAllow {
		t.Errorf("no-match-policy is %s, want that of policy-controller's ConfigMap", got)
	}
}

// newWakeUps returns a reconciler of a cluster with policies for some trusts, and its queue. Each trust has one image.
func newWakeUps(t *testing.T, trusts int, policies ...*unstructured.Unstructured) (*KarmadaImageTrustReconciler, *countingQueue) {
	t.Helper()
	r, _ := newTestReconciler(t)
	queue := &countingQueue{due: map[reconcile.Request]time.Duration{}}
	r.Trigger = &Trigger{}
	if err := r.Trigger.Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	for _, source := range admission.Sources() {
		r.Admission.MarkListed(source)
	}
	for _, cip := range policies {
		r.Admission.SetPolicy(cip)
	}
	for i := range trusts {
		name := trustName(i)
		r.Inventory.Select(name, "1", inventory.MatchFunc(func(image string) bool { return image == name+":v1" }))
		applyDeployment(r, name, name+":v1")
	}
	r.Inventory.WatchNamespaces(r.Trigger.EnqueueNeighbours)
	return r, queue
}

func trustName(i int) string { return fmt.Sprintf("trust-%d", i) }

func namedPolicy(name, glob string, match ...any) *unstructured.Unstructured {
	cip := newClusterImagePolicy()
	cip.SetName(name)
	cip.Object["spec"] = map[string]any{"images": []any{map[string]any{"glob": glob}}, "match": match}
	return cip
}

// TestNeighboursAreWokenForUncoveredImages has three trusts in a namespace, and an image that none of them selects.
func TestNeighboursAreWokenForUncoveredImages(t *testing.T) {
	const glob = "index.docker.io/library/new@*"
	for name, tc := range map[string]struct {
		policies []*unstructured.Unstructured
		want     int
	}{
		"covered by no policy":                       {nil, 3},
		"by one of another image":                    {[]*unstructured.Unstructured{namedPolicy("p", "index.docker.io/library/old@*")}, 3},
		"by one":                                     {[]*unstructured.Unstructured{namedPolicy("p", glob)}, 0},
		"by one that a trust is to replace":          {[]*unstructured.Unstructured{namedPolicy(trustName(1), glob)}, 1},
		"by one that a trust replaces, and another":  {[]*unstructured.Unstructured{namedPolicy(trustName(1), glob), namedPolicy("p", glob)}, 0},
		"by one that selects objects":                {[]*unstructured.Unstructured{namedPolicy("p", glob, map[string]any{"resource": "pods", "version": "v1"})}, 3},
		"by one that cannot be parsed, and thus all": {[]*unstructured.Unstructured{namedPolicy("p", "not a glob")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, queue := newWakeUps(t, 3, tc.policies...)
			*queue = countingQueue{due: map[reconcile.Request]time.Duration{}}
			applyDeployment(r, "new", "new:v1")
			if queue.now != 0 || queue.due[neighbours("in")] != debounce+3*neighbourDelay {
				t.Fatalf("%d trusts at once, and later %v; want the namespace later", queue.now, queue.due)
			}
			if _, err := r.Reconcile(t.Context(), neighbours("in")); err != nil {
				t.Fatal(err)
			}
			if queue.now != tc.want {
				t.Errorf("%d trusts are woken, want %d", queue.now, tc.want)
			}
		})
	}
}

// TestWakeUpsGrowWithTheNamespace applies Deployments of one namespace that a fifth as many trusts cover, 100 in a second, and counts
// what is enqueued for them, with and without policies.
func TestWakeUpsGrowWithTheNamespace(t *testing.T) {
	const perSecond, perTrust, most = 100, 5, 10.0
	cost := func(deployments int, covered bool) int {
		trusts := deployments / perTrust
		var policies []*unstructured.Unstructured
		for i := range trusts {
			if covered {
				policies = append(policies, namedPolicy(trustName(i), "index.docker.io/library/"+trustName(i)+"@*"), namedPolicy("other-"+trustName(i), "index.docker.io/library/new-*"))
			}
		}
		r, queue := newWakeUps(t, trusts, policies...)
		*queue = countingQueue{due: map[reconcile.Request]time.Duration{}}
		for i := range deployments {
			queue.clock += time.Second / perSecond
			applyDeployment(r, fmt.Sprint("new-", i), fmt.Sprintf("new-%d:v1", i))
			if at, ok := queue.due[neighbours("in")]; ok && (queue.clock >= at || i == deployments-1) {
				queue.due = map[reconcile.Request]time.Duration{}
				r.wakeNeighbours("in")
			}
		}
		return queue.now + queue.later
	}
	for _, covered := range []bool{true, false} {
		few, many := cost(250, covered), cost(2000, covered)
		if ratio := float64(many) / float64(few); ratio > most {
			t.Errorf("8 times the Deployments, covered: %t: %d and %d wake-ups, %.1f times as many", covered, few, many, ratio)
		}
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
