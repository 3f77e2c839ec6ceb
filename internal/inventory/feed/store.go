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
	"context"
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/karmada-io/image-trust/internal/inventory"
)

// store is the store of a reflector. It passes every object on to the index as soon as it arrives, also those of the first list:
// the reflector keeps all of a list until it is complete, but of each object only what a listed holds.
type store struct {
	kind  schema.GroupKind
	index *inventory.Index
}

var (
	_ cache.ReflectorStore    = (*store)(nil)
	_ cache.TransformingStore = (*store)(nil)
)

// listed is what is kept of an object until the list is complete that it belongs to. The index has it already.
type listed struct{ uid types.UID }

// GetObjectKind implements runtime.Object.
func (l *listed) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object.
func (l *listed) DeepCopyObject() runtime.Object { return &listed{uid: l.uid} }

// apply passes an object on to the index, unless that was done.
func (s *store) apply(object any) (*listed, error) {
	if done, ok := object.(*listed); ok {
		return done, nil
	}
	o := inventory.Convert(object)
	if o == nil {
		return nil, fmt.Errorf("the watch returned a %T, which is not a workload", object)
	}
	s.index.Apply(o)
	return &listed{uid: o.UID}, nil
}

// Transformer returns a function that the reflector calls with each object of a list that it receives as a stream.
func (s *store) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return s.apply(object) }
}

// Add adds an object.
func (s *store) Add(object any) error {
	_, err := s.apply(object)
	return err
}

// Update updates an object.
func (s *store) Update(object any) error { return s.Add(object) }

// Delete removes an object.
func (s *store) Delete(object any) error {
	accessor, err := apimeta.Accessor(object)
	if err != nil {
		return fmt.Errorf("the watch returned a %T: %w", object, err)
	}
	s.index.Delete(accessor.GetUID())
	return nil
}

// Replace is called with all objects of the kind once a list is complete.
func (s *store) Replace(list []any, _ string) error {
	uids := make([]types.UID, 0, len(list))
	for _, object := range list {
		one, err := s.apply(object)
		if err != nil {
			return err
		}
		uids = append(uids, one.uid)
	}
	s.index.Listed(s.kind, uids)
	return nil
}

// Resync does nothing, because the index misses no event.
func (s *store) Resync() error { return nil }

// pageSize is the number of objects of one request, where the API server does not send lists as streams.
const pageSize = 500

// page is a list of objects that the index has already.
type page struct {
	metav1.TypeMeta
	metav1.ListMeta

	Items []runtime.Object
}

// DeepCopyObject implements runtime.Object.
func (p *page) DeepCopyObject() runtime.Object {
	out := *p
	out.Items = make([]runtime.Object, len(p.Items))
	for i, item := range p.Items {
		out.Items[i] = item.DeepCopyObject()
	}
	return &out
}

// inPages returns a function that lists in small pages whatever it is asked for, and passes each page on before it requests the
// next. The reflector would hold all pages in memory, and an API server that is asked for an older state answers with one page.
func (s *store) inPages(list cache.ListWithContextFunc) cache.ListWithContextFunc {
	return func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		options.Limit, options.Continue, options.ResourceVersion, options.ResourceVersionMatch = pageSize, "", "", ""
		all := &page{}
		for {
			objects, err := list(ctx, options)
			if err != nil {
				return nil, err
			}
			received, err := apimeta.ListAccessor(objects)
			if err != nil {
				return nil, err
			}
			err = apimeta.EachListItem(objects, func(object runtime.Object) error {
				one, err := s.apply(object)
				all.Items = append(all.Items, one)
				return err
			})
			if err != nil {
				return nil, err
			}
			if options.Continue = received.GetContinue(); options.Continue == "" {
				all.ResourceVersion = received.GetResourceVersion()
				return all, nil
			}
		}
	}
}
