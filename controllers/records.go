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

package controllers

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
)

// known is what records are made from. *assess.Tracker implements it.
type known interface {
	// Images returns the images of a reference, and References those of all images.
	Images(reference string) []*assess.TrackedImage
	References() []string
	// ImagesOf returns the images that a workload uses; none for one that is gone.
	ImagesOf(w *assess.Tracked) []*assess.TrackedImage
	// Workload returns a workload, nil for one that is gone, and Workloads all of them.
	Workload(uid types.UID) *assess.Tracked
	Workloads() []*assess.Tracked
	// In returns the workloads of a namespace, and Namespaces those of all workloads.
	In(namespace string) []*assess.Tracked
	Namespaces() []string
	// Finder finds images by their names in workloads.
	Finder() *assess.Finder
}

// records are what the status, the events and the metrics of a trust are made from, with what earlier passes of this process
// observed. They are those of the last pass: each pass takes in what changed. The zero value is that of the first pass since the
// start of the operator.
type records struct {
	source  known
	images  imageRecords
	denials denialRecords
	// changed are the references whose images may have changed since events were recorded.
	changed map[string]bool
	// untrusted has the digests of the untrusted images by reference, as they were when events were recorded; nil before that.
	untrusted map[string]map[string]bool
	// reported are the namespaces whose policy reports may have changed since they were written.
	reported map[string]bool
	// told has the times of the latest events about workloads, by namespace.
	told map[string][]time.Time
}

// basis is what the records of images are made with besides the images.
type basis struct {
	trust        *v1alpha1.KarmadaImageTrust
	rootProblems map[string]string
	now          time.Time
}

// update takes in what changed. decided reports whether the forecasts are complete: otherwise the denials stay as they are, and
// what changed meanwhile is taken in later.
func (r *records) update(from known, changed assess.Changed, with basis, decided bool) {
	if r.changed == nil {
		r.changed, r.reported = map[string]bool{}, map[string]bool{}
	}
	if r.source != from {
		changed = r.begin(from)
	}
	for reference := range changed.References {
		r.changed[reference] = true
	}
	for _, w := range changed.Workloads {
		r.reported[w.Workload.Namespace] = true
	}
	r.images.update(from, changed, with, r.reported)
	r.denials.update(changed, with.now, decided)
}

// begin drops what is not history, for another source, of which everything is new.
func (r *records) begin(from known) assess.Changed {
	r.source = from
	r.images.begin()
	r.denials.begin()
	changed := assess.Changed{Workloads: map[types.UID]*assess.Tracked{}, References: map[string]bool{}}
	for _, w := range from.Workloads() {
		changed.Workloads[w.Workload.UID] = w
	}
	for _, reference := range from.References() {
		changed.References[reference] = true
	}
	for reference := range r.untrusted {
		r.changed[reference] = true // it may be gone
	}
	return changed
}

// record notes that the events about everything that changed have been recorded.
func (r *records) record(told map[string][]time.Time) {
	if r.untrusted == nil {
		r.untrusted = map[string]map[string]bool{}
	}
	for reference := range r.changed {
		if digests := r.images.untrusted(reference); len(digests) > 0 {
			r.untrusted[reference] = digests
		} else {
			delete(r.untrusted, reference)
		}
	}
	clear(r.changed)
	r.told = told
}
