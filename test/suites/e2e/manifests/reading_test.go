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

package manifests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

// This is a reading of manifests of its own, to compare the plugin's with. It shares no code with internal/manifests and has no
// table of workload kinds: files are decoded as kubectl decodes them; in objects of Kubernetes' own kinds, the Go types
// say where a pod is specified, and in those of other kinds the CustomResourceDefinitions that the modules hold.

// reading is what a file holds.
type reading struct {
	file string
	// content of the file, as it was read.
	content []byte
	// problem is why a user must be told of the file: it is not YAML, or holds something that is not an object.
	problem string
	// leftOut is why the file, or an object in it, is to be left out with a word.
	leftOut string
	// documents as kubectl decodes them.
	documents []any
	objects   []object
}

// object is an object with its images.
type object struct {
	kind, name string
	// images of its containers and image volumes, sorted.
	images []string
	// ephemeral are the images of its ephemeral containers, which no pod is created with.
	ephemeral []string
}

const ephemeral = "ephemeralContainers"

// read reads a file, but not yet its images.
func read(file string) (*reading, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &reading{file: file, content: content}
	var problem error
	if r.documents, problem = decode(content); problem != nil {
		r.problem = problem.Error()
	}
	if isTemplates(filepath.Dir(file)) {
		r.leftOut = "a template of a Helm chart"
	}
	return r, nil
}

// find finds the objects and their images.
func (r *reading) find(crds definitions) {
	for _, document := range r.documents {
		r.add(document, crds)
	}
}

// mustBeTold reports whether a user who names the file must be told of it.
func (r *reading) mustBeTold() bool { return r.problem != "" || len(r.objects) == 0 }

// decode decodes documents as kubectl does. A document that is empty is left out.
func decode(content []byte) (documents []any, err error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		var value any
		if err := decoder.Decode(&value); err != nil {
			if errors.Is(err, io.EOF) {
				return documents, nil
			}
			return nil, err // nothing of such a file counts
		}
		if value != nil {
			documents = append(documents, value)
		}
	}
}

// isTemplates reports whether a directory is, or is in, the templates of a chart.
func isTemplates(directory string) bool {
	for at := directory; filepath.Dir(at) != at; at = filepath.Dir(at) {
		if filepath.Base(at) != "templates" {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(at), "Chart.yaml")); err == nil {
			return true
		}
	}
	return false
}

func (r *reading) add(value any, crds definitions) {
	fields, ok := value.(map[string]any)
	if !ok {
		r.problem = fmt.Sprintf("a %T is not an object", value)
		return
	}
	version, _ := fields["apiVersion"].(string)
	kind, _ := fields["kind"].(string)
	items, isList := fields["items"].([]any)
	switch {
	case strings.HasPrefix(version, "kustomize.config.k8s.io/"), strings.HasPrefix(filepath.Base(r.file), "kustomization."):
		r.leftOut = "input of kustomize"
	case version == "" || kind == "":
		r.problem = "a document has no apiVersion and kind"
	case strings.HasSuffix(kind, "List") && isList:
		for _, item := range items {
			if fields, ok := item.(map[string]any); ok && kind != "List" && fields["apiVersion"] == nil && fields["kind"] == nil {
				fields["apiVersion"], fields["kind"] = version, strings.TrimSuffix(kind, "List")
			}
			r.add(item, crds)
		}
	default:
		o := object{kind: kind}
		metadata, _ := fields["metadata"].(map[string]any)
		if o.name, _ = metadata["name"].(string); o.name == "" {
			o.name, _ = metadata["generateName"].(string)
		}
		imagesOf(schema.FromAPIVersionAndKind(version, kind), fields, crds, func(field, image string) {
			switch {
			case image == "":
			case field == ephemeral:
				o.ephemeral = append(o.ephemeral, image)
			default:
				o.images = append(o.images, image)
			}
		})
		slices.Sort(o.images)
		r.objects = append(r.objects, o)
	}
}

// imagesOf calls a function for each image in an object, with the name of the list that its container is in.
func imagesOf(kind schema.GroupVersionKind, fields map[string]any, crds definitions, found func(field, image string)) {
	if scheme.Scheme.Recognizes(kind) {
		typed, err := scheme.Scheme.New(kind)
		if err == nil {
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(fields, typed)
		}
		if err == nil {
			podSpecs(reflect.ValueOf(typed), found)
			return
		}
		// An object with a mistake, or a patch. Its containers can be seen nevertheless.
	}
	crds.containers(kind, fields, found)
}

// podSpecs calls a function for each image of a pod that is specified in a value.
func podSpecs(value reflect.Value, found func(field, image string)) {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			podSpecs(value.Elem(), found)
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			podSpecs(value.Index(i), found)
		}
	case reflect.Struct:
		switch value := value.Interface().(type) {
		case corev1.PodSpec:
			ofPodSpec(value, found)
			return
		case runtime.RawExtension: // the data of a ControllerRevision
			var inside any
			if json.Unmarshal(value.Raw, &inside) == nil {
				containersByShape(inside, found)
			}
			return
		}
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				podSpecs(value.Field(i), found)
			}
		}
	default:
	}
}

func ofPodSpec(spec corev1.PodSpec, found func(field, image string)) {
	for i := range spec.Containers {
		found("containers", spec.Containers[i].Image)
	}
	for i := range spec.InitContainers {
		found("initContainers", spec.InitContainers[i].Image)
	}
	for i := range spec.EphemeralContainers {
		found(ephemeral, spec.EphemeralContainers[i].Image)
	}
	for i := range spec.Volumes {
		if volume := spec.Volumes[i].Image; volume != nil {
			found("volumes", volume.Reference)
		}
	}
}
