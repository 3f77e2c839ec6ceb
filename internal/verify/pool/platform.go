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
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
)

// tagFreshness is how old a look-up of a tag may be to serve another question: those of one pass come together.
const tagFreshness = time.Minute

// tagKey is what a look-up depends on.
type tagKey struct{ tag, access string }

// lookup is what a tag named.
type lookup struct {
	digest name.Digest
	began  time.Time
}

// resolve returns the digest that a reference names. One request serves all who ask about a tag at a time.
func (p *Pool) resolve(ctx context.Context, ref name.Reference, request Request, since time.Time) (name.Digest, *verify.Result) {
	if digest, ok := ref.(name.Digest); ok {
		return digest, nil
	}
	key := tagKey{ref.Name(), request.access()}
	p.mu.Lock()
	known, ok := p.tags[key]
	p.mu.Unlock()
	if ok && !known.began.Before(since) && p.clock.Since(known.began) < tagFreshness {
		return known.digest, nil
	}
	type answer struct {
		digest  name.Digest
		failure *verify.Result
	}
	flight, _, _ := p.flight.Do(strings.Join([]string{"tag", key.tag, key.access}, "\x00"), func() (any, error) {
		began := p.clock.Now()
		digest, failure := p.verifier.Resolve(ctx, ref)
		if failure == nil {
			p.mu.Lock()
			p.tags[key] = lookup{digest, began}
			p.mu.Unlock()
		}
		return answer{digest, failure}, nil
	})
	got := flight.(answer) //nolint:forcetypeassert // the function above returns nothing else
	return got.digest, got.failure
}

// search is for an index that vouches for a digest.
type search struct {
	pool    *Pool
	image   v1.Hash
	request Request
	since   time.Time
	answer  *Answer
	// open tells that an index may still change the verdict.
	open bool
	// failure is why one could not be looked at.
	failure *verify.Result
}

// platform refines the answer on a digest that may be that of one platform, which nobody signs: the index that holds
// it is signed.
func (p *Pool) platform(ctx context.Context, digest name.Digest, request Request, since time.Time, answer *Answer) {
	image, err := v1.NewHash(digest.DigestStr())
	if err != nil {
		return
	}
	s := search{
		pool: p, image: image, request: request, since: since, answer: answer,
		open: answer.Result.Verdict == v1alpha1.VerdictUntrusted && (request.Runs || answer.Result.Reason == v1alpha1.UnsignedReason),
	}
	tagged, failure := p.tagged(ctx, digest, request, since, answer)
	s.failure = failure
	for _, index := range []*name.Digest{request.Index, request.Vouched} {
		if s.open && index != nil && index.DigestStr() != digest.DigestStr() {
			s.look(ctx, *index)
		}
	}
	if tagged != nil && (s.open || request.Runs) {
		s.lookAtTag(ctx, *tagged, digest)
	}
	if s.open && request.Runs && s.failure != nil {
		// The index may vouch for what runs: nothing is certain.
		answer.Result = *s.failure
	}
}

// lookAtTag looks at what the tag names. Where that is the index of the digest the tag has not moved, whatever the
// verdict.
func (s *search) lookAtTag(ctx context.Context, tagged, digest name.Digest) {
	switch holds, known := s.look(ctx, tagged); {
	case !known:
		s.answer.TagDigest = ""
	case holds:
		s.answer.TagDigest = digest.DigestStr()
	}
}

// look at one index: whether it holds the digest and, where that matters, whether it vouches for it.
func (s *search) look(ctx context.Context, index name.Digest) (holds, known bool) {
	holds, unreadable := s.pool.verifier.Holds(ctx, index, s.image)
	if unreadable != nil {
		s.failure = unreadable
		return false, false
	}
	if holds && s.open {
		s.open = !s.pool.vouch(ctx, index, s.request, s.since, s.answer)
	}
	return holds, true
}

// tagged looks up what the tag beside a digest names, nil where that is the digest itself or nothing.
func (p *Pool) tagged(
	ctx context.Context, digest name.Digest, request Request, since time.Time, answer *Answer,
) (*name.Digest, *verify.Result) {
	if request.Tag == nil {
		return nil, nil
	}
	tagged, failure := p.resolve(ctx, *request.Tag, request, since)
	switch {
	case failure != nil && failure.Reason == v1alpha1.ImageNotFoundReason:
		return nil, nil
	case failure != nil:
		return nil, failure
	}
	answer.TagDigest = tagged.DigestStr()
	if answer.TagDigest == digest.DigestStr() {
		return nil, nil
	}
	return &tagged, nil
}

// vouch takes the verdict on the index over, and tells whether that settles the matter.
func (p *Pool) vouch(ctx context.Context, index name.Digest, request Request, since time.Time, answer *Answer) bool {
	result := p.judge(ctx, index, request, since)
	switch {
	case result.Verdict == v1alpha1.VerdictUntrusted, !request.Runs && result.Verdict == v1alpha1.VerdictUnknown:
		return false
	case result.Verdict == v1alpha1.VerdictUnknown:
		answer.Result = result
	case request.Runs:
		answer.Result, answer.Index = result, index.DigestStr()
		answer.Result.Message = "held by the index " + index.DigestStr() + ", which is " + result.Message
	default:
		answer.Result = verify.Result{
			Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.PlatformDigestNotSignedReason,
			Message: "only the index that holds this platform's digest is signed, and admission does not look further: pin to " +
				index.DigestStr(),
		}
	}
	return true
}
