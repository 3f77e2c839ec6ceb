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
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// definitions are CustomResourceDefinitions by what they define.
type definitions map[schema.GroupKind]*definition

// definition is what a CustomResourceDefinition says about containers.
type definition struct {
	// schemas by version.
	schemas map[string]map[string]any
	// containers is the number of places for containers in them.
	places int
}

// define adds the definitions among documents. Of several of a kind, the one counts that has the most places for containers: some
// are published in a short form, which has none.
func (d definitions) define(documents []any) {
	for _, document := range documents {
		fields, _ := document.(map[string]any)
		if fields["kind"] != "CustomResourceDefinition" {
			continue
		}
		spec := child(fields, "spec")
		names := child(spec, "names")
		group, _ := spec["group"].(string)
		kind, _ := names["kind"].(string)
		one := &definition{schemas: map[string]map[string]any{}}
		versions, _ := spec["versions"].([]any)
		for _, version := range versions {
			version, _ := version.(map[string]any)
			name, _ := version["name"].(string)
			root := child(child(version, "schema"), "openAPIV3Schema")
			one.schemas[name] = root
			one.places += countPlaces(root)
		}
		of := schema.GroupKind{Group: group, Kind: kind}
		if known := d[of]; known == nil || known.places < one.places {
			d[of] = one
		}
	}
}

func child(fields map[string]any, name string) map[string]any {
	value, _ := fields[name].(map[string]any)
	return value
}

// isContainer reports whether a schema is that of a container: it has an image and a command.
func isContainer(of map[string]any) bool {
	properties := child(of, "properties")
	return child(properties, "image")["type"] == "string" && child(properties, "command")["type"] == "array"
}

// isImageVolume reports whether a schema is that of the source of an image volume.
func isImageVolume(of map[string]any) bool {
	properties := child(of, "properties")
	return len(properties) == 2 && properties["reference"] != nil && properties["pullPolicy"] != nil
}

// takesAnything reports whether a schema keeps fields that it does not know.
func takesAnything(of map[string]any) bool { return of["x-kubernetes-preserve-unknown-fields"] == true }

// described are the fields that a definition leaves to another one, as its comments and the project's Go types say.
func described() map[string]struct {
	kind schema.GroupKind
	path []string
} {
	type place = struct {
		kind schema.GroupKind
		path []string
	}
	return map[string]place{
		"taskSpec":     {schema.GroupKind{Group: "tekton.dev", Kind: "Task"}, []string{"spec"}},
		"pipelineSpec": {schema.GroupKind{Group: "tekton.dev", Kind: "Pipeline"}, []string{"spec"}},
		"inline":       {schema.GroupKind{Group: "argoproj.io", Kind: "WorkflowTemplate"}, []string{"spec", "templates", ""}},
	}
}

// elsewhere returns the schema of a field that a definition leaves to another one; nil for any other field.
func (d definitions) elsewhere(name string) map[string]any {
	place, ok := described()[name]
	if !ok || d[place.kind] == nil {
		return nil
	}
	of := d[place.kind].schemas["v1"]
	if of == nil {
		of = d[place.kind].schemas["v1alpha1"]
	}
	for _, segment := range place.path {
		if segment == "" {
			of = child(of, "items")
			continue
		}
		of = child(child(of, "properties"), segment)
	}
	return of
}

func countPlaces(of map[string]any) int {
	n := 0
	if isContainer(of) {
		n++
	}
	for _, property := range child(of, "properties") {
		property, _ := property.(map[string]any)
		n += countPlaces(property)
	}
	for _, inside := range []string{"items", "additionalProperties"} {
		if inner := child(of, inside); inner != nil {
			n += countPlaces(inner)
		}
	}
	return n
}

// elsewhereDefined are the fields that name images in kinds whose definitions no module of the corpus holds.
func elsewhereDefined() map[string][][]string {
	return map[string][][]string{
		"sparkoperator.k8s.io": {{"spec", "image"}, {"spec", "driver", "image"}, {"spec", "executor", "image"}},
	}
}

// containers calls a function for each image of a container, or of an image volume, in an object.
func (d definitions) containers(kind schema.GroupVersionKind, fields map[string]any, found func(field, image string)) {
	for _, path := range elsewhereDefined()[kind.Group] {
		at := fields
		for _, name := range path[:len(path)-1] {
			at = child(at, name)
		}
		image, _ := at[path[len(path)-1]].(string)
		found("", image)
	}
	one := d[kind.GroupKind()]
	if one == nil {
		containersByShape(fields, found)
		return
	}
	root, ok := one.schemas[kind.Version]
	if !ok {
		for _, other := range one.schemas {
			root = other
		}
	}
	d.walk("", root, fields, found)
}

func (d definitions) walk(name string, of map[string]any, value any, found func(field, image string)) {
	switch value := value.(type) {
	case map[string]any:
		if image, _ := value["image"].(string); isContainer(of) {
			found(name, image)
		}
		if reference, _ := value["reference"].(string); isImageVolume(of) {
			found(name, reference)
		}
		for name, inner := range value {
			d.walkField(of, name, inner, found)
		}
	case []any:
		for _, item := range value {
			d.walk(name, child(of, "items"), item, found)
		}
	}
}

// walkField walks a field of a mapping with a schema.
func (d definitions) walkField(of map[string]any, name string, value any, found func(field, image string)) {
	property := child(child(of, "properties"), name)
	if property == nil {
		property = child(of, "additionalProperties")
	}
	other := d.elsewhere(name)
	switch {
	case property == nil, isListOfContainers(name) && takesAnything(child(property, "items")):
		containersByShape(map[string]any{name: value}, found)
	case takesAnything(property) && property["properties"] == nil && other != nil:
		d.walk(name, other, value, found)
	case takesAnything(property) && property["properties"] == nil:
		containersByShape(value, found)
	default:
		d.walk(name, property, value, found)
	}
}

// isListOfContainers reports whether a field of this name is that of a pod.
func isListOfContainers(name string) bool {
	return name == "containers" || name == "initContainers" || name == ephemeral
}

// containersByShape calls a function for each image in lists of containers, where nothing is known of an object but what it
// looks like.
func containersByShape(value any, found func(field, image string)) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if items, ok := inner.([]any); ok && isListOfContainers(name) {
				for _, item := range items {
					container, _ := item.(map[string]any)
					image, _ := container["image"].(string)
					found(name, image)
				}
			}
			containersByShape(inner, found)
		}
	case []any:
		for _, item := range value {
			containersByShape(item, found)
		}
	}
}
