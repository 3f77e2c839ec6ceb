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

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/oci"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// judge lets cosign decide on one signature. Only when it refuses is it asked again, in pieces, to learn why.
func (e *examination) judge(ctx context.Context, sig oci.Signature) finding {
	if err := e.check(ctx, sig, e.wanted()); err == nil {
		return e.proved(sig)
	}
	if err := e.check(ctx, sig, nil); err == nil {
		return e.bySomebodyElse(sig)
	}
	return refused(e.diagnose(sig))
}

// check is cosign's verdict on one signature, offline. No identity means anybody.
func (e *examination) check(ctx context.Context, sig oci.Signature, identities []cosign.Identity) error {
	opts := e.options()
	opts.Identities = identities
	logged, err := cosign.VerifyImageSignature(ctx, sig, e.hash, opts)
	if err == nil && !logged {
		err = errors.New("the entry of the transparency log was not verified")
	}
	return err
}

func (e *examination) options() *cosign.CheckOpts {
	return &cosign.CheckOpts{
		ClaimVerifier:   cosign.SimpleClaimVerifier,
		TrustedMaterial: e.material,
		Offline:         true,
	}
}

func (e *examination) wanted() []cosign.Identity {
	return []cosign.Identity{{
		Issuer:        e.identity.Issuer,
		IssuerRegExp:  e.identity.IssuerRegexp,
		Subject:       e.identity.Subject,
		SubjectRegExp: e.identity.SubjectRegexp,
	}}
}

// proved is the finding about a signature by the wanted identity.
func (e *examination) proved(sig oci.Signature) finding {
	found, err := e.sound(sig)
	if err != nil {
		return refused(err)
	}
	found.Verdict, found.Reason = v1alpha1.VerdictVerified, v1alpha1.SignedReason
	found.Message = bounded(fmt.Sprintf("signed by %s (issuer %s)", quoted(found.Signer.Identity), quoted(found.Signer.Issuer)), maxMessage)
	return found
}

// bySomebodyElse is the finding about a signature that is sound in all but the identity.
func (e *examination) bySomebodyElse(sig oci.Signature) finding {
	found, err := e.sound(sig)
	if err != nil {
		return refused(err)
	}
	found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason
	message, near := explainMismatch(e.identity, found.Signer.Issuer, found.Signer.Identity)
	found.Message = bounded(message, maxMessage)
	found.rank = rankIdentity + near
	return found
}

// sound holds the facts about a signature that cosign accepted. It fails only where cosign reads
// the same signature in two ways.
func (e *examination) sound(sig oci.Signature) (finding, error) {
	cert, err := sig.Cert()
	if err == nil && cert == nil {
		err = errors.New("an accepted signature has no certificate")
	}
	if err != nil {
		return finding{}, err
	}
	entry, err := sig.Bundle()
	if err == nil && entry == nil {
		err = errors.New("an accepted signature has no entry of the transparency log")
	}
	if err != nil {
		return finding{}, err
	}
	return finding{Result: Result{
		Signer:         signerOf(cert, e.identity),
		LogIndex:       entry.Payload.LogIndex,
		IntegratedTime: time.Unix(entry.Payload.IntegratedTime, 0).UTC(),
	}}, nil
}

// diagnose asks cosign piece by piece why it refuses a signature whoever made it. The order goes from
// the maker to the act: certificate, signature, log, time.
func (e *examination) diagnose(sig oci.Signature) error {
	cert, err := sig.Cert()
	switch {
	case err != nil:
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate is malformed")
	case cert == nil:
		return refuse(v1alpha1.UntrustedCertificateReason, "it has no certificate: it was made with a key, not with an identity")
	}
	if err := e.diagnoseCertificate(cert); err != nil {
		return err
	}
	if err := e.diagnosePayload(sig, cert); err != nil {
		return err
	}
	entry, err := sig.Bundle()
	if err != nil || entry == nil {
		return refuse(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	}
	if _, known := e.material.RekorLogs()[entry.Payload.LogID]; !known {
		return refuse(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	}
	if _, err := cosign.VerifyBundle(sig, e.options()); err != nil {
		return refuse(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log is about another signature, or not one that the log made")
	}
	if err := cosign.CheckExpiry(cert, time.Unix(entry.Payload.IntegratedTime, 0)); err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason,
			"its certificate was valid from %s to %s, but the transparency log took the signature in at %s",
			stamp(cert.NotBefore), stamp(cert.NotAfter), stamp(time.Unix(entry.Payload.IntegratedTime, 0)))
	}
	return refuse(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}

func (e *examination) diagnoseCertificate(cert *x509.Certificate) error {
	if _, err := cosign.ValidateAndUnpackCert(cert, e.options()); err == nil {
		return nil
	}
	if _, err := sigstoreverify.VerifyLeafCertificate(cert.NotBefore, cert, e.material); err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate is not by a certificate authority of the root of trust")
	}
	if logged, err := cosign.ContainsSCT(cert.Raw); err != nil || !logged {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate has no timestamp of a certificate transparency log")
	}
	return refuse(v1alpha1.UntrustedCertificateReason,
		"its certificate has no valid timestamp of a certificate transparency log of the root of trust")
}

func (e *examination) diagnosePayload(sig oci.Signature, cert *x509.Certificate) error {
	raw, rawErr := sig.Signature()
	payload, payloadErr := sig.Payload()
	verifier, err := signature.LoadVerifier(cert.PublicKey, crypto.SHA256)
	if rawErr != nil || payloadErr != nil || err != nil ||
		verifier.VerifySignature(bytes.NewReader(raw), bytes.NewReader(payload)) != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "it does not fit its payload: one of them was changed")
	}
	if err := cosign.SimpleClaimVerifier(sig, e.hash, nil); err == nil {
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

// stamp is a time as users read it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// signerOf reads who signed from a certificate (sigstore/fulcio, docs/oid-info.md). Of several
// names it takes the one that is wanted, if there is one.
func signerOf(cert *x509.Certificate, wanted identity) *v1alpha1.Signer {
	facts := cosign.CertExtensions{Cert: cert}
	return &v1alpha1.Signer{
		Issuer:           bounded(facts.GetIssuer(), maxName),
		Identity:         bounded(nearestSubject(wanted, cryptoutils.GetSubjectAlternateNames(cert)), maxName),
		SourceRepository: bounded(facts.GetCertExtensionGithubWorkflowRepository(), maxFact),
		SourceRef:        bounded(facts.GetCertExtensionGithubWorkflowRef(), maxFact),
		SourceCommit:     bounded(facts.GetExtensionGithubWorkflowSha(), maxShortFact),
		WorkflowName:     bounded(facts.GetCertExtensionGithubWorkflowName(), maxFact),
		WorkflowTrigger:  bounded(facts.GetCertExtensionGithubWorkflowTrigger(), maxShortFact),
	}
}
