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
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// Save writes the instance's certificates and private keys into a PEM file
// that only its owner may read, for Load in another process.
func (s *Sigstore) Save(path string) error {
	if s.rekor == nil {
		return errNoLog
	}
	content, err := cryptoutils.MarshalCertificatesToPEM([]*x509.Certificate{s.ca.root, s.ca.intermediate, s.tsa.root, s.tsa.leaf})
	if err != nil {
		return fmt.Errorf("encoding the certificates: %w", err)
	}
	for _, key := range []crypto.Signer{s.ca.key, s.ctLog, s.rekor, s.tsa.key, s.ECDSARekorV2.key, s.RekorV2.key} {
		encoded, err := cryptoutils.MarshalPrivateKeyToPEM(key)
		if err != nil {
			return fmt.Errorf("encoding a key: %w", err)
		}
		content = append(content, encoded...)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("saving the Sigstore instance: %w", err)
	}
	return nil
}

// Load returns the instance that Save wrote to path.
func Load(path string) (*Sigstore, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("loading a Sigstore instance: %w", err)
	}
	var certificates []*x509.Certificate
	var keys []*ecdsa.PrivateKey
	var tileLogs tileLogKeys
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == string(cryptoutils.CertificatePEMType) {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: reading a certificate: %w", path, err)
			}
			certificates = append(certificates, certificate)
			continue
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: reading a key: %w", path, err)
		}
		switch key := key.(type) {
		case *ecdsa.PrivateKey:
			keys = append(keys, key)
		case ed25519.PrivateKey:
			tileLogs.ed25519 = key
		default:
			return nil, fmt.Errorf("%s: a key is a %T", path, key)
		}
	}
	if len(certificates) != 4 || len(keys) != 5 || tileLogs.ed25519 == nil {
		return nil, fmt.Errorf("%s: %d certificates and %d ECDSA keys, want 4 and 5, and an Ed25519 key", path, len(certificates), len(keys))
	}
	tileLogs.ecdsa = keys[4]
	ca := authority{root: certificates[0], intermediate: certificates[1], key: keys[0]}
	tsa := timestampAuthority{root: certificates[2], leaf: certificates[3], key: keys[3]}
	return newSigstore(ca, keys[1], keys[2], tsa, tileLogs)
}
