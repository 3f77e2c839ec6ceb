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

package feed

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// store is the store of a reflector. It passes every object on to the index.
type store struct {
	kind  schema.GroupKind
	index *inventory.Index
}

var (
	_ cache.ReflectorStore    = (*store)(nil)
	_ cache.TransformingStore = (*store)(nil)
)

// item carries an object through the reflector, which needs the object's metadata.
type item struct {
	metav1.ObjectMeta

	object *inventory.Object
}

// Transformer returns a function that converts objects before the reflector buffers its first list.
func (s *store) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return newItem(object) }
}

// newItem converts an object, unless the transformer already has.
func newItem(object any) (*item, error) {
	if converted, ok := object.(*item); ok {
		return converted, nil
	}
	o := inventory.Convert(object)
	if o == nil {
		return nil, fmt.Errorf("the watch returned a %T, which is not a workload", object)
	}
	return &item{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, UID: o.UID}, object: o}, nil
}

// Add adds an object.
func (s *store) Add(object any) error {
	i, err := newItem(object)
	if err != nil {
		return err
	}
	s.index.Apply(i.object)
	return nil
}

// Update updates an object.
func (s *store) Update(object any) error { return s.Add(object) }

// Delete removes an object.
func (s *store) Delete(object any) error {
	i, err := newItem(object)
	if err != nil {
		return err
	}
	s.index.Delete(i.object.UID)
	return nil
}

// Replace sets all objects of the kind.
func (s *store) Replace(list []any, _ string) error {
	objects := make([]*inventory.Object, 0, len(list))
	for _, object := range list {
		i, err := newItem(object)
		if err != nil {
			return err
		}
		objects = append(objects, i.object)
	}
	s.index.Replace(s.kind, objects)
	return nil
}

// Resync does nothing, because the index misses no event.
func (s *store) Resync() error { return nil }
