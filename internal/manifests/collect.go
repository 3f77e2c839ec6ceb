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
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// placement is where a file or a stream was found.
type placement struct {
	// walked reports whether it was found in a directory: it need not be a manifest then.
	walked bool
	// chart reports whether it belongs to a Helm chart.
	chart bool
	// template reports whether it is a template of the chart, which is a manifest unless it has actions.
	template bool
}

const (
	apiVersionField = "apiVersion"
	kindField       = "kind"
)

// collect adds the objects in the documents. The fields are those in which a user knows images.
func (f *File) collect(at placement, fields []ImageField) {
	f.foreign = at.walked && (at.chart || !f.looksLikeManifest())
	for i, d := range f.documents {
		f.warn(d.root)
		if d.value != nil {
			f.add(i, "", d.value, d.root)
		}
	}
	for _, o := range f.Objects {
		var unknown []Skipped
		o.templates, unknown = o.search(fields)
		f.Skipped = append(f.Skipped, unknown...)
		d := f.documents[o.document]
		if d.refCounts == nil {
			continue
		}
		for _, template := range o.templates {
			for i := range template.Images {
				d.imageRefCounts[template.Images[i].node]++
			}
		}
	}
}

// looksLikeManifest reports whether a document has one of the fields that all objects have, so that it is meant to be one.
func (f *File) looksLikeManifest() bool {
	for _, d := range f.documents {
		if items, ok := d.value.([]any); ok && hasObject(items) || looksLikeObject(d.value) {
			return true
		}
	}
	return false
}

func looksLikeObject(value any) bool {
	fields, _ := value.(map[string]any)
	return fields[apiVersionField] != nil || fields[kindField] != nil
}

func hasObject(items []any) bool {
	return slices.ContainsFunc(items, looksLikeObject)
}

// add adds the object in a value, or those in the items of a list. The path is empty for a document.
func (f *File) add(document int, path string, value any, at *node) {
	fields, _ := value.(map[string]any)
	version, _ := fields[apiVersionField].(string)
	kind, _ := fields[kindField].(string)
	items, isList := fields["items"].([]any)
	switch {
	case strings.HasPrefix(version, "kustomize.config.k8s.io/"), path == "" && fields != nil && kind == "" && f.isKustomization():
		f.skip(at, KustomizeInput, "it is input of kustomize; use the output of kustomize build instead")
	case version == "" || kind == "":
		f.noObject(value, path, at)
	case isList || kind == "List":
		// Whatever its kind is, kubectl, Flux and Argo CD take an object with items for a list, and create the items.
		_, list := at.field("items")
		if fields["items"] != nil && !isList {
			f.reject(list, "the field items of a List must be a list")
		}
		for i, item := range items {
			if of, ok := strings.CutSuffix(kind, "List"); ok {
				complete(item, version, of)
			}
			f.add(document, index(child(path, "items"), i), item, list.item(i))
		}
	default:
		f.Objects = append(f.Objects, &Object{
			Unstructured: &unstructured.Unstructured{Object: fields}, File: f, document: document, path: path, node: at.resolved(),
		})
	}
}

// isKustomization reports whether kustomize takes the file for a kustomization, which needs no apiVersion and kind.
func (f *File) isKustomization() bool {
	switch filepath.Base(f.Name) {
	case "kustomization.yaml", "kustomization.yml", "Kustomization":
		return true
	default:
		return false
	}
}

// noObject is called for what has no apiVersion and kind. In a directory, there are other files than manifests, such as the values
// of a chart: such a file is skipped. Text is never skipped: it may be what a command printed when it failed.
func (f *File) noObject(value any, path string, at *node) {
	what := "the document"
	if path != "" {
		what = "the item of the List"
	}
	switch value := value.(type) {
	case map[string]any:
		if f.foreign {
			f.skip(at, NotAnObject, "it has no apiVersion and kind")
			return
		}
		f.reject(at, what+" "+missing(value))
	case []any:
		switch {
		case hasObject(value):
			f.reject(at, what+" is a list of objects, which kubectl does not read: write them as documents of their own, "+
				"or as the items of an object of apiVersion v1 and kind List")
		case f.foreign:
			f.skip(at, NotAnObject, "it is a list, not an object")
		default:
			f.reject(at, what+" is a list, not an object")
		}
	case string:
		f.reject(at, fmt.Sprintf("%s is text, not an object: %q", what, shorten(value)))
	case nil:
		f.reject(at, what+" is empty, not an object")
	case bool:
		f.reject(at, fmt.Sprintf("%s is %t, not an object", what, value))
	default:
		f.reject(at, fmt.Sprintf("%s is the number %v, not an object", what, value))
	}
}

// missing is a clause about what a mapping lacks to be an object.
func missing(fields map[string]any) string {
	version, kind := fields[apiVersionField], fields[kindField]
	failure, failed := fields["Error"].(string)
	switch {
	case failed && version == nil && kind == nil:
		return fmt.Sprintf("is what a command printed when it failed, not an object: %q", shorten("Error: "+failure))
	case version == nil && kind == nil:
		return "has no apiVersion and no kind, so it is not an object"
	case version == nil || version == "":
		return "has no apiVersion, so it is not an object"
	case kind == nil || kind == "":
		return "has no kind, so it is not an object"
	}
	field, value := kindField, kind
	if _, ok := version.(string); !ok {
		field, value = apiVersionField, version
	}
	switch value.(type) {
	case map[string]any, []any:
		return fmt.Sprintf("has the wrong type of %s: it must be text", field)
	default:
		return fmt.Sprintf("has the %s %v, which is not text: quote it", field, value)
	}
}

// maxExcerpt is the length of what is quoted of a document, in characters.
const maxExcerpt = 80

// shorten returns the beginning of a text.
func shorten(text string) string {
	for at := range text {
		if at >= maxExcerpt {
			return text[:at] + "…"
		}
	}
	return text
}

// reject adds an error about a document or an item. The others are looked at.
func (f *File) reject(at *node, message string) {
	f.Errors = append(f.Errors, &SyntaxError{Name: f.Name, Line: f.lineOf(at), Err: errors.New(message)})
}

// skip notes a document or an item that is not looked at.
func (f *File) skip(at *node, reason SkipReason, message string) {
	f.Skipped = append(f.Skipped, Skipped{File: f.Name, Line: f.lineOf(at), Reason: reason, Message: message})
}

func (f *File) lineOf(at *node) int {
	if at == nil {
		return 1
	}
	return f.lines.line(at.start)
}

// complete sets the apiVersion and kind of an item of a typed list, which the API server omits.
func complete(item any, version, kind string) {
	fields, ok := item.(map[string]any)
	if !ok || kind == "" {
		return
	}
	if fields[kindField] == nil && fields[apiVersionField] == nil {
		fields[apiVersionField], fields[kindField] = version, kind
	}
}
