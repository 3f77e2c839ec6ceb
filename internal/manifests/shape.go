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
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/workload"
)

// maxUnknown is the maximum number of fields of an object that are told.
const maxUnknown = 10

// walk searches a value for specifications of pods, and for other fields that seem to name images.
func (s *search) walk(p *place) {
	if p.tooDeep() {
		switch p.value.(type) {
		case map[string]any, []any:
			s.tell(p, "it has fields that are nested too deeply to look at")
		}
		return
	}
	switch p.value.(type) {
	case []any:
		for item := range p.items() {
			s.walk(item)
		}
	case map[string]any:
		isPod := isSpec(p)
		if isPod {
			s.spec(p, OfShape)
		}
		s.mention(p)
		for field := range p.fields() {
			switch {
			case isPod && field.segment == workload.Volumes, field.segment == "rbd": // images of block devices and the like
			case p.parent == nil && (field.segment == "metadata" || field.segment == "status"): // what others write
			default:
				s.walk(field)
			}
		}
	}
}

// isSpec reports whether a mapping looks like the specification of a pod: it has a list of containers of which at least one names
// an image.
func isSpec(p *place) bool {
	fields, _ := p.value.(map[string]any)
	return slices.ContainsFunc(workload.Places(), func(where workload.Place) bool {
		items, _ := fields[where.Field].([]any)
		return where.Field != workload.Volumes && slices.ContainsFunc(items, func(item any) bool {
			container, _ := item.(map[string]any)
			image, _ := container["image"].(string)
			return image != ""
		})
	})
}

// mention tells the fields of a mapping that name images in a way that is not known.
func (s *search) mention(p *place) {
	for field := range p.fields() {
		switch value := field.value.(type) {
		case map[string]any:
			if field.isParts() {
				s.tellParts(field)
			}
		case string:
			s.mentionText(field, value)
		case []any:
			for item := range field.items() {
				if item.isParts() {
					s.tellParts(item)
				}
			}
		default:
			if field.segment == "image" && value != nil {
				s.tell(field, fmt.Sprintf("its field %s is %s and must be a text", field.path(), typeOf(value)))
			}
		}
	}
}

func (s *search) mentionText(field *place, value string) {
	switch {
	case value == "":
	case field.segment == "imageTag" && field.parent.text("imageRepository") != "": // it is told with that
	case field.segment == "imageRepository", field.segment == "imageTag", field.segment == "baseImage":
		s.tellParts(field)
	case !isImageKey(field.segment), field.segment != "image" && !strings.ContainsAny(value, "/:"):
	case !s.found[field.path()]:
		s.tell(field, fmt.Sprintf("it names an image in %s, which is not known as a field for images: name the field in a file "+
			"for --image-fields if a container runs the image", field.path()))
	}
}

func (s *search) tellParts(p *place) {
	s.tell(p, fmt.Sprintf("it names an image in parts, in %s: look at the workloads that its controller creates, or "+
		"at the output of helm template", p.path()))
}

// chosen tells that the controller chooses the image of a container.
func (s *search) chosen(root *place, path workload.FieldPath) {
	steps := path.Steps()
	last := len(steps) - 1
	for around := range root.follow(steps[:last]) {
		fields, ok := around.value.(map[string]any)
		if image, _ := fields[steps[last].Name].(string); !ok || image != "" {
			continue
		}
		s.tell(around, fmt.Sprintf("its controller chooses an image, because %s is not set: set it, or look at the workloads that "+
			"the controller creates", child(around.path(), steps[last].Name)))
	}
}

// tell adds what was not looked at, up to a limit.
func (s *search) tell(p *place, message string) {
	if len(s.unknown) == maxUnknown {
		s.more++
		return
	}
	o := s.object
	s.unknown = append(s.unknown, Skipped{
		File: o.File.Name, Line: o.lineOf(p), Object: o.Title(""), Reason: UnknownImage, Message: message,
	})
}

// told returns what was not looked at, in the order of the file.
func (s *search) told() []Skipped {
	slices.SortStableFunc(s.unknown, func(a, b Skipped) int { return cmp.Compare(a.Line, b.Line) })
	if s.more > 0 {
		last := s.unknown[len(s.unknown)-1]
		last.Line = s.object.lineOf(s.object.place())
		last.Message = fmt.Sprintf("it has %d more fields of this kind", s.more)
		s.unknown = append(s.unknown, last)
	}
	return s.unknown
}
