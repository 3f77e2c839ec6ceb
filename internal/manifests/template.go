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
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Origin is how the images of an object were found.
type Origin string

const (
	// OfKind means that the kind is in the table of kinds.
	OfKind Origin = "Kind"
	// OfUser means that the user named the kind and its fields.
	OfUser Origin = "User"
	// OfShape means that the kind is not known: a part of the object looks like the specification of a pod.
	OfShape Origin = "Shape"
)

// Template is what an object says about the pods that it is or that its controller creates: the specification of a pod, or
// the fields of its own in which its kind names images.
type Template struct {
	// Path is the path of the specification in the object, such as spec.template.spec; empty for fields without one.
	Path   string
	Origin Origin
	// Labels are those of the pods; nil if the template has none, or if it is not known which they are.
	Labels map[string]string
	// Images are those of the containers and image volumes, in the order of workload.Places.
	Images []Image
	// Incomplete are the containers without an image.
	Incomplete []Incomplete
}

// Incomplete is a container without an image: another tool, such as a patch, adds it, or is one.
type Incomplete struct {
	// Name of the container.
	Name string
	// Path of the container in the object.
	Path string
	// Line of the container in the file.
	Line int
}

// Templates returns what the object says about pods. It is empty if the object creates none, as far as is known.
func (o *Object) Templates() []Template { return o.templates }

// search finds the templates of an object, and what it may say about images besides.
func (o *Object) search(fields []ImageField) (templates []Template, unknown []Skipped) {
	s := &search{object: o, found: map[string]bool{}, named: map[string]bool{}}
	gvk := o.GroupVersionKind()
	root := o.place()
	kind := o.workloadKind()
	custom, known := workload.FindCustom(gvk.Group, gvk.Kind)
	switch {
	case kind != nil:
		s.pods(root, OfKind, workload.FieldPath(strings.ReplaceAll(kind.PodSpecPath(), ".", "/")))
	case known:
		s.pods(root, OfKind, custom.Pods...)
		s.images(root, OfKind, slices.Concat(custom.Images, custom.Chosen))
	}
	var named []workload.FieldPath
	for _, field := range fields {
		if field.selects(gvk) {
			named = append(named, field.Path)
		}
	}
	s.images(root, OfUser, named)
	s.markNamed()
	if kind != nil || workload.CreatesNoPods(gvk.Group, gvk.Kind) {
		return s.templates, nil
	}
	for _, path := range custom.Chosen {
		s.chosen(root, path)
	}
	s.walk(root)
	return s.templates, s.told()
}

// search is the search for pods and images in one object.
type search struct {
	object    *Object
	templates []Template
	// found are the paths of the images and containers that are in templates.
	found map[string]bool
	// named are the paths of the images in fields that the user named.
	named map[string]bool

	unknown []Skipped
	// more counts what is not in unknown.
	more int
}

// pods adds the specifications of pods at paths.
func (s *search) pods(root *place, origin Origin, paths ...workload.FieldPath) {
	for _, path := range paths {
		for p := range root.follow(path.Steps()) {
			s.spec(p, origin)
		}
	}
}

// spec adds the specification of a pod, unless nothing in it is new.
func (s *search) spec(p *place, origin Origin) {
	if _, ok := p.value.(map[string]any); !ok {
		return
	}
	t := Template{Path: p.path(), Origin: origin, Labels: s.labels(p)}
	for _, where := range workload.Places() {
		for item := range p.field(where.Field).items() {
			s.container(&t, where, item)
		}
	}
	if len(t.Images)+len(t.Incomplete) > 0 {
		s.templates = append(s.templates, t)
	}
}

// container adds a container or an image volume of a pod's specification.
func (s *search) container(t *Template, where workload.Place, item *place) {
	at := item
	for _, segment := range where.Image {
		at = at.field(segment)
	}
	if at != nil {
		if image, ok := at.value.(string); ok && image != "" {
			s.add(t, at, inventory.Container{Field: where.Field, Name: item.text("name"), Image: image})
			return
		}
	}
	if path := item.path(); where.Field != workload.Volumes && !s.found[path] {
		s.found[path] = true
		t.Incomplete = append(t.Incomplete, Incomplete{Name: item.text("name"), Path: path, Line: s.object.lineOf(item)})
	}
}

// images adds the images in fields of their own.
func (s *search) images(root *place, origin Origin, paths []workload.FieldPath) {
	t := Template{Origin: origin}
	for _, path := range paths {
		for p := range root.follow(path.Steps()) {
			if image, ok := p.value.(string); ok && image != "" {
				s.add(&t, p, inventory.Container{Field: p.containerField(), Name: p.name(), Image: image})
			}
		}
	}
	if len(t.Images) > 0 {
		s.templates = append(s.templates, t)
	}
}

// markNamed sets the origin of images that the user named although their kind is known.
func (s *search) markNamed() {
	for i := range s.templates {
		for k := range s.templates[i].Images {
			if image := &s.templates[i].Images[k]; s.named[image.Path] {
				image.Origin = OfUser
			}
		}
	}
}

// add adds an image to a template, unless it is in one.
func (s *search) add(t *Template, p *place, container inventory.Container) {
	path := p.path()
	if t.Origin == OfUser {
		s.named[path] = true
	}
	if s.found[path] {
		return
	}
	s.found[path] = true
	t.Images = append(t.Images, Image{
		Container: container, Origin: t.Origin, Path: path, Line: s.object.lineOf(p), node: p.node.resolved(),
		Address: Address{Document: s.object.document, Path: join(s.object.path, path)},
	})
}

// labels returns the labels of the pods that have a specification: those in the metadata beside it. Of the specification of the
// object itself these are the labels of a Pod, and of the object in all other kinds.
func (s *search) labels(p *place) map[string]string {
	if p.parent == nil || p.parent.parent == nil && !strings.EqualFold(s.object.GetKind(), "Pod") {
		return nil
	}
	labels := p.parent.field("metadata").field("labels")
	if labels == nil {
		return nil
	}
	return texts(labels.value)
}
