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
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	configv1alpha1 "github.com/karmada-io/karmada/pkg/apis/config/v1alpha1"
	"github.com/karmada-io/karmada/pkg/resourceinterpreter/customized/declarative"
	webhook "github.com/karmada-io/karmada/pkg/webhook/resourceinterpretercustomization"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"
)

// file is a file with customizations.
type file struct {
	path           string
	customizations []*configv1alpha1.ResourceInterpreterCustomization
}

// load reads customizations, with unknown fields refused, and admits one after the other as Karmada's webhook does.
func load(paths []string) ([]file, error) {
	admitted := &configv1alpha1.ResourceInterpreterCustomizationList{}
	files := make([]file, 0, len(paths))
	for _, path := range paths {
		customizations, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, c := range customizations {
			if err := admit(c, admitted); err != nil {
				return nil, fmt.Errorf("%s: Karmada's webhook denies %s: %w", path, c.Name, err)
			}
			admitted.Items = append(admitted.Items, *c)
		}
		files = append(files, file{path: path, customizations: customizations})
	}
	return files, nil
}

func read(path string) ([]*configv1alpha1.ResourceInterpreterCustomization, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var customizations []*configv1alpha1.ResourceInterpreterCustomization
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			if len(customizations) == 0 {
				return nil, errors.New("the file has no ResourceInterpreterCustomization")
			}
			return customizations, nil
		}
		if err != nil {
			return nil, err
		}
		var content map[string]any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, err
		}
		if len(content) == 0 {
			continue // nothing but comments
		}
		c := &configv1alpha1.ResourceInterpreterCustomization{}
		if err := yaml.UnmarshalStrict(document, c); err != nil {
			return nil, err
		}
		if c.Kind != "ResourceInterpreterCustomization" || c.APIVersion != configv1alpha1.GroupVersion.String() {
			return nil, fmt.Errorf("the file has a %s of %s, not a ResourceInterpreterCustomization of %s",
				c.Kind, c.APIVersion, configv1alpha1.GroupVersion)
		}
		customizations = append(customizations, c)
	}
}

// existing is the client that the webhook lists the existing customizations with. It does nothing else with it.
type existing struct {
	client.Client
	list *configv1alpha1.ResourceInterpreterCustomizationList
}

// List lists the existing customizations.
func (e existing) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	into, ok := list.(*configv1alpha1.ResourceInterpreterCustomizationList)
	if !ok {
		return fmt.Errorf("the webhook lists %T", list)
	}
	e.list.DeepCopyInto(into)
	return nil
}

func admit(c *configv1alpha1.ResourceInterpreterCustomization, others *configv1alpha1.ResourceInterpreterCustomizationList) error {
	scheme := runtime.NewScheme()
	if err := configv1alpha1.Install(scheme); err != nil {
		return err
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	handler := webhook.ValidatingAdmission{Client: existing{list: others}, Decoder: admission.NewDecoder(scheme)}
	response := handler.Handle(context.Background(), admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Create,
		Object:    runtime.RawExtension{Raw: raw},
	}})
	if response.Allowed {
		return nil
	}
	return errors.New(response.Result.Message)
}

// interpreter is Karmada's own, as karmada-controller-manager configures it.
func interpreter(files ...file) *declarative.ConfigurableInterpreter {
	var all []*configv1alpha1.ResourceInterpreterCustomization
	for _, f := range files {
		all = append(all, f.customizations...)
	}
	i := declarative.NewConfigurableInterpreter(nil)
	i.LoadConfig(all)
	return i
}
