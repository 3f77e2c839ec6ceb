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

package main

import (
	"context"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/internal/manifests"
)

// validator validates the objects in files as the API server would, before anything else uses them: what is known of an
// object in a cluster, such as that its name has no slash, is then known of an object in a file.
type validator struct {
	trusts *lint.Validator // nil until there is a trust
}

// trust returns a KarmadaImageTrust as the API server would store it.
func (v *validator) trust(ctx context.Context, object *manifests.Object) (*unstructured.Unstructured, error) {
	if v.trusts == nil {
		trusts, err := lint.NewValidator()
		if err != nil {
			return nil, err
		}
		v.trusts = trusts
	}
	created, findings := v.trusts.Validate(ctx, object.Unstructured)
	return created, invalid(object, findings)
}

// metadata checks the metadata of an object of another kind.
func (v *validator) metadata(ctx context.Context, object *manifests.Object) error {
	return invalid(object, lint.ValidateMetadata(ctx, object.Unstructured, isConfig(object.Unstructured)))
}

// invalid returns an error for each problem of an object, with its line.
func invalid(object *manifests.Object, findings []lint.Finding) error {
	var errs []error
	for _, f := range findings {
		if f.Level != lint.LevelNote {
			errs = append(errs, invalidField(object, f.Field, f.Message))
		}
	}
	return errors.Join(errs...)
}

// invalidField returns an error about a field of an object, or about the object if the field is empty.
func invalidField(object *manifests.Object, field, message string) error {
	if below, words, found := wrongType(message); found {
		message = words
		if below != "" {
			field = strings.TrimPrefix(field+"."+below, ".")
		}
	}
	line, _ := object.Position(field)
	if field != "" {
		field += ": "
	}
	return usageErrorf("%s:%d: %s %s: %s%s", object.File.Name, line, object.GetKind(), object.GetName(), field, message)
}

// validateName checks the name of an object that is given as a flag.
func validateName(flag, name string) error {
	if name == "" {
		return nil
	}
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
		return usageErrorf("%s: %q cannot be the name of an object: %s", flag, name, problems[0])
	}
	return nil
}
