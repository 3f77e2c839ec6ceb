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
	"fmt"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// nameKey is an object of a kind of which a cluster has one of each name.
type nameKey struct {
	kind schema.GroupKind
	name string
}

// names are the places of objects in files, by what only one of them can have. The zero value is ready to use.
type names struct{ places map[nameKey]place }

// place is a line of a file.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// add adds an object without a namespace, and returns the place of the one before of the same kind and name, if there is one in
// another place: a file that is named twice has each object once.
func (n *names) add(object *manifests.Object) (place, bool) {
	key := nameKey{object.GroupVersionKind().GroupKind(), object.GetName()}
	line, _ := object.Position("metadata.name")
	here := place{filepath.Clean(object.File.Name), line}
	if object.File.Name == manifests.StandardInput {
		here.file = object.File.Name
	}
	before, again := n.places[key]
	if n.places == nil {
		n.places = map[nameKey]place{}
	}
	n.places[key] = here
	return before, again && key.name != "" && before != here
}

// anotherOfName says of an object that there is one of the same name before it.
func anotherOfName(object *manifests.Object, before place) string {
	return fmt.Sprintf("there is another %s %s, at %s; kubectl applies both, and the last one remains: rename one of them, or remove it",
		object.GetKind(), object.GetName(), before)
}
