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
	"slices"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
)

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

// recentlyTold returns the events about workloads that are not older than eventWindow.
func (r *records) recentlyTold(now time.Time) map[string][]time.Time {
	recent := map[string][]time.Time{}
	for namespace, times := range r.told {
		times = slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return now.Sub(t) >= eventWindow })
		if len(times) > 0 {
			recent[namespace] = times
		}
	}
	return recent
}
