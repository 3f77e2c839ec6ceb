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
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// writtenStatuses remembers the last status written of each trust until the cache has it, so
// that a pass in between does not compute from, and write again over, an older one.
type writtenStatuses struct {
	mu   sync.Mutex
	last map[string]writtenStatus
}

type writtenStatus struct {
	uid    types.UID
	over   string // resource version that the write replaced
	status v1alpha1.KarmadaImageTrustStatus
}

// latest status of a trust as read from the cache.
func (w *writtenStatuses) latest(trust *v1alpha1.KarmadaImageTrust) v1alpha1.KarmadaImageTrustStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, ok := w.last[trust.Name]
	if ok && last.uid == trust.UID && last.over == trust.ResourceVersion {
		return *last.status.DeepCopy()
	}
	delete(w.last, trust.Name)
	return trust.Status
}

func (w *writtenStatuses) remember(trust *v1alpha1.KarmadaImageTrust, over string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[string]writtenStatus{}
	}
	w.last[trust.Name] = writtenStatus{uid: trust.UID, over: over, status: *trust.Status.DeepCopy()}
}

func (w *writtenStatuses) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.last, name)
}
