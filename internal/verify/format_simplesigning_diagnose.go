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
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
)

func (p simpleSigning) sound() error {
	if p.certErr != nil {
		block, _ := pem.Decode([]byte(p.certificate))
		if block == nil {
			block = &pem.Block{}
		}
		return malformedCertificate(block.Bytes)
	}
	if err := p.diagnoseCertificate(p.cert); err != nil {
		return err
	}
	if err := supportedKey(p.cert, func(key crypto.PublicKey) (signature.Verifier, error) {
		return signature.LoadVerifier(key, crypto.SHA256)
	}); err != nil {
		return err
	}
	diagnosePayload := p.diagnosePayload
	if p.attested != nil {
		diagnosePayload = p.diagnoseEnvelope
	}
	if err := p.verifySCTs(); err != nil {
		return reject(v1alpha1.UntrustedCertificateReason,
			"its certificate has a timestamp of a certificate transparency log that the root of trust does not have")
	}
	return diagnosePayload(p.cert)
}

// diagnose checks the log entry and the time.
func (p simpleSigning) diagnose() error {
	if p.stored.Time() == policy.Timestamp {
		return p.diagnoseTimestamp()
	}
	entry, err := p.sig.Bundle()
	if err != nil || entry == nil {
		return reject(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	}
	if _, known := p.material.RekorLogs()[entry.Payload.LogID]; !known {
		return reject(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	}
	if _, err := cosign.VerifyBundle(p.sig, p.options()); err != nil {
		return reject(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log is about another signature, or was not made by the log")
	}
	if err := diagnoseTime(p.cert, policy.LogEntry, time.Unix(entry.Payload.IntegratedTime, 0)); err != nil {
		return err
	}
	return reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

func (p simpleSigning) diagnoseTimestamp() error {
	at, err := p.verifyTimestamp()
	if err != nil {
		return reject(v1alpha1.LogProofInvalidReason,
			"it has no entry of the transparency log, and its timestamp is not by a timestamp authority of the root of trust, or not about it")
	}
	if err := diagnoseTime(p.cert, policy.Timestamp, at); err != nil {
		return err
	}
	return reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

func (p simpleSigning) diagnosePayload(*x509.Certificate) error {
	if p.verifyPayload() != nil {
		return reject(v1alpha1.InvalidSignatureReason, "it does not match its payload: one of them was changed")
	}
	if err := cosign.SimpleClaimVerifier(p.sig, p.hash, nil); err == nil {
		return nil
	}
	payload, err := p.sig.Payload()
	if err != nil {
		return err
	}
	var claim simplesigning.SimpleContainerImage
	if err := bounds.Unmarshal(payload, bounds.Document(), &claim); err == nil {
		if other, err := v1.NewHash(claim.Critical.Image.DockerManifestDigest); err == nil {
			return reject(v1alpha1.InvalidSignatureReason, "it is a signature of another image, %s", other)
		}
	}
	return reject(v1alpha1.InvalidSignatureReason, "it does not sign an image")
}

func (p simpleSigning) diagnoseEnvelope(cert *x509.Certificate) error {
	payload, payloadErr := p.sig.Payload()
	verifier, err := signature.LoadVerifier(cert.PublicKey, crypto.SHA256)
	if payloadErr != nil || err != nil || dsse.WrapVerifier(verifier).VerifySignature(bytes.NewReader(payload), nil) != nil {
		return reject(v1alpha1.InvalidSignatureReason, "its signature does not match its statement: one of them was changed")
	}
	if err := cosign.IntotoSubjectClaimVerifier(p.sig, p.hash, nil); err != nil {
		return reject(v1alpha1.InvalidSignatureReason, "its statement is about another image")
	}
	return nil
}
