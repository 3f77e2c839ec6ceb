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

package gitops

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/lab/manifest"
)

// waveAnnotation is that by which Argo CD orders what it applies.
const waveAnnotation = "argocd.argoproj.io/sync-wave"

// Waves are the names of the Applications in a directory, in the order in which Argo CD applies them. No two are in one wave.
func Waves(directory string) ([]string, error) {
	objects, err := read(directory, "Application")
	if err != nil {
		return nil, err
	}
	waves := map[string]int{}
	taken := map[int]string{}
	for _, object := range objects {
		wave, err := strconv.Atoi(object.GetAnnotations()[waveAnnotation])
		if err != nil {
			return nil, fmt.Errorf("the wave of %s: %w", object.GetName(), err)
		}
		if other, ok := taken[wave]; ok {
			return nil, fmt.Errorf("%s and %s are in one wave", other, object.GetName())
		}
		waves[object.GetName()], taken[wave] = wave, object.GetName()
	}
	names := namesOf(objects)
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(waves[a], waves[b]) })
	return names, nil
}

// Order is the names of the Kustomizations of Flux in a directory, in the order in which they become ready: each depends on the one
// before it, and waits for what it applies.
func Order(directory string) ([]string, error) {
	objects, err := read(directory, "Kustomization")
	if err != nil {
		return nil, err
	}
	next := map[string]string{}
	for _, object := range objects {
		dependsOn, _, err := unstructured.NestedSlice(object.Object, "spec", "dependsOn")
		if err != nil || len(dependsOn) > 1 {
			return nil, fmt.Errorf("%s depends on %v: %w", object.GetName(), dependsOn, err)
		}
		first := ""
		if len(dependsOn) == 1 {
			first, _, _ = unstructured.NestedString(map[string]any{"on": dependsOn[0]}, "on", "name")
		}
		if other, ok := next[first]; ok {
			return nil, fmt.Errorf("%s and %s depend on %q", other, object.GetName(), first)
		}
		if wait, _, _ := unstructured.NestedBool(object.Object, "spec", "wait"); !wait {
			return nil, fmt.Errorf("%s does not wait", object.GetName())
		}
		next[first] = object.GetName()
	}
	var names []string
	for name := next[""]; name != ""; name = next[name] {
		names = append(names, name)
	}
	if len(names) != len(objects) {
		return nil, fmt.Errorf("of %v only %v have an order", namesOf(objects), names)
	}
	return names, nil
}

func namesOf(objects []*unstructured.Unstructured) []string {
	names := make([]string, 0, len(objects))
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	return names
}

// read reads the objects of a kind in the files of a directory.
func read(directory, kind string) ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var found []*unstructured.Unstructured
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		objects, err := manifest.Read(file)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if object.GetKind() == kind {
				found = append(found, object)
			}
		}
	}
	return found, nil
}
