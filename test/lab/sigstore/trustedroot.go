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
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TrustedRootOption changes the logs of Rekor v2 in a trusted root.
type TrustedRootOption func(s *Sigstore, rekorV2 *[]*TileLog)

// WithoutRekorV2 leaves out all logs of Rekor v2.
func WithoutRekorV2() TrustedRootOption {
	return func(_ *Sigstore, rekorV2 *[]*TileLog) { *rekorV2 = nil }
}

// WithECDSARekorV2 has the log of Rekor v2 whose key is ECDSA, and not the
// other one.
func WithECDSARekorV2() TrustedRootOption {
	return func(s *Sigstore, rekorV2 *[]*TileLog) { *rekorV2 = []*TileLog{s.ECDSARekorV2} }
}

// TrustedRoot is the trust in this instance as a Sigstore client reads it from
// a file: JSON of media type
// application/vnd.dev.sigstore.trustedroot+json;version=0.1. Like that of the
// public instance it has a log of Rekor v1 and one of Rekor v2, whose key is
// Ed25519, if the instance has any.
func (s *Sigstore) TrustedRoot(opts ...TrustedRootOption) ([]byte, error) {
	var rekorV2 []*TileLog
	if s.RekorV2 != nil {
		rekorV2 = append(rekorV2, s.RekorV2)
	}
	for _, opt := range opts {
		opt(s, &rekorV2)
	}
	logs, err := s.transparencyLogs(s.rekor, RekorURL)
	if err != nil {
		return nil, err
	}
	ctLogs, err := s.transparencyLogs(s.ctLog, CTLogURL)
	if err != nil {
		return nil, err
	}
	for _, log := range rekorV2 {
		logs[hex.EncodeToString(log.ID)] = &root.TransparencyLog{
			BaseURL:             log.URL,
			ID:                  log.ID,
			ValidityPeriodStart: s.ca.root.NotBefore.Add(time.Second), // logs are listed by age
			HashFunc:            crypto.SHA256,
			PublicKey:           log.key.Public(),
			SignatureHashFunc:   crypto.SHA256,
		}
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{
			Root:                s.ca.root,
			Intermediates:       s.ca.chain()[:1],
			ValidityPeriodStart: s.ca.root.NotBefore,
			ValidityPeriodEnd:   s.ca.root.NotAfter,
			URI:                 s.fulcioURL,
		}},
		ctLogs,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{
			Root:                s.tsa.root,
			Leaf:                s.tsa.leaf,
			ValidityPeriodStart: s.tsa.root.NotBefore,
			ValidityPeriodEnd:   s.tsa.root.NotAfter,
			URI:                 s.tsaURL,
		}},
		logs,
	)
	if err != nil {
		return nil, fmt.Errorf("making the trusted root: %w", err)
	}
	encoded, err := trusted.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encoding the trusted root: %w", err)
	}
	return encoded, nil
}

// transparencyLogs holds the log with key by its identifier, if there is one.
// The key stays in use, hence no end.
func (s *Sigstore) transparencyLogs(key *ecdsa.PrivateKey, url string) (map[string]*root.TransparencyLog, error) {
	if key == nil {
		return map[string]*root.TransparencyLog{}, nil
	}
	id, err := keyID(key)
	if err != nil {
		return nil, err
	}
	return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): {
		BaseURL:             url,
		ID:                  id[:],
		ValidityPeriodStart: s.ca.root.NotBefore,
		HashFunc:            crypto.SHA256,
		PublicKey:           key.Public(),
		SignatureHashFunc:   crypto.SHA256,
	}}, nil
}

// TrustRoot is the trust in this instance as policy-controller takes it: a
// TrustRoot object (policy.sigstore.dev/v1alpha1) of the given name, in the
// form of inline keys. That form has no validity periods. The timestamp
// authority is an option where there is a log.
func (s *Sigstore) TrustRoot(name string, opts ...TrustRootOption) (*unstructured.Unstructured, error) {
	chain, err := cryptoutils.MarshalCertificatesToPEM(s.ca.chain())
	if err != nil {
		return nil, fmt.Errorf("encoding the certificate chain: %w", err)
	}
	keys := map[string]any{
		"certificateAuthorities": []any{authorityInstance(s.ca.root, s.fulcioURL, chain)},
	}
	if s.rekor == nil {
		opts = append([]TrustRootOption{WithTimestamps()}, opts...)
	} else {
		rekor, err := transparencyLogInstance(s.rekor, RekorURL)
		if err != nil {
			return nil, err
		}
		ctLog, err := transparencyLogInstance(s.ctLog, CTLogURL)
		if err != nil {
			return nil, err
		}
		keys["tLogs"], keys["ctLogs"] = []any{rekor}, []any{ctLog}
	}
	for _, opt := range opts {
		if err := opt(s, keys); err != nil {
			return nil, err
		}
	}
	return newTrustRoot(name, map[string]any{"sigstoreKeys": keys}), nil
}

func newTrustRoot(name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy.sigstore.dev/v1alpha1",
		"kind":       "TrustRoot",
		"metadata":   map[string]any{"name": name},
		"spec":       spec,
	}}
}

// RemoteTrustRoot is a TrustRoot object that names a TUF repository and the
// root.json that trust in it starts from.
func RemoteTrustRoot(name, mirror string, rootJSON []byte) *unstructured.Unstructured {
	return newTrustRoot(name, map[string]any{"remote": map[string]any{
		"mirror": mirror, "root": base64.StdEncoding.EncodeToString(rootJSON),
	}})
}

// PackedTrustRoot is a TrustRoot object that holds a TUF repository as a
// compressed archive, and the root.json that trust in it starts from.
func PackedTrustRoot(name string, archive, rootJSON []byte) *unstructured.Unstructured {
	return newTrustRoot(name, map[string]any{"repository": map[string]any{
		"mirrorFS": base64.StdEncoding.EncodeToString(archive), "root": base64.StdEncoding.EncodeToString(rootJSON),
	}})
}

// TrustRootOption changes the keys of a TrustRoot.
type TrustRootOption func(s *Sigstore, keys map[string]any) error

// WithTimestamps adds the timestamp authority.
func WithTimestamps() TrustRootOption {
	return func(s *Sigstore, keys map[string]any) error {
		chain, err := cryptoutils.MarshalCertificatesToPEM([]*x509.Certificate{s.tsa.leaf, s.tsa.root})
		if err != nil {
			return fmt.Errorf("encoding the timestamp authority's chain: %w", err)
		}
		keys["timestampAuthorities"] = []any{authorityInstance(s.tsa.root, s.tsaURL, chain)}
		return nil
	}
}

// WithRekorV2 adds the log of Rekor v2 whose key is Ed25519, for which
// policy-controller does not take the object.
func WithRekorV2() TrustRootOption {
	return withTileLog(func(s *Sigstore) *TileLog { return s.RekorV2 })
}

// WithECDSALog adds the log of Rekor v2 whose key is ECDSA.
func WithECDSALog() TrustRootOption {
	return withTileLog(func(s *Sigstore) *TileLog { return s.ECDSARekorV2 })
}

func withTileLog(which func(s *Sigstore) *TileLog) TrustRootOption {
	return func(s *Sigstore, keys map[string]any) error {
		log := which(s)
		instance, err := transparencyLogInstance(log.key, log.URL)
		if err != nil {
			return err
		}
		logs, _ := keys["tLogs"].([]any)
		keys["tLogs"] = append(logs, instance)
		return nil
	}
}

// authorityInstance is an authority in a TrustRoot object.
func authorityInstance(root *x509.Certificate, url string, chain []byte) map[string]any {
	return map[string]any{
		"subject": map[string]any{
			"organization": root.Subject.Organization[0],
			"commonName":   root.Subject.CommonName,
		},
		"uri":       url,
		"certChain": base64.StdEncoding.EncodeToString(chain),
	}
}

// transparencyLogInstance is a log in a TrustRoot object.
func transparencyLogInstance(key crypto.Signer, url string) (map[string]any, error) {
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	if err != nil {
		return nil, fmt.Errorf("encoding a log's key: %w", err)
	}
	return map[string]any{
		"baseURL":       url,
		"hashAlgorithm": "sha-256",
		"publicKey":     base64.StdEncoding.EncodeToString(pem),
	}, nil
}
