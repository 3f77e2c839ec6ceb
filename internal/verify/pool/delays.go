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

package pool

import (
	"container/heap"
	"time"
)

// delays holds names until their time has come.
type delays[T comparable] struct {
	heap   *delayHeap[T]
	byName map[T]*delayed[T]
}

// delayed is a name, its time, and its position in the heap.
type delayed[T comparable] struct {
	name T
	at   time.Time
	pos  int
}

func newDelays[T comparable]() delays[T] {
	return delays[T]{heap: &delayHeap[T]{}, byName: map[T]*delayed[T]{}}
}

// set the time of a name; the time before no longer counts.
func (d *delays[T]) set(name T, at time.Time) {
	if known := d.byName[name]; known != nil {
		known.at = at
		heap.Fix(d.heap, known.pos)
		return
	}
	added := &delayed[T]{name: name, at: at}
	d.byName[name] = added
	heap.Push(d.heap, added)
}

func (d *delays[T]) remove(name T) {
	if known := d.byName[name]; known != nil {
		heap.Remove(d.heap, known.pos)
		delete(d.byName, name)
	}
}

// at returns the time of a name; false if it has none.
func (d *delays[T]) at(name T) (time.Time, bool) {
	if known := d.byName[name]; known != nil {
		return known.at, true
	}
	return time.Time{}, false
}

// due removes and returns the names whose time has come, in the order of their times.
func (d *delays[T]) due(now time.Time) []T {
	var names []T
	for len(*d.heap) > 0 && !(*d.heap)[0].at.After(now) {
		names = append(names, (*d.heap)[0].name)
		d.remove((*d.heap)[0].name)
	}
	return names
}

// next returns the earliest time; false if there is none.
func (d *delays[T]) next() (time.Time, bool) {
	if len(*d.heap) == 0 {
		return time.Time{}, false
	}
	return (*d.heap)[0].at, true
}

// earlier returns the earliest time of all delays; false if there is none.
func earlier(all ...interface{ next() (time.Time, bool) }) (earliest time.Time, some bool) {
	for _, d := range all {
		if at, ok := d.next(); ok && (!some || at.Before(earliest)) {
			earliest, some = at, true
		}
	}
	return earliest, some
}

// delayHeap implements heap.Interface.
type delayHeap[T comparable] []*delayed[T]

func (h delayHeap[T]) Len() int           { return len(h) }
func (h delayHeap[T]) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h delayHeap[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i, j
}

// Push implements heap.Interface.
func (h *delayHeap[T]) Push(x any) {
	added := x.(*delayed[T]) //nolint:forcetypeassert // set pushes nothing else
	added.pos = len(*h)
	*h = append(*h, added)
}

// Pop implements heap.Interface.
func (h *delayHeap[T]) Pop() any {
	last := len(*h) - 1
	popped := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return popped
}
