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

package sigstore

import (
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/types"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekortiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
)

// EntryKind is a kind of entries in a log of Rekor v2.
type EntryKind string

// The kinds, which both have version 0.0.2. HashedRekordEntry is what cosign
// 3.1 and later enter, and DSSEEntry what earlier ones did.
const (
	HashedRekordEntry EntryKind = "hashedrekord"
	DSSEEntry         EntryKind = "dsse"
)

// NewRekorV2Envelope is NewEnvelope with an instance that runs Rekor v2: the
// log's entry has no time, and a timestamp tells it.
func (s *Sigstore) NewRekorV2Envelope(
	digest name.Digest, id Identity, predicateType string, predicate any, kind EntryKind,
) (Envelope, error) {
	envelope, err := s.newUnloggedEnvelope(digest, id, predicateType, predicate)
	if err != nil {
		return Envelope{}, err
	}
	if err := s.RekorV2.LogStatement(&envelope, kind); err != nil {
		return Envelope{}, err
	}
	err = s.StampStatement(&envelope, time.Now())
	return envelope, err
}

func (s *Sigstore) newUnloggedEnvelope(digest name.Digest, id Identity, predicateType string, predicate any) (Envelope, error) {
	signer, err := s.Issue(id)
	if err != nil {
		return Envelope{}, err
	}
	statement, err := Statement(predicateType, predicate, digest)
	if err != nil {
		return Envelope{}, err
	}
	return signer.SignStatement(statement)
}

// StampStatement gives a signed statement a timestamp of the given time.
func (s *Sigstore) StampStatement(envelope *Envelope, at time.Time) error {
	stamp, err := s.Timestamp(envelope.Signature, at)
	envelope.Timestamp = stamp
	return err
}

// LogStatement enters a signed statement into the log.
func (l *TileLog) LogStatement(envelope *Envelope, kind EntryKind) error {
	algorithm, err := envelope.Signer.algorithm()
	if err != nil {
		return err
	}
	verifier := &rekortiles.Verifier{
		Verifier: &rekortiles.Verifier_X509Certificate{
			X509Certificate: &protocommon.X509Certificate{RawBytes: envelope.Signer.Certificate.Raw},
		},
		KeyDetails: algorithm.GetSignatureAlgorithm(),
	}
	proposed := &rekortiles.CreateEntryRequest{}
	switch kind {
	case HashedRekordEntry:
		digest, err := envelope.Signer.statementDigest(envelope.Statement)
		if err != nil {
			return err
		}
		proposed.Spec = &rekortiles.CreateEntryRequest_HashedRekordRequestV002{HashedRekordRequestV002: &rekortiles.HashedRekordRequestV002{
			Digest:    digest,
			Signature: &rekortiles.Signature{Content: envelope.Signature, Verifier: verifier},
		}}
	case DSSEEntry:
		proposed.Spec = &rekortiles.CreateEntryRequest_DsseRequestV002{DsseRequestV002: &rekortiles.DSSERequestV002{
			Envelope: &protodsse.Envelope{
				Payload:     envelope.Statement,
				PayloadType: types.IntotoPayloadType,
				Signatures:  []*protodsse.Signature{{Sig: envelope.Signature}},
			},
			Verifiers: []*rekortiles.Verifier{verifier},
		}}
	default:
		return fmt.Errorf("a log of Rekor v2 has no entries of kind %q", kind)
	}
	entry, err := l.Enter(proposed)
	if err != nil {
		return fmt.Errorf("logging a statement: %w", err)
	}
	envelope.TileEntry = entry
	return nil
}
