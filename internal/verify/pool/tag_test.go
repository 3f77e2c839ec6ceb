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
	"testing"
	"time"

	"github.com/karmada-io/image-trust/internal/policy"
)

// TestTagFreshness moves a tag between the examinations by two rules. For a program that combines their verdicts, both are about
// the digest that the tag named first; the operator looks again after a minute.
func TestTagFreshness(t *testing.T) {
	batch := NewBatch(t.Context(), &scripted{}, 1, func(int, int) {})
	defer batch.Close()
	for name, tc := range map[string]struct {
		freshness time.Duration
		want      string
	}{
		"operator": {DefaultTagFreshness, digestB},
		"batch":    {batch.pool.tagFreshness, digestA},
	} {
		t.Run(name, func(t *testing.T) {
			f := startWith(t, Options{Workers: 1, TagFreshness: tc.freshness})
			first, second := newRequests(t, "karmada:v1")[0], newRequests(t, "karmada:v1")[0]
			second.Rule = policy.NewRule(policy.Signer{Issuer: "i", Subject: "another"}, policy.NewFormats(policy.SimpleSigning))
			f.Answers("a", []Request{first}, time.Time{})
			f.await("a")
			f.script.set(func() { f.script.tags["v1"] = digestB })
			f.clock.Step(61 * time.Second)
			f.Answers("a", []Request{second}, time.Time{})
			f.await("a")
			answers := f.Answers("a", []Request{first, second}, time.Time{})
			if answers[0].Digest != digestA || answers[1].Digest != tc.want {
				t.Errorf("verdicts about %s and %s, want %s and %s", answers[0].Digest, answers[1].Digest, digestA, tc.want)
			}
		})
	}
}
