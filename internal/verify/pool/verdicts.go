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

// verdictKey is what a verdict depends on. The repository belongs to it: signatures are
// stored beside the image.
type verdictKey struct {
	digest string // NAME@DIGEST; name.Digest also remembers how it was spelled
	rule   string
	root   string
	access string
}

// verdict on a digest, shared by all references to it.
type verdict struct {
	result verify.Result
	began  time.Time
}

// judge returns a verdict that was begun at or after since, and has it found out where there is
// none, once for all who want it at the same time.
func (p *Pool) judge(ctx context.Context, digest name.Digest, request Request, since time.Time) verify.Result {
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
	return flight.(verify.Result) //nolint:forcetypeassert // the function above returns nothing else
}

// String tells keys apart for singleflight, which takes strings.
func (k verdictKey) String() string {
	return strings.Join([]string{k.digest, k.root, k.rule, k.access}, "\x00")
}

// sweep forgets the verdicts on digests that no entry names any more.
func (p *Pool) sweep() {
	type named struct{ digest, rule string }
	used := make(map[named]bool, len(p.entries))
	tags := make(map[string]bool, len(p.entries))
	for k, e := range p.entries {
		repository := e.request.Ref.Context().Name()
		used[named{repository + "@" + e.answer.Digest, k.rule}] = true
		if e.answer.Index != "" {
			used[named{repository + "@" + e.answer.Index, k.rule}] = true
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
