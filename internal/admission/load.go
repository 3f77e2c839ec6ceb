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
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/internal/policy"
)

// ObjectList is a list of objects, as clients fill it.
type ObjectList interface {
	metav1.ListInterface
	runtime.Object
}

// Lister lists the objects of a list's kind into the list: all of them, or those of a name unless it is empty.
type Lister func(list ObjectList, name string) error

// Load lists once all that the state depends on, for programs that do not watch it. The error names the kind that
// cannot be listed. ClusterImagePolicies may be missing, because their kind may not be installed, and the user may have no
// right to read the keys of TrustRoots, which are unknown then. See KeysData about identify.
func (s *State) Load(list Lister, identify func(entry string) string) error {
	validating := &admissionregistrationv1.ValidatingWebhookConfigurationList{}
	if err := list(validating, ""); err != nil {
		return fmt.Errorf("listing the %s: %w", ValidatingWebhooks, err)
	}
	for i := range validating.Items {
		s.SetValidating(&validating.Items[i])
	}
	s.MarkListed(ValidatingWebhooks)

	mutating := &admissionregistrationv1.MutatingWebhookConfigurationList{}
	if err := list(mutating, ""); err != nil {
		return fmt.Errorf("listing the %s: %w", MutatingWebhooks, err)
	}
	for i := range mutating.Items {
		s.SetMutating(&mutating.Items[i])
	}
	s.MarkListed(MutatingWebhooks)

	configs := &corev1.ConfigMapList{}
	if err := list(configs, ConfigName); err != nil {
		return fmt.Errorf("listing %s: %w", Configuration, err)
	}
	for i := range configs.Items {
		s.SetConfig(&configs.Items[i])
	}
	s.MarkListed(Configuration)

	if err := s.loadKeys(list, identify); err != nil {
		return err
	}

	namespaces := &corev1.NamespaceList{}
	if err := list(namespaces, ""); err != nil {
		return fmt.Errorf("listing the %s: %w", Namespaces, err)
	}
	for i := range namespaces.Items {
		s.SetNamespace(namespaces.Items[i].Name, namespaces.Items[i].Labels)
	}
	s.MarkListed(Namespaces)
	return s.loadPolicies(list)
}

func (s *State) loadPolicies(list Lister) error {
	policies := &unstructured.UnstructuredList{}
	policies.SetGroupVersionKind(policy.ClusterImagePolicyKind.GroupVersion().WithKind(policy.ClusterImagePolicyKind.Kind + "List"))
	err := list(policies, "")
	switch {
	case apimeta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("listing the ClusterImagePolicies: %w", err)
	}
	for i := range policies.Items {
		s.SetPolicy(&policies.Items[i])
	}
	return nil
}

func (s *State) loadKeys(list Lister, identify func(entry string) string) error {
	keys := &corev1.ConfigMapList{}
	err := list(keys, KeysName)
	switch {
	case apierrors.IsForbidden(err):
		s.hideKeys()
	case err != nil:
		return fmt.Errorf("listing %s: %w", TrustRootKeys, err)
	}
	for i := range keys.Items {
		keys.Items[i].Data = KeysData(keys.Items[i].Data, identify)
		s.SetKeys(&keys.Items[i])
	}
	s.MarkListed(TrustRootKeys)
	return nil
}
