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
	"context"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
)

// verdictKey is what a verdict depends on. This includes the repository, since signatures are stored next to the image.
type verdictKey struct {
	digest string // NAME@DIGEST; a name.Digest also contains how it was spelled
	rule   string
	root   string
	access string
}

// verdict on a digest, shared by all references to it.
type verdict struct {
	result verify.Result
	began  time.Time
}

// verify returns the verdict on a digest: the stored one if its verification began at or after since, otherwise that of
// a new verification, which concurrent callers share.
func (p *Pool) verify(ctx context.Context, digest name.Digest, request Request, since time.Time) verify.Result {
	k := verdictKey{digest: digest.Name(), rule: request.Rule.ID(), root: fingerprint(request.Root), access: request.access()}
	p.mu.Lock()
	known, ok := p.verdicts[k]
	p.mu.Unlock()
	if ok && !known.began.Before(since) {
		return known.result
	}
	flight, _, _ := p.flight.Do(k.String(), func() (any, error) {
		began := p.clock.Now()
		result := p.verifier.Verify(ctx, digest, request.Rule, request.Root)
		p.observe(result, p.clock.Since(began))
		if result.Verdict != v1alpha1.VerdictUnknown {
			p.mu.Lock()
			p.verdicts[k] = verdict{result: result, began: began}
			p.mu.Unlock()
		}
		return result, nil
	})
	return flight.(verify.Result) //nolint:forcetypeassert // the function above returns a verify.Result only
}

// String returns the key for singleflight, which requires strings.
func (k verdictKey) String() string {
	return strings.Join([]string{k.digest, k.root, k.rule, k.access}, "\x00")
}

// evict drops the verdicts and the resolved tags that no entry refers to.
func (p *Pool) evict() {
	type named struct{ digest, rule string }
	used := make(map[named]bool, len(p.entries))
	tags := make(map[string]bool, len(p.entries))
	for k, e := range p.entries {
		repository := e.request.Ref.Context().Name()
		used[named{repository + "@" + e.answer.Digest, k.rule}] = true
		if e.answer.IndexDigest != "" {
			used[named{repository + "@" + e.answer.IndexDigest, k.rule}] = true
		}
		tags[k.ref], tags[k.tag] = true, true
	}
	for k := range p.verdicts {
		if !used[named{k.digest, k.rule}] {
			delete(p.verdicts, k)
		}
	}
	for tag := range p.tags {
		if !tags[tag.tag] {
			delete(p.tags, tag)
		}
	}
}
