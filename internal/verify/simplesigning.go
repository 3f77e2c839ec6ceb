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
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/certificate-transparency-go/x509util"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// attachedProof is a signature or attestation as cosign v2 stores it.
type attachedProof struct {
	*examination
	ctx    context.Context //nolint:containedctx // cosign's functions take one each, and a proof lives as long as its judgement
	sig    oci.Signature
	format policy.Format
	// attestation tells that sig is an envelope with a statement.
	attestation bool
}

// judgeAttached decides on one signature or attestation.
func (e *examination) judgeAttached(ctx context.Context, c *claim, sig oci.Signature, attested []byte) finding {
	format, err := e.formOf(sig)
	if err != nil {
		return c.refused(err)
	}
	if !c.formats.Has(format) {
		return c.refused(refuse(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log"))
	}
	return e.decide(c, attachedProof{examination: e, ctx: ctx, sig: sig, format: format, attestation: c.attestation != nil}, attested)
}

// formOf tells what is to prove the time of a signature: an entry of the log, wherever there is one. A timestamp counts
// only where the root of trust can judge it.
func (e *examination) formOf(sig oci.Signature) (policy.Format, error) {
	entry, err := sig.Bundle()
	if err != nil {
		return "", refuse(v1alpha1.LogProofInvalidReason, "its entry of the transparency log is malformed")
	}
	stamp, err := sig.RFC3161Timestamp()
	if err != nil {
		return "", refuse(v1alpha1.InvalidSignatureReason, "its timestamp is malformed")
	}
	if entry == nil && stamp != nil && e.timestamps {
		return policy.Timestamped, nil
	}
	return policy.SimpleSigning, nil
}

func (p attachedProof) check(identities []cosign.Identity) error {
	opts := p.options(identities)
	if p.format == policy.Timestamped {
		opts.IgnoreTlog, opts.UseSignedTimestamps = true, true
		// cosign would go by the clock without one.
		if _, err := p.stamped(); err != nil {
			return err
		}
	}
	var logged bool
	var err error
	if p.attestation {
		opts.ClaimVerifier = cosign.IntotoSubjectClaimVerifier
		logged, err = cosign.VerifyBlobAttestation(p.ctx, p.sig, p.hash, opts)
	} else {
		opts.ClaimVerifier = cosign.SimpleClaimVerifier
		logged, err = cosign.VerifyImageSignature(p.ctx, p.sig, p.hash, opts)
	}
	if err == nil && !logged && p.format == policy.SimpleSigning {
		err = errors.New("the entry of the transparency log was not verified")
	}
	if err == nil {
		err = p.allLogged()
	}
	return err
}

// allLogged tells whether each log that promises to have taken the certificate in is one of the root of trust. One is
// enough for cosign; policy-controller v0.14 wants all of them.
func (p attachedProof) allLogged() error {
	cert, err := p.sig.Cert()
	if err != nil {
		return err
	}
	promises, err := x509util.ParseSCTsFromCertificate(cert.Raw)
	if err != nil {
		return err
	}
	chains, err := sigstoreverify.VerifyLeafCertificate(cert.NotBefore, cert, p.material)
	if err != nil {
		return err
	}
	return sigstoreverify.VerifySignedCertificateTimestamp(chains, len(promises), p.material)
}

// stamped is the time of the timestamp, verified.
func (p attachedProof) stamped() (at time.Time, err error) {
	defer func() {
		// cosign v2.6.5 does not survive a timestamp that no authority of the root of trust made.
		if r := recover(); r != nil {
			err = fmt.Errorf("verifying the timestamp: panic: %v", r)
		}
	}()
	stamp, err := cosign.VerifyRFC3161Timestamp(p.sig, p.options(nil))
	if err == nil && stamp == nil {
		err = errors.New("there is no timestamp")
	}
	if err != nil {
		return time.Time{}, err
	}
	return stamp.Time, nil
}

func (p attachedProof) sound() (facts, error) {
	cert, err := p.sig.Cert()
	if err != nil {
		return facts{}, err
	}
	payload, err := p.sig.Payload()
	if err != nil {
		return facts{}, err
	}
	if p.format == policy.Timestamped {
		at, err := p.stamped()
		if err != nil {
			return facts{}, err
		}
		return facts{certificate: cert, logIndex: -1, time: at, format: p.format, payload: payload}, nil
	}
	entry, err := p.sig.Bundle()
	if err == nil && entry == nil {
		err = errors.New("an accepted signature has no entry of the transparency log")
	}
	if err != nil {
		return facts{}, err
	}
	return facts{
		certificate: cert, logIndex: entry.Payload.LogIndex, time: time.Unix(entry.Payload.IntegratedTime, 0), format: p.format,
		payload: payload, bundle: entryJSON{entry},
	}, nil
}

// entryJSON is an entry of the transparency log as cosign prints it.
type entryJSON struct{ entry *bundle.RekorBundle }

func (e entryJSON) MarshalJSON() ([]byte, error) { return json.Marshal(e.entry) }

// diagnose goes from the maker to the act: certificate, signature, log, time.
func (p attachedProof) diagnose() error {
	cert, err := p.sig.Cert()
	if err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate is malformed")
	}
	if err := p.diagnoseCertificate(cert); err != nil {
		return err
	}
	diagnosePayload := p.diagnosePayload
	if p.attestation {
		diagnosePayload = p.diagnoseEnvelope
	}
	if err := p.allLogged(); err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason,
			"its certificate has a timestamp of a certificate transparency log that the root of trust does not have")
	}
	if err := diagnosePayload(cert); err != nil {
		return err
	}
	if p.format == policy.Timestamped {
		return p.diagnoseTimestamp(cert)
	}
	entry, err := p.sig.Bundle()
	if err != nil || entry == nil {
		return refuse(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	}
	if _, known := p.material.RekorLogs()[entry.Payload.LogID]; !known {
		return refuse(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	}
	if _, err := cosign.VerifyBundle(p.sig, p.options(nil)); err != nil {
		return refuse(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log is about another signature, or not one that the log made")
	}
	if err := diagnoseTime(cert, logTook, time.Unix(entry.Payload.IntegratedTime, 0)); err != nil {
		return err
	}
	return refuse(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

func (p attachedProof) diagnoseTimestamp(cert *x509.Certificate) error {
	at, err := p.stamped()
	if err != nil {
		return refuse(v1alpha1.LogProofInvalidReason,
			"it has no entry of the transparency log, and its timestamp is not by a timestamp authority of the root of trust, or not about it")
	}
	if err := diagnoseTime(cert, timestampTook, at); err != nil {
		return err
	}
	return refuse(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

func (p attachedProof) diagnosePayload(cert *x509.Certificate) error {
	raw, rawErr := p.sig.Signature()
	payload, payloadErr := p.sig.Payload()
	verifier, err := signature.LoadVerifier(cert.PublicKey, crypto.SHA256)
	if rawErr != nil || payloadErr != nil || err != nil ||
		verifier.VerifySignature(bytes.NewReader(raw), bytes.NewReader(payload)) != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "it does not fit its payload: one of them was changed")
	}
	if err := cosign.SimpleClaimVerifier(p.sig, p.hash, nil); err == nil {
		return nil
	}
	var claim simplesigning.SimpleContainerImage
	if err := json.Unmarshal(payload, &claim); err == nil {
		if other, err := v1.NewHash(claim.Critical.Image.DockerManifestDigest); err == nil {
			return refuse(v1alpha1.InvalidSignatureReason, "it is a signature of another image, %s", other)
		}
	}
	return refuse(v1alpha1.InvalidSignatureReason, "what it signs is not an image")
}

func (p attachedProof) diagnoseEnvelope(cert *x509.Certificate) error {
	payload, payloadErr := p.sig.Payload()
	verifier, err := signature.LoadVerifier(cert.PublicKey, crypto.SHA256)
	if payloadErr != nil || err != nil || dsse.WrapVerifier(verifier).VerifySignature(bytes.NewReader(payload), nil) != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "its signature does not fit its statement: one of them was changed")
	}
	if err := cosign.IntotoSubjectClaimVerifier(p.sig, p.hash, nil); err != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "its statement is about another image")
	}
	return nil
}
