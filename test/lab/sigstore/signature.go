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
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/cosign/v2/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	sigpayload "github.com/sigstore/sigstore/pkg/signature/payload"
)

// Signer is a key pair and the certificate that says whose it is.
type Signer struct {
	Key         *ecdsa.PrivateKey
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // above Certificate, the root last
}

// Signature is one signature of an image as cosign stores it: a layer of the
// image's .sig manifest. Every field may be changed before it is attached.
type Signature struct {
	// Payload is the document that is signed, see Payload.
	Payload []byte
	// Base64 is the signature over Payload.
	Base64 string
	// Certificate and Chain are PEM. Without Certificate neither is attached.
	Certificate, Chain []byte
	// Bundle is the log's promise; nil if the signature was not logged.
	Bundle *bundle.RekorBundle
	// Timestamp is an RFC 3161 response; nil if there is none.
	Timestamp []byte
	// Annotations are laid over those that the fields above make.
	Annotations map[string]string
}

// Payload is the document that cosign signs to say that digest is an image of
// its repository (containers-signature(5), "simple signing").
func Payload(digest name.Digest) ([]byte, error) {
	payload, err := sigpayload.Cosign{Image: digest}.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("making the payload for %s: %w", digest, err)
	}
	return payload, nil
}

// Sign signs payload. The signature is not logged.
func (s *Signer) Sign(payload []byte) (Signature, error) {
	digest := sha256.Sum256(payload)
	raw, err := ecdsa.SignASN1(rand.Reader, s.Key, digest[:])
	if err != nil {
		return Signature{}, fmt.Errorf("signing: %w", err)
	}
	certificate, err := cryptoutils.MarshalCertificateToPEM(s.Certificate)
	if err != nil {
		return Signature{}, fmt.Errorf("encoding the certificate: %w", err)
	}
	chain, err := cryptoutils.MarshalCertificatesToPEM(s.Chain)
	if err != nil {
		return Signature{}, fmt.Errorf("encoding the certificate chain: %w", err)
	}
	return Signature{
		Payload:     payload,
		Base64:      base64.StdEncoding.EncodeToString(raw),
		Certificate: certificate,
		Chain:       chain,
	}, nil
}

// Attach adds signatures to those that the image at digest has in its
// registry. The image itself need not be there.
func Attach(ctx context.Context, digest name.Digest, signatures []Signature, opts ...remote.Option) error {
	registry := ociremote.WithRemoteOptions(append([]remote.Option{remote.WithContext(ctx)}, opts...)...)
	entity := ociremote.SignedUnknown(digest, registry)
	for _, signature := range signatures {
		layer, err := signature.layer()
		if err != nil {
			return fmt.Errorf("signature of %s: %w", digest, err)
		}
		if entity, err = mutate.AttachSignatureToEntity(entity, layer); err != nil {
			return fmt.Errorf("attaching a signature to %s: %w", digest, err)
		}
	}
	if err := ociremote.WriteSignatures(digest.Repository, entity, registry); err != nil {
		return fmt.Errorf("writing the signatures of %s: %w", digest, err)
	}
	return nil
}

func (s Signature) layer() (oci.Signature, error) {
	var opts []static.Option
	if s.Certificate != nil {
		opts = append(opts, static.WithCertChain(s.Certificate, s.Chain))
	}
	if s.Bundle != nil {
		opts = append(opts, static.WithBundle(s.Bundle))
	}
	if s.Timestamp != nil {
		opts = append(opts, static.WithRFC3161Timestamp(bundle.TimestampToRFC3161Timestamp(s.Timestamp)))
	}
	layer, err := static.NewSignature(s.Payload, s.Base64, opts...)
	if err != nil {
		return nil, err
	}
	return annotated{ociSignature: layer, over: s.Annotations}, nil
}

// ociSignature can be embedded although oci.Signature has a method Signature.
type ociSignature = oci.Signature

// annotated lays annotations over those of a signature.
type annotated struct {
	ociSignature
	over map[string]string
}

func (a annotated) Annotations() (map[string]string, error) {
	annotations, err := a.ociSignature.Annotations()
	if err != nil {
		return nil, err
	}
	maps.Copy(annotations, a.over)
	return annotations, nil
}
