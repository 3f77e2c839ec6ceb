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

package verify

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
)

func (p sigstoreBundle) sound() error {
	content, err := p.bundle.VerificationContent()
	if err != nil {
		return malformedCertificate(p.rawCertificate())
	}
	cert := content.Certificate()
	if err := p.diagnoseCertificate(cert); err != nil {
		return err
	}
	if err := supportedKey(cert, func(key crypto.PublicKey) (signature.Verifier, error) {
		return signature.LoadDefaultVerifier(key)
	}); err != nil {
		return err
	}
	signed, err := p.bundle.SignatureContent()
	if err != nil {
		return reject(v1alpha1.InvalidSignatureReason, "its signature is malformed")
	}
	if err := sigstoreverify.VerifySignature(signed, content, p.material); err != nil {
		return reject(v1alpha1.InvalidSignatureReason, "its signature does not match its statement: one of them was changed")
	}
	if other := p.otherSubject(); other != "" {
		return reject(v1alpha1.InvalidSignatureReason, "its statement is about %s", other)
	}
	return nil
}

// diagnose checks the log entry and the time.
func (p sigstoreBundle) diagnose() error {
	if err := p.diagnoseEntries(); err != nil {
		return err
	}
	return p.diagnoseLog(p.signer())
}

// rawCertificate is the certificate as it is stored; nil if there is none.
func (p sigstoreBundle) rawCertificate() []byte {
	material := p.bundle.GetVerificationMaterial()
	if chain := material.GetX509CertificateChain().GetCertificates(); len(chain) > 0 {
		return chain[0].GetRawBytes()
	}
	return material.GetCertificate().GetRawBytes()
}

// diagnoseEntries says what is wrong with the entries of transparency logs, before any of them is verified.
func (p sigstoreBundle) diagnoseEntries() error {
	entries := p.entries()
	switch {
	case !p.logs && p.stored.Time() == policy.LogEntry:
		return reject(v1alpha1.LogProofInvalidReason,
			"it has no RFC 3161 timestamp, and the root of trust has no transparency log that could prove its time instead")
	case p.ignoresLog():
		return nil
	case len(entries) == 0:
		return reject(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	case !slices.ContainsFunc(entries, p.isKnown):
		return reject(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	case p.stored == policy.Bundle && !slices.ContainsFunc(entries, hasTime) && p.timestamps:
		return reject(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log has no time, like those of Rekor v2, and there is no RFC 3161 timestamp")
	case p.stored == policy.Bundle && !slices.ContainsFunc(entries, hasTime):
		return reject(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log has no time, like those of Rekor v2, and the root of trust has no timestamp authority")
	case p.stored == policy.Bundle && !slices.ContainsFunc(entries, hasSignedTime):
		return reject(v1alpha1.LogProofInvalidReason, "its entry of the transparency log has no time that the log signed")
	default:
		return nil
	}
}

// otherSubject is the image that the statement is about; empty if it is the right one.
func (p sigstoreBundle) otherSubject() string {
	var about struct {
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := bounds.Unmarshal(p.statement(), bounds.Statement(), &about); err != nil || len(about.Subject) == 0 {
		return "no image"
	}
	other := ""
	for _, subject := range about.Subject {
		if digest := subject.Digest[p.hash.Algorithm]; digest == p.hash.Hex {
			return ""
		} else if other == "" {
			other = fmt.Sprintf("another image, %s:%s", p.hash.Algorithm, quoted(digest))
		}
	}
	return other
}

// diagnoseLog says what is wrong with the proof of a bundle's time, if nothing else is.
func (p sigstoreBundle) diagnoseLog(cert *x509.Certificate) error {
	if p.stored.Time() == policy.Timestamp {
		timestamps, _, err := sigstoreverify.VerifySignedTimestamp(p.bundle, p.material)
		if err != nil || len(timestamps) == 0 {
			return reject(v1alpha1.LogProofInvalidReason,
				"its timestamp is not by a timestamp authority of the root of trust, or is about another signature")
		}
		if err := p.diagnoseTimes(cert, policy.Timestamp, timestamps[0].Time); err != nil {
			return err
		}
	}
	if p.ignoresLog() {
		return reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
	}
	_, err := sigstoreverify.VerifyTlogEntry(p.bundle, p.material, 1, false)
	if versions := p.verifyVersions(); err != nil || versions != nil {
		// sigstore-go also rejects a valid entry if its time is not within the certificate's validity.
		if err := p.diagnoseEntryTime(cert); err != nil {
			return err
		}
		if p.stored == policy.RekorV2Bundle {
			return reject(v1alpha1.LogProofInvalidReason,
				"the transparency log does not prove that it has the signature: the entry is of another one, or the log did not sign the checkpoint")
		}
		return reject(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log is about another signature, or was not made by the log")
	}
	if err := p.diagnoseEntryTime(cert); err != nil {
		return err
	}
	return reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

// diagnoseEntryTime checks the times that the transparency log signed.
func (p sigstoreBundle) diagnoseEntryTime(cert *x509.Certificate) error {
	entries, err := p.bundle.TlogEntries()
	if err != nil {
		return reject(v1alpha1.LogProofInvalidReason, "its entry of the transparency log is malformed")
	}
	for _, entry := range entries {
		if !entry.HasInclusionPromise() || tlog.VerifySET(entry, p.material.RekorLogs()) != nil {
			continue
		}
		if err := p.diagnoseTimes(cert, policy.LogEntry, entry.IntegratedTime()); err != nil {
			return err
		}
	}
	return nil
}

// diagnoseTimes checks that a certificate and the authorities above it were valid at the time of signing.
func (p sigstoreBundle) diagnoseTimes(cert *x509.Certificate, proof policy.TimeProof, at time.Time) error {
	if err := diagnoseTime(cert, proof, at); err != nil {
		return err
	}
	if p.expiredAuthority(cert, at) {
		return reject(v1alpha1.UntrustedCertificateReason,
			"a certificate authority above its certificate was not valid at the time of signing, %s", at.UTC().Format(time.RFC3339))
	}
	return nil
}
