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
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/go-openapi/strfmt"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/dsse"
	dssev001 "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"
	"github.com/sigstore/rekor/pkg/types/hashedrekord"
	hashedrekordv001 "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore/pkg/signature"
)

// rekorHost and rekorTree name the log in its checkpoints.
const (
	rekorHost = "rekor.sigstore.test"
	rekorTree = 1
)

// Log enters a signature into the transparency log at the given time and
// returns the log's promise, which cosign stores with the signature. Like
// Rekor it rejects a signature that its certificate does not verify, but not a
// certificate that has expired or that it does not know.
func (s *Sigstore) Log(ctx context.Context, signature Signature, at time.Time) (*bundle.RekorBundle, error) {
	entry, err := s.logSignature(ctx, signature, at)
	if err != nil {
		return nil, err
	}
	return bundle.EntryToBundle(entry), nil
}

func (s *Sigstore) logSignature(ctx context.Context, signature Signature, at time.Time) (*models.LogEntryAnon, error) {
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err != nil {
		return nil, fmt.Errorf("decoding the signature: %w", err)
	}
	payloadHash := sha256.Sum256(signature.Payload)
	return s.propose(ctx, at, hashedrekord.KIND, hashedrekordv001.APIVERSION, types.ArtifactProperties{
		ArtifactHash:   hex.EncodeToString(payloadHash[:]),
		SignatureBytes: raw,
		PublicKeyBytes: [][]byte{signature.Certificate},
		PKIFormat:      "x509",
	})
}

// LogEnvelope is Log for a DSSE envelope.
func (s *Sigstore) LogEnvelope(ctx context.Context, envelope, certificate []byte, at time.Time) (*models.LogEntryAnon, error) {
	return s.propose(ctx, at, dsse.KIND, dssev001.APIVERSION, types.ArtifactProperties{
		ArtifactBytes:  envelope,
		PublicKeyBytes: [][]byte{certificate},
	})
}

func (s *Sigstore) propose(
	ctx context.Context, at time.Time, kind, version string, properties types.ArtifactProperties,
) (*models.LogEntryAnon, error) {
	proposed, err := types.NewProposedEntry(ctx, kind, version, properties)
	if err != nil {
		return nil, fmt.Errorf("proposing a log entry: %w", err)
	}
	return s.Enter(ctx, proposed, at)
}

// Enter takes a proposed entry into the log at the given time, and returns it
// with the log's promise and the proof that it is in the log.
func (s *Sigstore) Enter(ctx context.Context, proposed models.ProposedEntry, at time.Time) (*models.LogEntryAnon, error) {
	implementation, err := types.UnmarshalEntry(proposed)
	if err != nil {
		return nil, fmt.Errorf("reading the proposed log entry: %w", err)
	}
	body, err := types.CanonicalizeEntry(ctx, implementation)
	if err != nil {
		return nil, fmt.Errorf("canonicalizing the log entry: %w", err)
	}
	return s.enter(ctx, body, at)
}

// enter takes an entry into the log as it is.
func (s *Sigstore) enter(ctx context.Context, body []byte, at time.Time) (*models.LogEntryAnon, error) {
	if s.rekor == nil {
		return nil, errNoLog
	}
	logID, err := keyID(s.rekor)
	if err != nil {
		return nil, err
	}
	payload := bundle.RekorPayload{
		Body:           base64.StdEncoding.EncodeToString(body),
		IntegratedTime: at.Unix(),
		LogIndex:       s.nextLogIndex.Add(1) - 1,
		LogID:          hex.EncodeToString(logID[:]),
	}
	timestamp, err := signEntry(s.rekor, payload)
	if err != nil {
		return nil, fmt.Errorf("signing the log entry: %w", err)
	}
	proof, err := s.include(ctx, body)
	if err != nil {
		return nil, fmt.Errorf("proving the log entry: %w", err)
	}
	return &models.LogEntryAnon{
		Body:           payload.Body,
		IntegratedTime: &payload.IntegratedTime,
		LogIndex:       &payload.LogIndex,
		LogID:          &payload.LogID,
		Verification: &models.LogEntryAnonVerification{
			InclusionProof:       proof,
			SignedEntryTimestamp: strfmt.Base64(timestamp),
		},
	}, nil
}

// include appends an entry to the log's tree and proves that it is there.
func (s *Sigstore) include(ctx context.Context, body []byte) (*models.InclusionProof, error) {
	s.treeLock.Lock()
	defer s.treeLock.Unlock()
	s.tree.AppendData(body)
	size := s.tree.Size()
	hashes, err := s.tree.InclusionProof(size-1, size)
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSigner(s.rekor, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	checkpoint, err := util.CreateAndSignCheckpoint(ctx, rekorHost, rekorTree, size, s.tree.Hash(), signer)
	if err != nil {
		return nil, err
	}
	proof := &models.InclusionProof{
		Checkpoint: new(string(checkpoint)),
		Hashes:     []string{},
		LogIndex:   new(int64(size - 1)), //nolint:gosec // the log has few entries
		RootHash:   new(hex.EncodeToString(s.tree.Hash())),
		TreeSize:   new(int64(size)), //nolint:gosec // the log has few entries
	}
	for _, hash := range hashes {
		proof.Hashes = append(proof.Hashes, hex.EncodeToString(hash))
	}
	return proof, nil
}

// signEntry makes the SignedEntryTimestamp: a signature over the canonical
// JSON of what identifies the entry.
func signEntry(key *ecdsa.PrivateKey, payload bundle.RekorPayload) ([]byte, error) {
	plain, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	canonical, err := jsoncanonicalizer.Transform(plain)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(canonical)
	return ecdsa.SignASN1(rand.Reader, key, digest[:])
}
