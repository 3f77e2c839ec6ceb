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
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/cosign/v2/pkg/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/tle"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	sigstoresignature "github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
)

// Predicate types of statements.
const (
	// SignPredicate is that of a signature in the bundle format.
	SignPredicate = types.CosignSignPredicateType
	SLSAPredicate = "https://slsa.dev/provenance/v1"
	SPDXPredicate = "https://spdx.dev/Document"
)

// BundleMediaType is that of the bundles that are made here.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// Envelope is a signed statement about images, and what proves it. Every field
// may be changed before it is attached.
type Envelope struct {
	// Statement is the in-toto statement, JSON.
	Statement []byte
	// Signature over the DSSE encoding of Statement.
	Signature []byte
	Signer    *Signer
	// Entry of the transparency log; nil if it was not logged.
	Entry *models.LogEntryAnon
	// TileEntry is that of a log of Rekor v2, or one of an unknown kind; nil if
	// there is none.
	TileEntry *protorekor.TransparencyLogEntry
	// Timestamp is an RFC 3161 response; nil if there is none.
	Timestamp []byte
}

// Statement is an in-toto statement about images.
func Statement(predicateType string, predicate any, about ...name.Digest) ([]byte, error) {
	return newStatement(in_toto.StatementInTotoV01, predicateType, predicate, about...)
}

func newStatement(statementType, predicateType string, predicate any, about ...name.Digest) ([]byte, error) {
	type subject struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	}
	subjects := []subject{}
	for _, image := range about {
		hash := image.DigestStr()[len("sha256:"):]
		subjects = append(subjects, subject{Name: image.Context().Name(), Digest: map[string]string{"sha256": hash}})
	}
	return json.Marshal(map[string]any{
		"_type": statementType, "predicateType": predicateType, "subject": subjects, "predicate": predicate,
	})
}

// SignStatement signs a statement. The signature is not logged.
func (s *Signer) SignStatement(statement []byte) (Envelope, error) {
	digest, err := s.statementDigest(statement)
	if err != nil {
		return Envelope{}, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, s.Key, digest)
	if err != nil {
		return Envelope{}, fmt.Errorf("signing: %w", err)
	}
	return Envelope{Statement: statement, Signature: signature, Signer: s}, nil
}

// algorithm is what clients of bundles expect of a key like the signer's.
func (s *Signer) algorithm() (sigstoresignature.AlgorithmDetails, error) {
	details, err := sigstoresignature.GetDefaultAlgorithmDetails(s.Key.Public())
	if err != nil {
		return details, fmt.Errorf("choosing the signature algorithm: %w", err)
	}
	return details, nil
}

// statementDigest is what is signed of a statement.
func (s *Signer) statementDigest(statement []byte) ([]byte, error) {
	algorithm, err := s.algorithm()
	if err != nil {
		return nil, err
	}
	hash := algorithm.GetHashType().New()
	_, _ = hash.Write(dsse.PAE(types.IntotoPayloadType, statement))
	return hash.Sum(nil), nil
}

// NewEnvelope attests something of the image at digest as id, now.
func (s *Sigstore) NewEnvelope(
	ctx context.Context, digest name.Digest, id Identity, predicateType string, predicate any,
) (Envelope, error) {
	envelope, err := s.newUnloggedEnvelope(digest, id, predicateType, predicate)
	if err != nil {
		return Envelope{}, err
	}
	err = s.LogStatement(ctx, &envelope, time.Now())
	return envelope, err
}

// LogStatement enters a signed statement into the transparency log.
func (s *Sigstore) LogStatement(ctx context.Context, envelope *Envelope, at time.Time) error {
	encoded, err := envelope.JSON()
	if err != nil {
		return err
	}
	certificate, err := cryptoutils.MarshalCertificateToPEM(envelope.Signer.Certificate)
	if err != nil {
		return err
	}
	envelope.Entry, err = s.LogEnvelope(ctx, encoded, certificate, at)
	return err
}

// JSON is the DSSE envelope alone, as cosign v2 stores it for an image.
func (e *Envelope) JSON() ([]byte, error) {
	return json.Marshal(dsse.Envelope{
		PayloadType: types.IntotoPayloadType,
		Payload:     base64.StdEncoding.EncodeToString(e.Statement),
		Signatures:  []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(e.Signature)}},
	})
}

// Bundle is the envelope with all that proves it, as a Sigstore bundle.
func (e *Envelope) Bundle() (*protobundle.Bundle, error) {
	b, err := newBundle(e.Signer, e.Entry, e.Timestamp)
	if err != nil {
		return nil, err
	}
	if e.TileEntry != nil {
		b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, e.TileEntry)
	}
	b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
		Payload:     e.Statement,
		PayloadType: types.IntotoPayloadType,
		Signatures:  []*protodsse.Signature{{Sig: e.Signature}},
	}}
	return b, nil
}

// MessageBundle is a signature of the image itself, rather than of a statement
// about it, as a Sigstore bundle. Manifest is what the registry has of the image.
func (s *Sigstore) MessageBundle(ctx context.Context, manifest []byte, id Identity) (*protobundle.Bundle, error) {
	signer, err := s.Issue(id)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(manifest)
	if err != nil {
		return nil, err
	}
	entry, err := s.logSignature(ctx, signature, time.Now())
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err != nil {
		return nil, err
	}
	b, err := newBundle(signer, entry, nil)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(manifest)
	b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest[:]},
		Signature:     raw,
	}}
	return b, nil
}

func newBundle(signer *Signer, entry *models.LogEntryAnon, timestamp []byte) (*protobundle.Bundle, error) {
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: signer.Certificate.Raw},
		},
	}
	if entry != nil {
		logged, err := tle.GenerateTransparencyLogEntry(*entry)
		if err != nil {
			return nil, fmt.Errorf("converting the log entry: %w", err)
		}
		material.TlogEntries = []*protorekor.TransparencyLogEntry{logged}
	}
	if timestamp != nil {
		material.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: timestamp}},
		}
	}
	return &protobundle.Bundle{MediaType: BundleMediaType, VerificationMaterial: material}, nil
}

// AttachBundle stores a bundle as a referrer of the image at digest. A registry
// without the referrers API gets the fallback tag.
func AttachBundle(ctx context.Context, digest name.Digest, b *protobundle.Bundle, predicateType string, opts ...remote.Option) error {
	content, err := protojson.Marshal(b)
	if err != nil {
		return fmt.Errorf("encoding the bundle: %w", err)
	}
	registry := ociremote.WithRemoteOptions(append([]remote.Option{remote.WithContext(ctx)}, opts...)...)
	if err := ociremote.WriteAttestationNewBundleFormat(digest, content, predicateType, registry); err != nil {
		return fmt.Errorf("attaching a bundle to %s: %w", digest, err)
	}
	return nil
}

// AttachAttestations adds attestations to those that the image at digest has
// under cosign v2's tag.
func AttachAttestations(ctx context.Context, digest name.Digest, envelopes []Envelope, opts ...remote.Option) error {
	registry := ociremote.WithRemoteOptions(append([]remote.Option{remote.WithContext(ctx)}, opts...)...)
	entity := ociremote.SignedUnknown(digest, registry)
	for i := range envelopes {
		encoded, err := envelopes[i].JSON()
		if err != nil {
			return err
		}
		certificate, err := cryptoutils.MarshalCertificateToPEM(envelopes[i].Signer.Certificate)
		if err != nil {
			return err
		}
		chain, err := cryptoutils.MarshalCertificatesToPEM(envelopes[i].Signer.Chain)
		if err != nil {
			return err
		}
		stored := []static.Option{static.WithLayerMediaType(types.DssePayloadType), static.WithCertChain(certificate, chain)}
		if envelopes[i].Entry != nil {
			stored = append(stored, static.WithBundle(bundle.EntryToBundle(envelopes[i].Entry)))
		}
		if envelopes[i].Timestamp != nil {
			stored = append(stored, static.WithRFC3161Timestamp(bundle.TimestampToRFC3161Timestamp(envelopes[i].Timestamp)))
		}
		layer, err := static.NewAttestation(encoded, stored...)
		if err != nil {
			return err
		}
		if entity, err = mutate.AttachAttestationToEntity(entity, layer); err != nil {
			return fmt.Errorf("attaching an attestation to %s: %w", digest, err)
		}
	}
	if err := ociremote.WriteAttestations(digest.Repository, entity, registry); err != nil {
		return fmt.Errorf("writing the attestations of %s: %w", digest, err)
	}
	return nil
}
