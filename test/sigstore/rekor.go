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
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/hashedrekord"
	hashedrekordv001 "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
)

// Log enters a signature into the transparency log at the given time and
// returns the log's promise, which cosign keeps beside the signature. Like
// Rekor it refuses a signature that its certificate does not verify, but not a
// certificate that has expired or that it does not know.
func (s *Sigstore) Log(ctx context.Context, signature Signature, at time.Time) (*bundle.RekorBundle, error) {
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err != nil {
		return nil, fmt.Errorf("decoding the signature: %w", err)
	}
	payloadHash := sha256.Sum256(signature.Payload)
	proposed, err := types.NewProposedEntry(ctx, hashedrekord.KIND, hashedrekordv001.APIVERSION, types.ArtifactProperties{
		ArtifactHash:   hex.EncodeToString(payloadHash[:]),
		SignatureBytes: raw,
		PublicKeyBytes: [][]byte{signature.Certificate},
		PKIFormat:      "x509",
	})
	if err != nil {
		return nil, fmt.Errorf("proposing a log entry: %w", err)
	}
	entry, err := types.UnmarshalEntry(proposed)
	if err != nil {
		return nil, fmt.Errorf("reading the proposed log entry: %w", err)
	}
	body, err := types.CanonicalizeEntry(ctx, entry)
	if err != nil {
		return nil, fmt.Errorf("canonicalizing the log entry: %w", err)
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
	return &bundle.RekorBundle{SignedEntryTimestamp: timestamp, Payload: payload}, nil
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
