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
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"
)

// poison marks a precertificate, which a CT log sees before the certificate
// exists (RFC 6962, section 3.1).
var poison = pkix.Extension{
	Id:       asn1.ObjectIdentifier(ctx509.OIDExtensionCTPoison),
	Critical: true,
	Value:    asn1.NullBytes,
}

// signedCertificateTimestamps returns the certificate extension that holds a
// promise by each log to include the precertificate (RFC 6962, section 3.3).
func signedCertificateTimestamps(logs []*ecdsa.PrivateKey, precertificate, issuer *x509.Certificate, at time.Time) (pkix.Extension, error) {
	var scts []*ct.SignedCertificateTimestamp
	for _, log := range logs {
		sct, err := signedCertificateTimestamp(log, precertificate, issuer, at)
		if err != nil {
			return pkix.Extension{}, err
		}
		scts = append(scts, sct)
	}
	list, err := x509util.MarshalSCTsIntoSCTList(scts)
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("listing timestamps: %w", err)
	}
	encoded, err := tls.Marshal(*list)
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("encoding timestamps: %w", err)
	}
	value, err := asn1.Marshal(encoded)
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("encoding timestamps: %w", err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier(ctx509.OIDExtensionCTSCT), Value: value}, nil
}

func signedCertificateTimestamp(
	log *ecdsa.PrivateKey, precertificate, issuer *x509.Certificate, at time.Time,
) (*ct.SignedCertificateTimestamp, error) {
	logID, err := keyID(log)
	if err != nil {
		return nil, err
	}
	timestamp := uint64(at.UnixMilli())
	chain := []ct.ASN1Cert{{Data: precertificate.Raw}, {Data: issuer.Raw}}
	leaf, err := ct.MerkleTreeLeafFromRawChain(chain, ct.PrecertLogEntryType, timestamp)
	if err != nil {
		return nil, fmt.Errorf("making a log entry: %w", err)
	}
	sct := &ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1,
		LogID:      ct.LogID{KeyID: logID},
		Timestamp:  timestamp,
	}
	signed, err := ct.SerializeSCTSignatureInput(*sct, ct.LogEntry{Leaf: *leaf})
	if err != nil {
		return nil, fmt.Errorf("encoding a log entry: %w", err)
	}
	signature, err := tls.CreateSignature(*log, tls.SHA256, signed)
	if err != nil {
		return nil, fmt.Errorf("signing a log entry: %w", err)
	}
	sct.Signature = ct.DigitallySigned(signature)
	return sct, nil
}

// keyID is the identifier of a log with the given key: the digest of its
// public key, for CT logs (RFC 6962, section 3.2) and for Rekor alike.
func keyID(key *ecdsa.PrivateKey) ([sha256.Size]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encoding a log's key: %w", err)
	}
	return sha256.Sum256(der), nil
}
