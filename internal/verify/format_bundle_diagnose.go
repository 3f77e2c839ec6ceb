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
	"context"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
)

// diagnose checks the certificate first, then the signature, the log entry and the time.
func (p sigstoreBundle) diagnose(context.Context) error {
	content, err := p.bundle.VerificationContent()
	if err != nil {
		return reject(v1alpha1.UntrustedCertificateReason, "its certificate is malformed")
	}
	cert := content.Certificate()
	if err := p.diagnoseCertificate(cert); err != nil {
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
	entries := p.entries()
	if !p.logs && p.stored.Time() == policy.LogEntry {
		return reject(v1alpha1.LogProofInvalidReason,
			"it has no RFC 3161 timestamp, and the root of trust has no transparency log that could prove its time instead")
	}
	if len(entries) == 0 && p.stored.Time() == policy.LogEntry {
		return reject(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	}
	if len(entries) > 0 && p.logs && !slices.ContainsFunc(entries, p.isKnown) {
		return reject(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	}
	return p.diagnoseLog(cert)
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
		if err := diagnoseTime(cert, policy.Timestamp, timestamps[0].Time); err != nil {
			return err
		}
	}
	if !p.logs || len(p.entries()) == 0 {
		return reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
	}
	if _, err := sigstoreverify.VerifyTlogEntry(p.bundle, p.material, 1, false); err != nil {
		// sigstore-go also rejects a valid entry if its time is not within the certificate's validity.
		if err := p.diagnoseEntryTime(cert); err != nil {
			return err
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
		if err := diagnoseTime(cert, policy.LogEntry, entry.IntegratedTime()); err != nil {
			return err
		}
	}
	return nil
}
