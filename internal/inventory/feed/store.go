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
	"k8s.io/client-go/tools/cache"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// store passes what a reflector brings on to the index.
type store struct {
	kind  string
	index *inventory.Index
}

var (
	_ cache.ReflectorStore    = (*store)(nil)
	_ cache.TransformingStore = (*store)(nil)
)

// item is an object on its way through a reflector's own store, which asks for its name.
type item struct {
	metav1.ObjectMeta

	object *inventory.Object
}

// Transformer trims objects before a reflector buffers its first list.
func (s *store) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return newItem(object) }
}

func newItem(object any) (*item, error) {
	if done, ok := object.(*item); ok {
		return done, nil
	}
	o := inventory.Convert(object)
	if o == nil {
		return nil, fmt.Errorf("a watch brought a %T", object)
	}
	return &item{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, UID: o.UID}, object: o}, nil
}

// Add takes a new object in.
func (s *store) Add(object any) error {
	i, err := newItem(object)
	if err != nil {
		return err
	}
	s.index.Apply(i.object)
	return nil
}

// Update takes a changed object in.
func (s *store) Update(object any) error { return s.Add(object) }

// Delete forgets an object.
func (s *store) Delete(object any) error {
	i, err := newItem(object)
	if err != nil {
		return err
	}
	s.index.Delete(i.object.UID)
	return nil
}

// Replace takes a whole list in.
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

// Resync has nothing to do: the index misses nothing.
func (s *store) Resync() error { return nil }
