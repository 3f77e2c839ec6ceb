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
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Planned is what an object of a file asks for. The object is a wish, and no record of what is: the API server sets its status,
// its UID and its deletionTimestamp, and ownerReferences keep nobody from creating it. So nothing but its containers and labels
// counts, and everything with containers is a workload.
type Planned struct {
	// Workloads have a Template and no UID: the object that is created from the file gets one of its own. There is one for
	// each set of labels that pods have, as of the pods of the leader and those of the workers: selectors of policies match
	// these, and a workload has one set. It is empty if no container has an image.
	Workloads []PlannedWorkload
	// Skipped are the containers that have no image, and those that no pod is created with.
	Skipped []Skipped
	// Warnings are about what is planned as it is written although something else was probably meant.
	Warnings []Warning
	// Errors are about fields of another type than the API server takes.
	Errors []error
}

// PlannedWorkload is a workload with its place in the file.
type PlannedWorkload struct {
	inventory.Workload

	File string
	// Line of the object, counted from 1.
	Line int
	// Lines are those of the images: one for each container of the same name and image.
	Lines map[inventory.Container][]int
	// Pods is how many pods it asks for.
	Pods workload.Pods
}

// Plan returns what the object asks for. The namespace is used if the object does not name one.
func (o *Object) Plan(namespace string) Planned {
	if named := o.GetNamespace(); named != "" {
		namespace = named
	}
	p := planner{object: o, kind: o.workloadKind(), namespace: namespace}
	if p.kind != nil {
		p.checkTypes()
	}
	templates := o.Templates()
	for i := range templates {
		p.skipContainers(&templates[i])
	}
	if !slices.ContainsFunc(templates, hasContainers) {
		if p.kind != nil && len(p.Skipped) == 0 && len(p.Errors) == 0 {
			p.skip(o.line(""), Patch, "it has no containers: "+aPatch)
		}
		return p.Planned
	}
	if key := p.patchKey(templates); key != "" {
		p.Warnings = append(p.Warnings, Warning{File: o.File.Name, Line: o.line(key), Message: fmt.Sprintf(
			"%s has %s, so it is a patch: it is planned as it is written; plan what is applied instead, for example the output of kustomize build",
			o.Title(namespace), key)})
	}
	p.Workloads = p.workloads(templates)
	return p.Planned
}

// aPatch explains an object or a container without an image.
const aPatch = "it is a patch, or another tool adds the image; plan what is applied, for example the output of kustomize build"

// Title returns the kind and the name of the object, such as Deployment shop/api. The namespace is used if the object does not name
// one; it may be empty.
func (o *Object) Title(namespace string) string {
	if named := o.GetNamespace(); named != "" {
		namespace = named
	}
	if namespace == "" {
		return o.GetKind() + " " + o.name()
	}
	return fmt.Sprintf("%s %s/%s", o.GetKind(), namespace, o.name())
}

// name returns the name of the object, or the beginning of the one that the API server generates.
func (o *Object) name() string {
	if name := o.GetName(); name != "" {
		return name
	}
	return o.GetGenerateName()
}

func (o *Object) line(path string) int {
	line, _ := o.Position(path)
	return line
}

func (o *Object) workloadKind() *workload.Kind {
	gvk := o.GroupVersionKind()
	return workload.Find(gvk.Group, gvk.Kind)
}

// planner collects what an object asks for.
type planner struct {
	Planned

	object *Object
	// kind is nil if it is not in the table of kinds.
	kind      *workload.Kind
	namespace string
}

func (p *planner) skip(line int, reason SkipReason, message string) {
	p.Skipped = append(p.Skipped, Skipped{
		File: p.object.File.Name, Line: line, Object: p.object.Title(p.namespace), Reason: reason, Message: message,
	})
}

// hasContainers reports whether a template has a container with an image that a pod is created with.
func hasContainers(t Template) bool {
	return slices.ContainsFunc(t.Images, func(i Image) bool {
		return isPlanned(i) && i.Field != workload.Volumes
	})
}

// skipContainers tells which containers of a template are not planned.
func (p *planner) skipContainers(t *Template) {
	for _, c := range t.Incomplete {
		key := ""
		if p.kind != nil {
			item := p.object.at(c.Path)
			fields, isMapping := item.(map[string]any)
			if image := fields["image"]; item != nil && !isMapping || image != nil && image != "" {
				continue // it is of another type: that is an error
			}
			key = patchKey(item)
		}
		name, problem := "a container", " has no image: "
		if c.Name != "" {
			name = "container " + c.Name
		}
		if key != "" {
			problem = " has " + key + " and no image: "
		}
		p.skip(c.Line, Patch, name+problem+aPatch)
	}
	for _, image := range t.Images {
		if !isPlanned(image) {
			p.skip(image.Line, EphemeralContainer, fmt.Sprintf("container %s is ephemeral: the API server creates no pod with "+
				"ephemeral containers; admission decides when one is added to a pod that runs", image.Name))
		}
	}
}

// workloads returns one workload for each set of labels that the pods of templates have.
func (p *planner) workloads(templates []Template) []PlannedWorkload {
	var all []PlannedWorkload
	of := map[string]int{}
	for i := range templates {
		t := &templates[i]
		if !slices.ContainsFunc(t.Images, isPlanned) {
			continue
		}
		key := labels.Set(t.Labels).String()
		at, known := of[key]
		if !known {
			at = len(all)
			of[key] = at
			all = append(all, p.workload(t.Labels))
		}
		for _, image := range t.Images {
			if !isPlanned(image) {
				continue
			}
			if _, known := all[at].Lines[image.Container]; !known {
				all[at].Template = append(all[at].Template, image.Container)
			}
			all[at].Lines[image.Container] = append(all[at].Lines[image.Container], image.Line)
		}
	}
	return all
}

// isPlanned reports whether a pod is created with the image.
func isPlanned(i Image) bool { return i.Field != workload.EphemeralContainers }

func (p *planner) workload(podLabels map[string]string) PlannedWorkload {
	o := p.object
	gvk := o.GroupVersionKind()
	w := PlannedWorkload{
		Workload: inventory.Workload{
			Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Namespace: p.namespace, Name: o.name(),
			Labels: o.labels(""), PodLabels: podLabels,
		},
		File: o.File.Name, Line: o.line(""), Lines: map[inventory.Container][]int{}, Pods: p.kind.PodsIn(o.at),
	}
	if p.kind != nil {
		w.Version = p.kind.Version
		if p.kind.ChildPath != "" {
			w.ChildLabels = o.labels(p.kind.ChildPath)
		}
	}
	return w
}

// labels returns the labels in the metadata at a path; nil if there are none.
func (o *Object) labels(path string) map[string]string {
	return texts(o.at(join(path, "metadata.labels")))
}

// texts returns the fields of a mapping that are texts; nil if there are none. The API server denies labels of other types.
func texts(value any) map[string]string {
	written, _ := value.(map[string]any)
	var all map[string]string
	for key, value := range written {
		text, ok := value.(string)
		if !ok {
			continue
		}
		if all == nil {
			all = make(map[string]string, len(written))
		}
		all[key] = text
	}
	return all
}

// at returns the value at a path, also of a list item; nil if there is none.
func (o *Object) at(path string) any {
	var value any = o.Object
	for _, segment := range segments(path) {
		switch within := value.(type) {
		case map[string]any:
			value = within[segment]
		case []any:
			value = itemOf(within, segment)
		default:
			return nil
		}
	}
	return value
}

// patchKey returns a key that only strategic merge patches have, in the object, in what is around its template, or in one of the
// containers; it is empty if there is none. Only kinds of Kubernetes have such patches.
func (p *planner) patchKey(templates []Template) string {
	if p.kind == nil {
		return ""
	}
	path := ""
	for _, segment := range append(segments(p.kind.PodSpecPath()), "") {
		if key := patchKey(p.object.at(path)); key != "" {
			return child(path, key)
		}
		path = child(path, segment)
	}
	var containers []string
	for _, t := range templates {
		for _, image := range t.Images {
			containers = append(containers, strings.TrimSuffix(image.Path, ".image"))
		}
		for _, c := range t.Incomplete {
			containers = append(containers, c.Path)
		}
	}
	for _, container := range containers {
		if key := patchKey(p.object.at(container)); key != "" {
			return child(container, key)
		}
	}
	return ""
}

// patchKey returns a key of a mapping that is a directive of a strategic merge patch, with its value if that is a text. The source
// is k8s.io/apimachinery/pkg/util/strategicpatch.
func patchKey(value any) string {
	fields, _ := value.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if key == "$patch" || key == "$retainKeys" || strings.HasPrefix(key, "$setElementOrder/") ||
			strings.HasPrefix(key, "$deleteFromPrimitiveList/") {
			return key
		}
	}
	return ""
}
