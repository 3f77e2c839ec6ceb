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

package lint

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apimachinery/pkg/api/operation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/config"
)

// Validator validates KarmadaImageTrusts like the API server does when they are created, with the CustomResourceDefinition in
// config. It is safe for concurrent use.
type Validator struct{ schema *crdSchema }

// NewValidator returns a Validator. It fails if the CustomResourceDefinition is invalid.
func NewValidator() (*Validator, error) {
	s, err := newSchema(config.CustomResourceDefinition())
	if err != nil {
		return nil, fmt.Errorf("read the CustomResourceDefinition: %w", err)
	}
	return &Validator{schema: s}, nil
}

// Validate returns the KarmadaImageTrust that the API server would store, with defaults, or why it would store none. It
// does not modify the object.
func (v *Validator) Validate(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, []Finding) {
	created, findings := v.schema.create(ctx, object)
	if len(findings) > 0 {
		return nil, findings
	}
	return created, nil
}

// ValidateMetadata returns why the API server would deny an object of any kind whose names are DNS subdomains, because of its
// name, namespace, labels, annotations, owners or finalizers.
func ValidateMetadata(ctx context.Context, object *unstructured.Unstructured, namespaced bool) []Finding {
	copied := &unstructured.Unstructured{Object: map[string]any{"metadata": object.Object["metadata"]}}
	return toFindings(validateMetadata(ctx, copied.DeepCopy(), namespaced))
}

// validateMetadata does the same as the API server for any kind: see ValidateObjectMeta and its callers.
func validateMetadata(ctx context.Context, u *unstructured.Unstructured, namespaced bool) field.ErrorList {
	path := field.NewPath("metadata")
	meta, _, err := objectmeta.GetObjectMeta(u.Object, false)
	if err != nil {
		return field.ErrorList{field.Invalid(path, u.Object["metadata"], err.Error())}
	}
	if meta == nil {
		meta = &metav1.ObjectMeta{}
	}
	switch {
	case !namespaced:
		meta.Namespace = "" // the API server removes it
	case meta.Namespace == "":
		meta.Namespace = metav1.NamespaceDefault // kubectl sets that of its context
	}
	return apivalidation.ValidateObjectMetaDeclaratively(ctx, operation.Create, meta, nil, namespaced,
		apivalidation.NameIsDNSSubdomain, path, true)
}
