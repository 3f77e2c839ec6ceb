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

// Package interpreter tests what Karmada's own interpreter makes of trusts, with the customizations in config/karmada.
package interpreter

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/config"
	"github.com/karmada-io/image-trust/test/lab/interpret"
)

const customizations = "config/karmada/interpreter/trust.karmada.io/v1alpha1/KarmadaImageTrust/customizations.yaml"

// generation is that of the template in all tests.
const generation = 4

// object is JSON that tests build.
type object = map[string]any

// TestInKarmadasForm runs the tests in the form that Karmada's own customizations have.
func TestInKarmadasForm(t *testing.T) { interpret.RunTests(t, customizations) }

// template is the trust on the control plane, with managed fields that Karmada 1.16 cannot encode.
func template() object {
	return object{
		"apiVersion": "trust.karmada.io/v1alpha1",
		"kind":       "KarmadaImageTrust",
		"metadata": object{
			"name": "karmada", "generation": generation, "creationTimestamp": "2026-11-01T00:00:00Z", "resourceVersion": "42",
			"managedFields": []any{object{
				"manager": "kubectl", "operation": "Apply", "apiVersion": "trust.karmada.io/v1alpha1", "fieldsType": "FieldsV1",
				"fieldsV1": object{"f:spec": object{"f:images": object{`v:"docker.io/karmada/*"`: object{}}}},
			}},
		},
		"spec": object{
			"images": []any{"docker.io/karmada/*"}, "issuer": "https://token.actions.githubusercontent.com", "identity": "me@example.com",
			"enforcement": "Enforce", "signature": "Required",
		},
	}
}

func encode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// aggregate returns the object that Karmada would write, and its status. It must satisfy the CRD, without an unknown field.
func aggregate(t *testing.T, i *interpret.Interpreter, s *schema, desired object, items []interpret.Item) (interpret.Response, v1alpha1.KarmadaImageTrustStatus) {
	t.Helper()
	response := i.Call(t, interpret.Request{Operation: interpret.AggregateStatus, Desired: encode(t, desired), Items: items})
	if response.Error != "" {
		t.Fatalf("the aggregation failed: %s", response.Error)
	}
	if err := s.validate(response.Results.AggregatedStatus); err != nil {
		t.Fatalf("the API server would refuse the aggregated status: %v\n%s", err, response.Results.AggregatedStatus)
	}
	var trust v1alpha1.KarmadaImageTrust
	if err := json.Unmarshal(response.Results.AggregatedStatus, &trust); err != nil {
		t.Fatal(err)
	}
	if trust.Name != "karmada" || trust.ResourceVersion != "42" || len(trust.Spec.Images) != 1 {
		t.Errorf("the object is not the whole template: %s", response.Results.AggregatedStatus)
	}
	if trust.ManagedFields != nil {
		t.Error("the object has managed fields, which Karmada would have damaged")
	}
	return response, trust.Status
}

// schema is that of the CRD.
type schema struct {
	structural *structuralschema.Structural
	types      validation.SchemaValidator
}

func newSchema(t *testing.T) *schema {
	t.Helper()
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict([]byte(config.CustomResourceDefinition()), definition); err != nil {
		t.Fatal(err)
	}
	internal := &apiextensions.CustomResourceValidation{}
	err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(
		definition.Spec.Versions[0].Schema, internal, nil)
	if err != nil {
		t.Fatal(err)
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	types, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	return &schema{structural: structural, types: types}
}

// validate does what the API server does with an object: types, bounds, keys of lists. Rules in CEL are about the spec only.
func (s *schema) validate(encoded []byte) error {
	var content map[string]any
	if err := utiljson.Unmarshal(encoded, &content); err != nil {
		return err
	}
	errs := validation.ValidateCustomResource(nil, content, s.types)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, content)...)
	unknown := pruning.PruneWithOptions(content, s.structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return fmt.Errorf("unknown fields: %v", unknown)
	}
	return errs.ToAggregate()
}

// TestSchema checks that the validation of this suite can fail.
func TestSchema(t *testing.T) {
	s := newSchema(t)
	for name, status := range map[string]object{
		"a negative count":    {"fleet": object{"selected": -1, "reporting": 0, "reportingRatio": "0/0"}},
		"a missing field":     {"fleet": object{"selected": 1, "reporting": 0}},
		"an unknown field":    {"fleet": object{"selected": 1, "reporting": 0, "reportingRatio": "0/1", "size": 3}},
		"a count that is big": {"fleet": object{"selected": 1 << 31, "reporting": 0, "reportingRatio": "0/1"}},
		"a cluster twice": {"fleet": object{"selected": 1, "reporting": 0, "reportingRatio": "0/1", "clusters": []any{
			object{"name": "a", "state": "Reported"}, object{"name": "a", "state": "Reported"},
		}}},
		"a state that does not exist": {"fleet": object{"selected": 1, "reporting": 0, "reportingRatio": "0/1", "clusters": []any{
			object{"name": "a", "state": "Fine"},
		}}},
	} {
		trust := template()
		trust["status"] = status
		if s.validate(encode(t, trust)) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
