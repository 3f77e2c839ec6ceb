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
	"io"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/internal/workload"
)

// ImageField is a field in which objects name the image of a container, as kustomize's configuration of its transformers has it.
// An empty group, version or kind selects all.
type ImageField struct {
	Group, Version, Kind string
	Path                 workload.FieldPath
}

func (f ImageField) selects(gvk schema.GroupVersionKind) bool {
	return (f.Group == "" || f.Group == gvk.Group) && (f.Version == "" || f.Version == gvk.Version) && (f.Kind == "" || f.Kind == gvk.Kind)
}

// ReadImageFields reads a file with image fields, and adds them to those that are used for the files that are read later. The
// file has the format of kustomize's transformer configuration: a list named images, each with path, and optionally group,
// version and kind. The lists of other transformers in it are left out. Errors have the name of the file and mostly a line.
func (r *Reader) ReadImageFields(name string, from io.Reader) error {
	content, err := io.ReadAll(io.LimitReader(from, MaxFileSize+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if len(content) > MaxFileSize {
		return fmt.Errorf("%s: the file is larger than %d MiB, the limit", name, MaxFileSize>>20)
	}
	f := &File{Name: name, Content: content, lines: newLines(content)}
	if err := f.parse(r); err != nil {
		return err
	}
	var errs []error
	count := len(r.ImageFields)
	for _, d := range f.documents {
		if d.value == nil {
			continue
		}
		root := &place{value: d.value, node: d.root, key: d.root}
		list := root.field("images")
		switch {
		case list == nil:
			errs = append(errs, f.at(root, errors.New("it has no images, want a list such as images: [{kind: Rollout, path: spec/image}]")))
		case typeOf(list.value) != aList:
			errs = append(errs, f.at(list, fmt.Errorf("images is %s and must be a list", typeOf(list.value))))
		}
		for item := range list.items() {
			field, err := parseImageField(item)
			if err != nil {
				errs = append(errs, f.at(item, fmt.Errorf("%s: %w", item.path(), err)))
				continue
			}
			r.ImageFields = append(r.ImageFields, field)
		}
	}
	if len(errs) == 0 && len(r.ImageFields) == count {
		return fmt.Errorf("%s: it has no images, want a list such as images: [{kind: Rollout, path: spec/image}]", name)
	}
	return errors.Join(errs...)
}

func parseImageField(item *place) (ImageField, error) {
	if typeOf(item.value) != aMapping {
		return ImageField{}, fmt.Errorf("it is %s and must be a mapping with path, group, version and kind", typeOf(item.value))
	}
	var field ImageField
	for one := range item.fields() {
		text, ok := one.value.(string)
		switch one.segment {
		case "create": // for other transformers of kustomize
			continue
		case "group":
			field.Group = text
		case "version":
			field.Version = text
		case "kind":
			field.Kind = text
		case "path":
			field.Path = workload.FieldPath(text)
		default:
			return ImageField{}, fmt.Errorf("it has a field %q, which is not known; want path, group, version and kind", one.segment)
		}
		if !ok {
			return ImageField{}, fmt.Errorf("%s is %s and must be a text", one.segment, typeOf(one.value))
		}
	}
	if err := field.Path.Validate(); err != nil {
		return ImageField{}, fmt.Errorf("path %q: %w", field.Path, err)
	}
	return field, nil
}

// at returns an error at a place in a file.
func (f *File) at(p *place, err error) error {
	line := 1
	if p.key != nil {
		line = f.lines.line(p.key.start)
	}
	return &SyntaxError{Name: f.Name, Line: line, Err: err}
}
