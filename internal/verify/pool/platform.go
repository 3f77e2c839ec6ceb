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

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
)

// indexSearch searches for a signed index that holds a digest.
type indexSearch struct {
	*attempt

	image  v1.Hash
	answer *Answer
	// undecided reports whether an index may still change the verdict.
	undecided bool
	// failure is why an index or the tag could not be read; nil if all were.
	failure *verify.Result
}

// resolvePlatform completes the answer on a digest that may be the manifest of one platform. Such manifests are often not
// signed themselves, only the index that holds them.
func (a *attempt) resolvePlatform(ctx context.Context, digest name.Digest, answer *Answer) {
	request := &a.request
	image, err := v1.NewHash(digest.DigestStr())
	if err != nil {
		return
	}
	s := indexSearch{
		attempt: a, image: image, answer: answer,
		undecided: answer.Result.Verdict == v1alpha1.VerdictUntrusted && (request.Running || answer.Result.Reason == v1alpha1.UnsignedReason),
	}
	tagged, failure := a.resolveTag(ctx, digest, answer)
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
	s.asked = true
	holds, failure := s.verifier.Holds(ctx, index, s.image)
	if failure != nil {
		s.failure = failure
		return false, false
	}
	if holds && s.undecided {
		s.undecided = !s.acceptFromIndex(ctx, index, s.answer)
	}
	return holds, true
}

// resolveTag returns what the Request's Tag names; nil if that is the digest itself or does not exist.
func (a *attempt) resolveTag(ctx context.Context, digest name.Digest, answer *Answer) (*name.Digest, *verify.Result) {
	if a.request.Tag == nil {
		return nil, nil
	}
	tagged, failure := a.resolve(ctx, *a.request.Tag)
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
func (a *attempt) acceptFromIndex(ctx context.Context, index name.Digest, answer *Answer) bool {
	request := &a.request
	result := a.verify(ctx, index)
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
