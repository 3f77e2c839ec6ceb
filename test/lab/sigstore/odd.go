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
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ggcrtypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v2/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// This file makes what clients of today don't know yet, and what they reject.

// NewExpired makes an instance whose intermediate certificate authority expired
// at the given time, and issues certificates all the same.
func NewExpired(intermediateUntil time.Time) (*Sigstore, error) {
	return newInstance(elliptic.P384(), intermediateUntil)
}

// unknownEntry is the body of a log entry of a kind that no client knows.
func unknownEntry(envelope *Envelope, kind, version string) ([]byte, error) {
	digest := sha256.Sum256(envelope.Statement)
	return json.Marshal(map[string]any{"apiVersion": version, "kind": kind, "spec": map[string]any{
		"payloadHash": map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(digest[:])},
		"signature":   envelope.Signature,
	}})
}

// LogStatementAs enters a signed statement as an entry of a kind and version
// that no client knows.
func (l *TileLog) LogStatementAs(envelope *Envelope, kind, version string) error {
	body, err := unknownEntry(envelope, kind, version)
	if err != nil {
		return err
	}
	envelope.TileEntry, err = l.Include(kind, version, body)
	return err
}

// LogStatementAs enters a signed statement into the log of Rekor v1 as an
// entry of a kind and version that no client knows. The entry becomes the
// envelope's TileEntry.
func (s *Sigstore) LogStatementAs(ctx context.Context, envelope *Envelope, kind, version string, at time.Time) error {
	body, err := unknownEntry(envelope, kind, version)
	if err != nil {
		return err
	}
	entry, err := s.enter(ctx, body, at)
	if err != nil {
		return err
	}
	logID, err := keyID(s.rekor)
	if err != nil {
		return err
	}
	proof := entry.Verification.InclusionProof
	root, err := hex.DecodeString(*proof.RootHash)
	if err != nil {
		return err
	}
	hashes := make([][]byte, len(proof.Hashes))
	for i, hash := range proof.Hashes {
		if hashes[i], err = hex.DecodeString(hash); err != nil {
			return err
		}
	}
	envelope.TileEntry = &protorekor.TransparencyLogEntry{
		LogIndex:         *entry.LogIndex,
		LogId:            &protocommon.LogId{KeyId: logID[:]},
		KindVersion:      &protorekor.KindVersion{Kind: kind, Version: version},
		IntegratedTime:   *entry.IntegratedTime,
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: entry.Verification.SignedEntryTimestamp},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: *proof.LogIndex, RootHash: root, TreeSize: *proof.TreeSize, Hashes: hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: *proof.Checkpoint},
		},
		CanonicalizedBody: body,
	}
	return nil
}

// AttachBundleAs is AttachBundle for a bundle of another media type, for
// example of a version that does not exist yet.
func AttachBundleAs(
	ctx context.Context, digest name.Digest, b *protobundle.Bundle, mediaType, predicateType string, opts ...remote.Option,
) error {
	b.MediaType = mediaType
	content, err := protojson.Marshal(b)
	if err != nil {
		return fmt.Errorf("encoding the bundle: %w", err)
	}
	registry := ociremote.WithRemoteOptions(append([]remote.Option{remote.WithContext(ctx)}, opts...)...)
	layers := []v1.Layer{static.NewLayer(content, ggcrtypes.MediaType(mediaType))}
	annotations := map[string]string{
		"dev.sigstore.bundle.content":       "dsse-envelope",
		"dev.sigstore.bundle.predicateType": predicateType,
	}
	if err := ociremote.WriteReferrer(digest, mediaType, layers, annotations, registry); err != nil {
		return fmt.Errorf("attaching a bundle to %s: %w", digest, err)
	}
	return nil
}

// AttachAsReferrer stores a signature as a referrer of the image at digest, as
// cosign does with --registry-referrers-mode=oci-1-1. It is in no tag then.
func AttachAsReferrer(ctx context.Context, digest name.Digest, signature Signature, opts ...remote.Option) error {
	registry := ociremote.WithRemoteOptions(append([]remote.Option{remote.WithContext(ctx)}, opts...)...)
	layer, err := signature.layer()
	if err != nil {
		return fmt.Errorf("signature of %s: %w", digest, err)
	}
	entity, err := mutate.AttachSignatureToEntity(ociremote.SignedUnknown(digest, registry), layer)
	if err != nil {
		return fmt.Errorf("attaching a signature to %s: %w", digest, err)
	}
	if err := ociremote.WriteSignaturesExperimentalOCI(digest, entity, registry); err != nil {
		return fmt.Errorf("writing the signatures of %s: %w", digest, err)
	}
	return nil
}

// unknownKeyAlgorithm is that of ML-DSA-87, whose keys Go's x509 package does not read.
var unknownKeyAlgorithm = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}

// withUnknownKey is a certificate with another key: bytes of an algorithm that
// clients don't know. It is signed again.
func withUnknownKey(certificate *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	var body struct {
		Raw                asn1.RawContent
		Version            int `asn1:"optional,explicit,default:0,tag:0"`
		SerialNumber       asn1.RawValue
		SignatureAlgorithm asn1.RawValue
		Issuer             asn1.RawValue
		Validity           asn1.RawValue
		Subject            asn1.RawValue
		Key                struct {
			Algorithm pkix.AlgorithmIdentifier
			Bits      asn1.BitString
		}
		Extensions asn1.RawValue `asn1:"optional,tag:3"`
	}
	if _, err := asn1.Unmarshal(certificate.RawTBSCertificate, &body); err != nil {
		return nil, fmt.Errorf("taking a certificate apart: %w", err)
	}
	key := sha512.Sum512(certificate.RawSubjectPublicKeyInfo) // the same in the precertificate
	body.Raw = nil
	body.Key.Algorithm = pkix.AlgorithmIdentifier{Algorithm: unknownKeyAlgorithm}
	body.Key.Bits = asn1.BitString{Bytes: key[:], BitLength: 8 * len(key)}
	signed, err := asn1.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("putting a certificate together: %w", err)
	}
	digest := sha512.Sum384(signed) // which the authority's key demands
	signature, err := ecdsa.SignASN1(rand.Reader, by, digest[:])
	if err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(struct {
		Body, Algorithm asn1.RawValue
		Signature       asn1.BitString
	}{
		asn1.RawValue{FullBytes: signed}, body.SignatureAlgorithm,
		asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
	})
	if err != nil {
		return nil, fmt.Errorf("putting a certificate together: %w", err)
	}
	return x509.ParseCertificate(der)
}
