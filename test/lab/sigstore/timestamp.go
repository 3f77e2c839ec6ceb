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
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/digitorus/timestamp"
)

// timestampAuthority signs times as RFC 3161 says: a self-signed root and the
// certificate of the key that signs.
type timestampAuthority struct {
	root, leaf *x509.Certificate
	key        *ecdsa.PrivateKey // the leaf's
}

// timestampingUsage is the critical extension that a timestamping certificate
// must have, and no other usage (RFC 3161, section 2.3).
var timestampingUsage = pkix.Extension{
	Id:       asn1.ObjectIdentifier{2, 5, 29, 37},
	Critical: true,
	Value:    []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08},
}

func newTimestampAuthority(organization string, notBefore time.Time) (timestampAuthority, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return timestampAuthority{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return timestampAuthority{}, err
	}
	rootTemplate := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: "sigstore-tsa"},
		NotBefore:             notBefore,
		NotAfter:              notBefore.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	root, err := createCertificate(rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	if err != nil {
		return timestampAuthority{}, fmt.Errorf("root certificate: %w", err)
	}
	leaf, err := createCertificate(&x509.Certificate{
		Subject:         pkix.Name{Organization: []string{organization}, CommonName: "sigstore-tsa-signer"},
		NotBefore:       root.NotBefore,
		NotAfter:        root.NotAfter,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{timestampingUsage},
	}, root, key.Public(), rootKey)
	if err != nil {
		return timestampAuthority{}, fmt.Errorf("signing certificate: %w", err)
	}
	return timestampAuthority{root: root, leaf: leaf, key: key}, nil
}

// Timestamp says that content existed at the given time: an RFC 3161 response.
func (s *Sigstore) Timestamp(content []byte, at time.Time) ([]byte, error) {
	digest := sha256.Sum256(content)
	return s.tsa.stamp(&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Certificates: true}, at)
}

func (a timestampAuthority) stamp(request *timestamp.Request, at time.Time) ([]byte, error) {
	token := timestamp.Timestamp{
		HashAlgorithm:     request.HashAlgorithm,
		HashedMessage:     request.HashedMessage,
		Nonce:             request.Nonce,
		Time:              at,
		Policy:            asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
		AddTSACertificate: request.Certificates,
	}
	response, err := token.CreateResponseWithOpts(a.leaf, a.key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("making a timestamp: %w", err)
	}
	return response, nil
}

// Stamp gives a signature a timestamp of the given time, as cosign stores it.
func (s *Sigstore) Stamp(signature *Signature, at time.Time) error {
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err != nil {
		return fmt.Errorf("decoding the signature: %w", err)
	}
	signature.Timestamp, err = s.Timestamp(raw, at)
	return err
}
