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
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// crdSchema is a compiled CustomResourceDefinition. It validates objects like the API server does in
// k8s.io/apiextensions-apiserver v0.37 pkg/apiserver/customresource_handler.go.
type crdSchema struct {
	kind       schema.GroupVersionKind
	structural *structuralschema.Structural
	types      validation.SchemaValidator
	rules      *cel.Validator
}

// newSchema compiles the CustomResourceDefinition of a manifest, which must have exactly one version.
func newSchema(manifest string) (*crdSchema, error) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict([]byte(manifest), definition); err != nil {
		return nil, err
	}
	if n := len(definition.Spec.Versions); n != 1 {
		return nil, fmt.Errorf("it must have exactly one version, not %d", n)
	}
	version := definition.Spec.Versions[0]
	internal := &apiextensions.CustomResourceValidation{}
	err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema, internal, nil)
	if err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	structural = structural.DeepCopy() // the defaults share memory with the definition
	if err := defaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	types, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &crdSchema{
		kind:       schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind},
		structural: structural,
		types:      types,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// create decodes, defaults and validates an object like the API server does when the object is created. It returns the object
// that admission would receive, or nil if the object cannot be decoded.
func (c *crdSchema) create(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, []Finding) {
	u, err := c.read(object)
	if err != nil {
		return nil, []Finding{{RuleSchemaViolation, LevelError, "", err.Error()}}
	}
	if errs := c.checkKind(u); len(errs) > 0 {
		return nil, toFindings(errs)
	}
	findings, err := c.decode(u)
	if err != nil {
		return nil, append(findings, Finding{RuleSchemaViolation, LevelError, "metadata", err.Error()})
	}
	return u, append(findings, toFindings(c.validate(ctx, u))...)
}

// read copies an object by encoding and decoding it as JSON, as a request would.
func (c *crdSchema) read(object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	encoded, err := json.Marshal(object.Object)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(encoded, &u.Object); err != nil {
		return nil, err
	}
	if u.Object == nil {
		u.Object = map[string]any{}
	}
	return u, nil
}

// checkKind does the same as customResourceValidator.ValidateTypeMeta in pkg/registry/customresource.
func (c *crdSchema) checkKind(u *unstructured.Unstructured) field.ErrorList {
	var errs field.ErrorList
	if u.GetKind() != c.kind.Kind {
		errs = append(errs, field.Invalid(field.NewPath("kind"), u.GetKind(), "must be "+c.kind.Kind))
	}
	if version := c.kind.GroupVersion().String(); u.GetAPIVersion() != version {
		errs = append(errs, field.Invalid(field.NewPath("apiVersion"), u.GetAPIVersion(), "must be "+version))
	}
	return errs
}

// decode does the same as unstructuredSchemaCoercer.apply and unstructuredDefaulter.Default in pkg/apiserver, in the order of
// the decoder, and as the strategy that prepares an object before it is validated. It returns the unknown fields.
func (c *crdSchema) decode(u *unstructured.Unstructured) ([]Finding, error) {
	kind, apiVersion := u.GetKind(), u.GetAPIVersion()
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(u.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	unknown = append(unknown, pruning.PruneWithOptions(u.Object, c.structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, c.structural)
	u.SetKind(kind)
	u.SetAPIVersion(apiVersion)
	if found {
		if err := objectmeta.SetObjectMeta(u.Object, meta); err != nil {
			return nil, err
		}
	}
	defaulting.Default(u.Object, c.structural)
	delete(u.Object, "status") // it cannot be set when an object is created
	if u.GetName() == "" && u.GetGenerateName() != "" {
		u.SetName(u.GetGenerateName() + "xxxxx") // the API server adds five characters
	}
	u.SetNamespace("") // the API server removes it, because the kind is cluster-scoped

	findings := make([]Finding, 0, len(unknown))
	for _, path := range unknown {
		findings = append(findings, Finding{RuleUnknownField, LevelError, path,
			fmt.Sprintf("unknown field %q", path) + c.suggestion(path)})
	}
	return findings, nil
}

// validate does the same as customResourceStrategy.Validate in pkg/registry/customresource.
func (c *crdSchema) validate(ctx context.Context, u *unstructured.Unstructured) field.ErrorList {
	errs := validateMetadata(ctx, u, false)
	errs = append(errs, validation.ValidateCustomResource(nil, u.Object, c.types)...)
	errs = append(errs, objectmeta.Validate(ctx, nil, u.Object, c.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, c.structural, u.Object)...)
	if preventsRules(errs) {
		return append(errs, field.Invalid(nil, nil, unchecked))
	}
	violated, _ := c.rules.Validate(ctx, nil, c.structural, u.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, violated...)
}

// unchecked is the API server's message if it has not evaluated all rules.
const unchecked = "some validation rules were not checked because the object was invalid; correct the existing errors to" +
	" complete validation"

// preventsRules reports whether one of the errors is of a type after which the API server does not evaluate CEL rules.
func preventsRules(errs field.ErrorList) bool {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany,
			field.ErrorTypeTypeInvalid:
			return true
		default:
		}
	}
	return false
}

// toFindings converts errors to findings with the messages of the API server, sorted by field.
func toFindings(errs field.ErrorList) []Finding {
	findings := make([]Finding, 0, len(errs))
	seen := map[string]bool{}
	// The order of the errors changes from one request to the next.
	slices.SortStableFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	for _, err := range errs {
		if seen[err.Error()] { // the API server joins the errors in an aggregate, which drops duplicates
			continue
		}
		seen[err.Error()] = true
		if err.Detail != unchecked {
			findings = append(findings, Finding{RuleSchemaViolation, LevelError, err.Field, err.ErrorBody()})
		}
	}
	if slices.ContainsFunc(errs, func(err *field.Error) bool { return err.Detail == unchecked }) {
		findings = append(findings, Finding{RuleUnchecked, LevelNote, "", unchecked})
	}
	return findings
}
