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

package conformance

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// must ends the test on an error.
func must[T any](s *stored, value T, err error) T {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

func (s *stored) attach(signatures ...sigstore.Signature) {
	s.t.Helper()
	lab.AttachSignatures(s.t, s.image, signatures...)
}

// signature makes a valid signature by an identity.
func (s *stored) signature(id sigstore.Identity) sigstore.Signature {
	s.t.Helper()
	return labtest.NewSignature(s.t, s.fixture.sigstore, s.image, id)
}

// unlogged makes a signature of a payload without a log entry, with a certificate issued with these options.
func (s *stored) unlogged(by *sigstore.Sigstore, payload []byte, opts ...sigstore.IssueOption) sigstore.Signature {
	s.t.Helper()
	signer := try(by.Issue(labtest.Release, opts...)).orFail(s.t)
	return try(signer.Sign(payload)).orFail(s.t)
}

func (s *stored) payload(image name.Digest) []byte {
	s.t.Helper()
	payload, err := sigstore.Payload(image)
	return must(s, payload, err)
}

// log enters a signature into a log.
func (s *stored) log(by *sigstore.Sigstore, signature sigstore.Signature, at time.Time) sigstore.Signature {
	s.t.Helper()
	entry, err := by.Log(s.t.Context(), signature, at)
	signature.Bundle = must(s, entry, err)
	return signature
}

// another pushes another image to the same repository.
func (s *stored) another() name.Digest {
	s.t.Helper()
	return lab.PushImage(s.t, s.image.Context().Tag("another").String())
}

// envelope makes a valid statement about the image.
func (s *stored) envelope(id sigstore.Identity, predicateType string, predicate ...any) sigstore.Envelope {
	s.t.Helper()
	return s.envelopeOf(s.image, id, predicateType, predicate...)
}

func (s *stored) envelopeOf(image name.Digest, id sigstore.Identity, predicateType string, predicate ...any) sigstore.Envelope {
	s.t.Helper()
	var content any = map[string]any{"builder": "good"}
	if len(predicate) > 0 {
		content = predicate[0]
	}
	envelope, err := s.fixture.sigstore.NewEnvelope(s.t.Context(), image, id, predicateType, content)
	return must(s, envelope, err)
}

// signed makes a statement by the release workflow, signed with a certificate issued with these options and logged
// at a time.
func (s *stored) signed(by *sigstore.Sigstore, at time.Time, opts ...sigstore.IssueOption) sigstore.Envelope {
	s.t.Helper()
	signer := try(by.Issue(labtest.Release, opts...)).orFail(s.t)
	statement, err := sigstore.Statement(sigstore.SignPredicate, map[string]any{}, s.image)
	envelope, err2 := signer.SignStatement(must(s, statement, err))
	envelope = must(s, envelope, err2)
	must(s, 0, by.LogStatement(s.t.Context(), &envelope, at))
	return envelope
}

// bundle stores a statement as a bundle, after these changes.
func (s *stored) bundle(envelope sigstore.Envelope, changes ...func(*protobundle.Bundle)) {
	s.t.Helper()
	made, err := envelope.Bundle()
	must(s, made, err)
	for _, change := range changes {
		change(made)
	}
	var header struct{ PredicateType string }
	must(s, 0, json.Unmarshal(envelope.Statement, &header))
	s.attachBundle(made, header.PredicateType)
}

func (s *stored) attachBundle(made *protobundle.Bundle, predicateType string) {
	s.t.Helper()
	must(s, 0, sigstore.AttachBundle(s.t.Context(), s.image, made, predicateType, lab.RemoteOptions()...))
}

// attest stores statements as cosign v2 does.
func (s *stored) attest(envelopes ...sigstore.Envelope) {
	s.t.Helper()
	must(s, 0, sigstore.AttachAttestations(s.t.Context(), s.image, envelopes, lab.RemoteOptions()...))
}

// manifest returns the manifest of the image.
func (s *stored) manifest() []byte {
	s.t.Helper()
	got, err := remote.Get(s.image, lab.RemoteOptions()...)
	return must(s, got, err).Manifest
}

func (s *stored) tag(suffix string) name.Tag {
	return s.image.Context().Tag(strings.Replace(s.image.DigestStr(), ":", "-", 1) + suffix)
}

// flipped changes one bit of base64-encoded data.
func flipped(s *stored, encoded string) string {
	s.t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	raw = must(s, raw, err)
	return base64.StdEncoding.EncodeToString(flip(raw))
}

// flip returns a copy with one bit near the end changed.
func flip(raw []byte) []byte {
	out := append([]byte(nil), raw...)
	out[len(out)-2] ^= 1
	return out
}

// result is the result of a function that may fail, as an argument of try.
type result[T any] struct {
	value T
	err   error
}

// try takes the results of a call: try(f()).orFail(t).
func try[T any](value T, err error) result[T] { return result[T]{value, err} }

// orFail returns the value, or ends the test on an error.
func (r result[T]) orFail(t *testing.T) T {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.value
}
