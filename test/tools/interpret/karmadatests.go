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
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	rules "github.com/karmada-io/karmada/pkg/util/interpreter"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// testFile is the form of customizations_tests.yaml in pkg/resourceinterpreter/default/thirdparty of Karmada 1.16.
type testFile struct {
	Tests []individualTest `json:"tests"`
}

type individualTest struct {
	DesiredInputPath  string `json:"desiredInputPath,omitempty"`
	ObservedInputPath string `json:"observedInputPath,omitempty"`
	StatusInputPath   string `json:"statusInputPath,omitempty"`
	DesiredReplicas   int64  `json:"desiredReplicas,omitempty"`
	Operation         string `json:"operation"`
}

// runTests runs the tests next to each file. As in Karmada, a test passes if the operation yields no error. In addition,
// each operation that a customization has must have a test, and the folders must be the group, version and kind.
func runTests(files []file, out io.Writer) error {
	for _, f := range files {
		count, err := runFileTests(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if _, err := fmt.Fprintf(out, "%s: %d tests passed\n", f.path, count); err != nil {
			return err
		}
	}
	return nil
}

func runFileTests(f file) (int, error) {
	folder, err := filepath.Abs(filepath.Dir(f.path))
	if err != nil {
		return 0, err
	}
	for _, c := range f.customizations {
		want := filepath.FromSlash(c.Spec.Target.APIVersion + "/" + c.Spec.Target.Kind)
		if !strings.HasSuffix(folder, string(filepath.Separator)+want) {
			return 0, fmt.Errorf("a customization of %s belongs in the folder %s", c.Spec.Target.Kind, want)
		}
	}
	data, err := os.ReadFile(filepath.Join(folder, "customizations_tests.yaml"))
	if err != nil {
		return 0, err
	}
	var tests testFile
	if err := yaml.UnmarshalStrict(data, &tests); err != nil {
		return 0, err
	}
	i := interpreter(f)
	tested := map[string]bool{}
	for n, test := range tests.Tests {
		request, err := test.request(folder)
		if err != nil {
			return 0, fmt.Errorf("test %d: %w", n, err)
		}
		if response := answer(i, request); response.Error != "" {
			return 0, fmt.Errorf("test %d: %s: %s", n, test.Operation, response.Error)
		}
		tested[strings.ToLower(test.Operation)] = true
	}
	for _, c := range f.customizations {
		for _, rule := range rules.AllResourceInterpreterCustomizationRules {
			if rule.GetScript(c) != "" && !tested[strings.ToLower(rule.Name())] {
				return 0, fmt.Errorf("there is no test of %s", rule.Name())
			}
		}
	}
	return len(tests.Tests), nil
}

func (t individualTest) request(folder string) (Request, error) {
	request := Request{Operation: t.Operation, Replicas: t.DesiredReplicas}
	for path, into := range map[string]**unstructured.Unstructured{
		t.DesiredInputPath:  &request.Desired,
		t.ObservedInputPath: &request.Observed,
	} {
		if path == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return Request{}, err
		}
		content, err := yaml.YAMLToJSON(data)
		if err != nil {
			return Request{}, fmt.Errorf("%s: %w", path, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return Request{}, fmt.Errorf("%s: %w", path, err)
		}
		*into = object
	}
	if t.StatusInputPath == "" {
		return request, nil
	}
	data, err := os.ReadFile(filepath.Join(folder, t.StatusInputPath))
	if err != nil {
		return Request{}, err
	}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096); ; {
		var item workv1alpha2.AggregatedStatusItem
		err := decoder.Decode(&item)
		if errors.Is(err, io.EOF) {
			return request, nil
		}
		if err != nil {
			return Request{}, fmt.Errorf("%s: %w", t.StatusInputPath, err)
		}
		request.Items = append(request.Items, item)
	}
}
