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

// writtenStatuses holds the last status written of each trust until the cache has it, so that a reconciliation in between
// does not start from the status before, and write again. The zero value is ready for use, and safe for concurrent use.
type writtenStatuses struct {
	mu   sync.Mutex
	last map[string]writtenStatus
}

type writtenStatus struct {
	uid types.UID
	// replacedVersion is the resource version that the write replaced.
	replacedVersion string
	status          v1alpha1.KarmadaImageTrustStatus
}

// latest returns the last status of a trust that was read from the cache: the one written where the cache does not have
// it yet.
func (w *writtenStatuses) latest(trust *v1alpha1.KarmadaImageTrust) v1alpha1.KarmadaImageTrustStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	last, ok := w.last[trust.Name]
	if ok && last.uid == trust.UID && last.replacedVersion == trust.ResourceVersion {
		return *last.status.DeepCopy()
	}
	delete(w.last, trust.Name)
	return trust.Status
}

// record stores the status of a trust that was written over replacedVersion.
func (w *writtenStatuses) record(trust *v1alpha1.KarmadaImageTrust, replacedVersion string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[string]writtenStatus{}
	}
	w.last[trust.Name] = writtenStatus{uid: trust.UID, replacedVersion: replacedVersion, status: *trust.Status.DeepCopy()}
}

// forget drops the status of a deleted trust.
func (w *writtenStatuses) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.last, name)
}
