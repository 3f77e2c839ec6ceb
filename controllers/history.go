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
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
)

// history is what one pass keeps in memory of a trust for the next one: the status cannot hold it, since its lists are
// cut. The zero value is that of the first pass since the start of the operator.
type history struct {
	uid types.UID
	// images and denials have the time at which each was first observed; zero for those that the first pass observed. They
	// are nil before that pass.
	images, denials map[string]time.Time
	// untrusted has the digests of the untrusted images by reference; nil before the first pass.
	untrusted map[string]map[string]bool
	// told has the times of the latest events about workloads, by namespace.
	told map[string][]time.Time
}

// since returns the time at which something was first observed: what the pass before did not observe is new, unless there
// was none.
func since(before map[string]time.Time, now time.Time, keys ...string) time.Time {
	for _, key := range keys {
		if t, ok := before[key]; ok {
			return t
		}
	}
	if before == nil {
		return time.Time{}
	}
	return now
}

// imageKeys returns the keys of an image in a history, the one that it is stored by first. The other one is that of a tag
// before it was resolved.
func imageKeys(image *assess.Image) []string {
	prefix := image.Reference + "@"
	if image.Usage == v1alpha1.UsageRunning {
		prefix = "running " + prefix
	}
	return []string{prefix + image.Answer.Digest, prefix}
}

// histories holds the history of each trust. The zero value is ready for use, and safe for concurrent use.
type histories struct {
	mu     sync.Mutex
	trusts map[string]history
}

// of returns the history of a trust; the zero value if there is none.
func (h *histories) of(trust *v1alpha1.KarmadaImageTrust) history {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.trusts[trust.Name]; ok && known.uid == trust.UID {
		return known
	}
	return history{}
}

// record stores the history of a trust once the status has been written.
func (h *histories) record(trust *v1alpha1.KarmadaImageTrust, next history) {
	next.uid = trust.UID
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trusts == nil {
		h.trusts = map[string]history{}
	}
	h.trusts[trust.Name] = next
}

// forget drops the history of a deleted trust.
func (h *histories) forget(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.trusts, name)
}

// recentlyTold returns the events about workloads that are not older than eventWindow.
func (h *history) recentlyTold(now time.Time) map[string][]time.Time {
	recent := map[string][]time.Time{}
	for namespace, times := range h.told {
		times = slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return now.Sub(t) >= eventWindow })
		if len(times) > 0 {
			recent[namespace] = times
		}
	}
	return recent
}

// next returns the history after a pass that observed images and denials.
func (h *history) next(c *conclusion, told map[string][]time.Time) history {
	after := *h
	after.told = maps.Clone(told)
	if c.images == nil {
		return after
	}
	after.images = make(map[string]time.Time, len(c.images))
	for i := range c.images {
		after.images[c.images[i].key] = c.images[i].since
	}
	after.untrusted = untrustedDigests(c.images)
	if c.denials != nil {
		after.denials = make(map[string]time.Time, len(c.denials))
		for i := range c.denials {
			after.denials[c.denials[i].key] = c.denials[i].since
		}
	}
	return after
}
