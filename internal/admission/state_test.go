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

package admission

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func newPolicy(glob, ready string) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"name": "p", "generation": int64(2)},
		"spec":     map[string]any{"images": []any{map[string]any{"glob": glob}}},
		"status": map[string]any{
			"observedGeneration": int64(2), "conditions": []any{map[string]any{"type": "Ready", "status": ready}},
		},
	}}
	return out
}

func configMap(namespace, noMatch string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: ConfigName}, Data: map[string]string{"no-match-policy": noMatch}}
}

func TestStateIsUnknownUntilAllSourcesAreListed(t *testing.T) {
	s := NewState("w", V014())
	for _, source := range Sources() {
		if _, err := s.Cluster(); err == nil || !strings.HasPrefix(err.Error(), "Not read yet: ") {
			t.Errorf("before %s: got %v", source, err)
		}
		s.MarkListed(source)
		s.MarkListed(source) // once is enough, and twice is not another source
	}
	cluster, err := s.Cluster()
	if err != nil || cluster.Validating != nil || cluster.Config.NoMatch != NoMatchDeny {
		t.Errorf("got %+v, %v; want a cluster without a webhook", cluster, err)
	}
}

// newListedState returns the state of an empty cluster.
func newListedState(t *testing.T) *State {
	t.Helper()
	s := NewState("w", V014())
	for _, source := range Sources() {
		s.MarkListed(source)
	}
	return s
}

func TestStateReadsConfigurationInTheWebhooksNamespace(t *testing.T) {
	s := newListedState(t)
	s.SetConfig(configMap("other", "allow"))
	s.SetConfig(configMap("cosign-system", "warn"))
	noMatch := func() NoMatch {
		t.Helper()
		cluster, err := s.Cluster()
		if err != nil {
			t.Fatal(err)
		}
		return cluster.Config.NoMatch
	}
	if got := noMatch(); got != NoMatchDeny {
		t.Errorf("without a webhook: got %s, want the default", got)
	}
	webhook := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "any"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", ClientConfig: admissionregistrationv1.WebhookClientConfig{
			Service: &admissionregistrationv1.ServiceReference{Namespace: "cosign-system"},
		}}},
	}
	if !s.SetValidating(webhook) || s.SetValidating(webhook) {
		t.Error("a change is not distinguished from none")
	}
	if got := noMatch(); got != NoMatchWarn {
		t.Errorf("got %s, want warn", got)
	}
	if !s.RemoveConfig("cosign-system") || s.RemoveConfig("cosign-system") {
		t.Error("a removal is not distinguished from none")
	}
	if got := noMatch(); got != NoMatchDeny {
		t.Errorf("without a ConfigMap: got %s, want the default", got)
	}
	s.SetConfig(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "cosign-system"}, Data: map[string]string{"enable-oci11": "perhaps"}})
	if _, err := s.Cluster(); err == nil || !strings.Contains(err.Error(), ConfigName) {
		t.Errorf("an invalid configuration: got %v", err)
	}
}

func TestStatePolicies(t *testing.T) {
	s := newListedState(t)
	exists := func() bool {
		t.Helper()
		cluster, err := s.Cluster()
		if err != nil {
			t.Fatal(err)
		}
		return cluster.Policies.Get("p") != nil
	}
	change := s.SetPolicy(newPolicy("index.docker.io/karmada/*", "Unknown"))
	if change.None() || !change.Covers("index.docker.io/karmada/x:v1") || change.Covers("index.docker.io/other/x:v1") || !exists() {
		t.Errorf("a new policy: got %+v", change)
	}
	if change := s.SetPolicy(newPolicy("index.docker.io/karmada/*", "True")); !change.None() {
		t.Errorf("a change of the status alone: got %+v", change)
	}
	change = s.SetPolicy(newPolicy("index.docker.io/other/*", "True"))
	if !change.Covers("index.docker.io/karmada/x:v1") || !change.Covers("index.docker.io/other/x:v1") {
		t.Errorf("another glob: got %+v, want the images covered now and before", change)
	}
	if change := s.SetPolicy(newPolicy("index.docker.io/other/*", "False")); change.None() || exists() {
		t.Errorf("policy-controller cannot use it: got %+v", change)
	}
	if change := s.SetPolicy(newPolicy("index.docker.io/other/*", "True")); change.None() || !exists() {
		t.Errorf("policy-controller can use it again: got %+v", change)
	}
	if change := s.RemovePolicy("p"); change.None() || exists() {
		t.Errorf("removed: got %+v", change)
	}
	if change := s.RemovePolicy("p"); !change.None() {
		t.Errorf("removed twice: got %+v", change)
	}
}

func TestStateNamespaces(t *testing.T) {
	s := newListedState(t)
	cluster, err := s.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	if _, known := cluster.Namespace("a"); known {
		t.Error("a namespace is known that was not set")
	}
	if !s.SetNamespace("a", map[string]string{"x": "y"}) || s.SetNamespace("a", map[string]string{"x": "y"}) {
		t.Error("a change is not distinguished from none")
	}
	if labels, known := cluster.Namespace("a"); !known || labels["x"] != "y" {
		t.Errorf("got %v, %t", labels, known)
	}
	if !s.RemoveNamespace("a") {
		t.Error("a removal is not reported")
	}
}

// TestOtherWebhooksChangeNothing has the webhook of another operator, and one of policy-controller's with a new certificate.
func TestOtherWebhooksChangeNothing(t *testing.T) {
	s := newListedState(t)
	validating := func(configuration, webhook, bundle string) bool {
		return s.SetValidating(&admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: configuration},
			Webhooks: []admissionregistrationv1.ValidatingWebhook{
				{Name: webhook, ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: []byte(bundle)}},
			},
		})
	}
	mutating := func(configuration, webhook, bundle string) bool {
		return s.SetMutating(&admissionregistrationv1.MutatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: configuration},
			Webhooks: []admissionregistrationv1.MutatingWebhook{
				{Name: webhook, ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: []byte(bundle)}},
			},
		})
	}
	for name, set := range map[string]func(configuration, webhook, bundle string) bool{"validating": validating, "mutating": mutating} {
		if set("other", "other.example.com", "1") || !set("own", "w", "1") || set("own", "w", "2") || !set("own", "other.example.com", "2") ||
			set("own", "other.example.com", "3") {
			t.Errorf("%s: not exactly the changes of policy-controller's webhook are reported", name)
		}
	}
	if len(s.validating)+len(s.mutating) > 0 || s.RemoveValidating("other") {
		t.Error("the webhook of another operator is remembered")
	}
}
