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

// DefaultTagFreshness is how long a resolved tag serves other questions. The questions of one reconciliation arrive together.
const DefaultTagFreshness = time.Minute

// tagKey is what the resolution of a tag depends on.
type tagKey struct{ tag, access string }

// lookup is the digest that a tag named, and when it was resolved.
type lookup struct {
	digest name.Digest
	began  time.Time
}

// resolve returns the digest that a reference names. Concurrent questions about a tag share one request.
func (p *Pool) resolve(ctx context.Context, ref name.Reference, request Request, since time.Time) (name.Digest, *verify.Result) {
	if digest, ok := ref.(name.Digest); ok {
		return digest, nil
	}
	key := tagKey{ref.Name(), request.access()}
	p.mu.Lock()
	known, ok := p.tags[key]
	p.mu.Unlock()
	if ok && !known.began.Before(since) && p.clock.Since(known.began) < p.tagFreshness {
		return known.digest, nil
	}
	type resolved struct {
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
		return resolved{digest, failure}, nil
	})
	got := flight.(resolved) //nolint:forcetypeassert // the function above returns a resolved only
	return got.digest, got.failure
}

// indexSearch searches for a signed index that holds a digest.
type indexSearch struct {
	pool    *Pool
	image   v1.Hash
	request Request
	since   time.Time
	answer  *Answer
	// undecided reports whether an index may still change the verdict.
	undecided bool
	// failure is why an index or the tag could not be read; nil if all were.
	failure *verify.Result
}

// resolvePlatform completes the answer on a digest that may be the manifest of one platform. Such manifests are often not
// signed themselves, only the index that holds them.
func (p *Pool) resolvePlatform(ctx context.Context, digest name.Digest, request Request, since time.Time, answer *Answer) {
	image, err := v1.NewHash(digest.DigestStr())
	if err != nil {
		return
	}
	s := indexSearch{
		pool: p, image: image, request: request, since: since, answer: answer,
		undecided: answer.Result.Verdict == v1alpha1.VerdictUntrusted && (request.Running || answer.Result.Reason == v1alpha1.UnsignedReason),
	}
	tagged, failure := p.resolveTag(ctx, digest, request, since, answer)
	s.failure = failure
	for _, index := range []*name.Digest{request.Index, request.KnownIndex} {
		if s.undecided && index != nil && index.DigestStr() != digest.DigestStr() {
			s.checkIndex(ctx, *index)
		}
	}
	if tagged != nil && (s.undecided || request.Running) {
		s.checkTag(ctx, *tagged, digest)
	}
	if s.undecided && request.Running && s.failure != nil {
		// The index that could not be read may be signed.
		answer.Result = *s.failure
	}
}

// checkTag checks the index that the tag names. If it holds the digest the tag has not moved, whatever the verdict.
func (s *indexSearch) checkTag(ctx context.Context, tagged, digest name.Digest) {
	switch holds, known := s.checkIndex(ctx, tagged); {
	case !known:
		s.answer.TagDigest = ""
	case holds:
		s.answer.TagDigest = digest.DigestStr()
	}
}

// checkIndex reports whether an index holds the digest, and whether that is known. If it does and the verdict is
// undecided, the verdict on the index is applied.
func (s *indexSearch) checkIndex(ctx context.Context, index name.Digest) (holds, known bool) {
	holds, failure := s.pool.verifier.Holds(ctx, index, s.image)
	if failure != nil {
		s.failure = failure
		return false, false
	}
	if holds && s.undecided {
		s.undecided = !s.pool.acceptFromIndex(ctx, index, s.request, s.since, s.answer)
	}
	return holds, true
}

// resolveTag returns what the Request's Tag names; nil if that is the digest itself or does not exist.
func (p *Pool) resolveTag(
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

// acceptFromIndex applies the verdict on the index that holds the image, and reports whether it decides the answer.
func (p *Pool) acceptFromIndex(ctx context.Context, index name.Digest, request Request, since time.Time, answer *Answer) bool {
	result := p.verify(ctx, index, request, since)
	switch {
	case result.Verdict == v1alpha1.VerdictUntrusted, !request.Running && result.Verdict == v1alpha1.VerdictUnknown:
		return false
	case result.Verdict == v1alpha1.VerdictUnknown:
		answer.Result = result
	case request.Running:
		answer.Result, answer.IndexDigest = result, index.DigestStr()
		answer.Result.Message = "part of the image index " + index.DigestStr() + ", which is " + result.Message
	default:
		answer.Result = verify.Result{
			Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.PlatformDigestNotSignedReason,
			Message: "this digest is a platform manifest; only its image index is signed, and policy-controller does not check the " +
				"index. Pin to " + index.DigestStr(),
		}
	}
	return true
}
