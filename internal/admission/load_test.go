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
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fakeLister lists a cluster in which policy-controller is installed. An error is returned instead of the list that it is
// set for, by Go type.
func fakeLister(failures map[string]error, names *[]string) Lister {
	webhook := admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "cosign-system"}}
	return func(list ObjectList, name string) error {
		kind := ""
		switch list := list.(type) {
		case *admissionregistrationv1.ValidatingWebhookConfigurationList:
			kind = "validating"
			list.Items = []admissionregistrationv1.ValidatingWebhookConfiguration{
				{Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", ClientConfig: webhook}}},
			}
		case *admissionregistrationv1.MutatingWebhookConfigurationList:
			kind = "mutating"
			list.Items = []admissionregistrationv1.MutatingWebhookConfiguration{
				{Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", ClientConfig: webhook}}},
			}
		case *corev1.ConfigMapList:
			kind = "configs"
			list.Items = []corev1.ConfigMap{*configMap("cosign-system", "warn")}
			if name == KeysName {
				kind = "keys"
				list.Items = []corev1.ConfigMap{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "cosign-system", Name: KeysName}, Data: map[string]string{"private": keys},
				}}
			}
		case *corev1.NamespaceList:
			kind = "namespaces"
			list.Items = []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"x": "y"}}}}
		case *unstructured.UnstructuredList:
			kind = list.GetKind()
			list.Items = []unstructured.Unstructured{*newPolicy("**", "True")}
		}
		if name != "" {
			*names = append(*names, kind+" "+name)
		}
		return failures[kind]
	}
}

func TestLoad(t *testing.T) {
	var names []string
	s := NewState("w", V014())
	if err := s.Load(fakeLister(nil, &names), identity); err != nil {
		t.Fatal(err)
	}
	cluster, err := s.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	labels, _ := cluster.Namespace("a")
	if cluster.Validating == nil || cluster.Mutating == nil || cluster.Config.NoMatch != NoMatchWarn ||
		cluster.Keys.Use(TrustRoot{Name: "private", Keys: keys}).Usability != Usable || cluster.Policies.Get("p") == nil || labels["x"] != "y" || !cluster.Known() {
		t.Errorf("got %+v, want all that was listed", cluster)
	}
	if diff := cmp.Diff([]string{"configs " + ConfigName, "keys " + KeysName}, names); diff != "" {
		t.Errorf("lists by name (-want +got):\n%s", diff)
	}
}

func TestLoadErrors(t *testing.T) {
	denied := errors.New("forbidden")
	for kind, want := range map[string]string{
		"validating": string(ValidatingWebhooks), "mutating": string(MutatingWebhooks), "configs": string(Configuration), "keys": string(TrustRootKeys),
		"namespaces": string(Namespaces), "ClusterImagePolicyList": "ClusterImagePolicies",
	} {
		err := NewState("w", V014()).Load(fakeLister(map[string]error{kind: denied}, new([]string)), identity)
		if !errors.Is(err, denied) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one that names %s", kind, err, want)
		}
	}
}

// TestLoadWithoutKeys is without the right to read the keys of TrustRoots.
func TestLoadWithoutKeys(t *testing.T) {
	s := NewState("w", V014())
	denied := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, KeysName, errors.New("no right"))
	if err := s.Load(fakeLister(map[string]error{"keys": denied}, new([]string)), identity); err != nil {
		t.Fatal(err)
	}
	cluster, err := s.Cluster()
	if err != nil || cluster.Keys != nil {
		t.Errorf("got keys %v, %v; want them to be unknown", cluster.Keys, err)
	}
}

func TestLoadWithoutPolicyController(t *testing.T) {
	s := NewState("other", V014())
	missing := &apimeta.NoKindMatchError{}
	if err := s.Load(fakeLister(map[string]error{"ClusterImagePolicyList": missing}, new([]string)), identity); err != nil {
		t.Fatal(err)
	}
	cluster, err := s.Cluster()
	if err != nil || cluster.Validating != nil || !cluster.Known() {
		t.Errorf("got %+v, %v; want a known cluster without a webhook", cluster, err)
	}
}
