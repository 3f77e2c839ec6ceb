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

	"github.com/karmada-io/image-trust/internal/assess"
)

// works holds what is kept of each trust from one pass to the next. The zero value is ready for use, and safe for concurrent use;
// what it holds of one trust is for one reconciliation at a time.
type works struct {
	mu     sync.Mutex
	trusts map[string]*work
}

// work is what is kept of a trust.
type work struct {
	uid types.UID
	// tracker is of the basis, which everything that it knows depends on.
	tracker  *assess.Tracker
	basis    trackerBasis
	asks     terms
	retained bool // whether the pool has only the requests of this tracker
	records  records
}

// trackerBasis is what a tracker is of. With another one everything is found out anew.
type trackerBasis struct {
	selection, own, access string
}

// of returns the work on a trust, with a tracker of what the trust is now, and whether that is a new one.
func (w *works) of(s *scope, own string) (one *work, isNew bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one = w.trust(s)
	basis := trackerBasis{selection: selection(s.trust), own: own}
	if s.credentials != nil {
		basis.access = s.credentials.ID
	}
	if one.tracker != nil && one.basis == basis {
		return one, false
	}
	one.basis, one.tracker, one.asks, one.retained = basis, assess.NewTracker(s.compiled, own, s.credentials), terms{}, false
	return one, true
}

// trust returns the work on a trust: a new one if that was created anew.
func (w *works) trust(s *scope) *work {
	one := w.trusts[s.trust.Name]
	if one == nil || one.uid != s.trust.UID {
		one = &work{uid: s.trust.UID}
		if w.trusts == nil {
			w.trusts = map[string]*work{}
		}
		w.trusts[s.trust.Name] = one
	}
	return one
}

// drop has everything of a trust but its history be found out anew.
func (w *works) drop(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.trusts[name]; one != nil {
		one.tracker = nil
	}
}

// forget drops all that is kept of a trust.
func (w *works) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.trusts, name)
}
