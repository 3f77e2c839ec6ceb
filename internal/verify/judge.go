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
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// proof is a signature or attestation in one form, for cosign to decide on, offline. Only when that refuses is it asked
// again, in pieces, to learn why.
type proof interface {
	// check is the decision. No identity means anybody.
	check(identities []cosign.Identity) error
	// sound holds the facts about what check accepted. It fails only where the same thing can be read in two ways.
	sound() (facts, error)
	// diagnose says why check refuses whoever signed. The error is a *refusal.
	diagnose() error
}

// facts about a sound proof.
type facts struct {
	certificate *x509.Certificate
	logIndex    int64 // -1 without an entry of the log
	time        time.Time
	format      policy.Format

	payload []byte
	bundle  json.Marshaler // nil without one
}

// decide on a proof. Attested is the statement in it, nil for a signature of cosign v2.
func (e *examination) decide(c *claim, p proof, attested []byte) finding {
	if err := p.check(e.wanted()); err == nil {
		return e.accepted(c, p, attested)
	}
	if err := p.check(nil); err == nil {
		return e.bySomebodyElse(c, p)
	}
	return c.refused(p.diagnose())
}

// options are what cosign is asked with.
func (e *examination) options(identities []cosign.Identity) *cosign.CheckOpts {
	return &cosign.CheckOpts{TrustedMaterial: e.material, Offline: true, Identities: identities}
}

func (e *examination) wanted() []cosign.Identity {
	wanted := e.rule.Identity
	return []cosign.Identity{{
		Issuer:        wanted.Issuer,
		IssuerRegExp:  wanted.IssuerRegexp,
		Subject:       wanted.Subject,
		SubjectRegExp: wanted.SubjectRegexp,
	}}
}

// accepted is the finding about a proof by the wanted identity.
func (e *examination) accepted(c *claim, p proof, attested []byte) finding {
	found, err := e.sound(p)
	if err != nil {
		return c.refused(err)
	}
	if c.attestation != nil && c.attestation.CUE != "" {
		if err := policy.Evaluate(c.attestation.CUE, attested); err != nil {
			found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.AttestationRejectedReason
			found.Message = bounded(fmt.Sprintf("attested by %s, but the condition in CUE is not fulfilled: %v",
				quoted(found.Signer.Identity), err), maxMessage)
			found.rank = rankCondition
			return found
		}
	}
	found.Verdict, found.Reason = v1alpha1.VerdictVerified, v1alpha1.SignedReason
	found.Message = bounded(fmt.Sprintf("signed by %s (issuer %s)", quoted(found.Signer.Identity), quoted(found.Signer.Issuer)), maxMessage)
	return found
}

// bySomebodyElse is the finding about a proof that is sound in all but the identity.
func (e *examination) bySomebodyElse(c *claim, p proof) finding {
	found, err := e.sound(p)
	if err != nil {
		return c.refused(err)
	}
	found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason
	message, near := explainMismatch(e.rule.Matcher(), found.Signer.Issuer, found.Signer.Identity)
	found.Message = bounded(message, maxMessage)
	found.rank = rankIdentity + near
	return found
}

func (e *examination) sound(p proof) (finding, error) {
	known, err := p.sound()
	if err == nil && known.certificate == nil {
		err = errors.New("an accepted signature has no certificate")
	}
	if err != nil {
		return finding{}, err
	}
	proof, err := e.proof(known)
	if err != nil {
		return finding{}, err
	}
	return finding{Result: Result{
		Material:       proof,
		Signer:         signerOf(known.certificate, e.rule.Matcher()),
		LogIndex:       known.logIndex,
		IntegratedTime: known.time.UTC(),
		Format:         known.format,
	}}, nil
}

// proof of what is known, where it is wanted.
func (e *examination) proof(known facts) (*Material, error) {
	if !e.proofs {
		return nil, nil //nolint:nilnil // none is wanted
	}
	p := &Material{Payload: known.payload, Certificate: known.certificate}
	if known.bundle == nil {
		return p, nil
	}
	encoded, err := known.bundle.MarshalJSON()
	p.Bundle = encoded
	return p, err
}

// diagnoseCertificate says what is wrong with a certificate; nil if nothing is, but perhaps for its time.
func (e *examination) diagnoseCertificate(cert *x509.Certificate) error {
	if cert == nil {
		return refuse(v1alpha1.UntrustedCertificateReason, "it has no certificate: it was made with a key, not with an identity")
	}
	chains, err := sigstoreverify.VerifyLeafCertificate(cert.NotBefore, cert, e.material)
	if err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate is not by a certificate authority of the root of trust")
	}
	if logged, err := cosign.ContainsSCT(cert.Raw); err != nil || !logged {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate has no timestamp of a certificate transparency log")
	}
	if err := sigstoreverify.VerifySignedCertificateTimestamp(chains, 1, e.material); err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason,
			"its certificate has no valid timestamp of a certificate transparency log of the root of trust")
	}
	return nil
}

// diagnoseTime says that a certificate was not valid when it was used; nil if it was.
func diagnoseTime(cert *x509.Certificate, witness string, at time.Time) error {
	if err := cosign.CheckExpiry(cert, at); err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason,
			"its certificate was valid from %s to %s, but %s the signature in at %s",
			stamp(cert.NotBefore), stamp(cert.NotAfter), witness, stamp(at))
	}
	return nil
}

// How the witnesses of a signature's time are called.
const (
	logTook       = "the transparency log took"
	timestampTook = "the timestamp authority took"
)

// stamp is a time as users read it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// signerOf reads who signed from a certificate (sigstore/fulcio, docs/oid-info.md). Of several
// names it takes the one that is wanted, if there is one.
func signerOf(cert *x509.Certificate, expected *policy.Matcher) *v1alpha1.Signer {
	facts := cosign.CertExtensions{Cert: cert}
	return &v1alpha1.Signer{
		Issuer:           bounded(facts.GetIssuer(), maxName),
		Identity:         bounded(nearestSubject(expected, cryptoutils.GetSubjectAlternateNames(cert)), maxName),
		SourceRepository: bounded(facts.GetCertExtensionGithubWorkflowRepository(), maxFact),
		SourceRef:        bounded(facts.GetCertExtensionGithubWorkflowRef(), maxFact),
		SourceCommit:     bounded(facts.GetExtensionGithubWorkflowSha(), maxShortFact),
		WorkflowName:     bounded(facts.GetCertExtensionGithubWorkflowName(), maxFact),
		WorkflowTrigger:  bounded(facts.GetCertExtensionGithubWorkflowTrigger(), maxShortFact),
	}
}
