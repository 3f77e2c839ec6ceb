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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// candidate is a signature or attestation that may fulfil a claim. cosign decides on it, offline. Only if it is rejected
// its parts are checked one by one, to find out why.
type candidate interface {
	// format is the storage of the candidate and what is to prove its time.
	format() policy.Format
	// statement is the in-toto statement that is signed; nil for a signature of cosign v2.
	statement() []byte
	// check is the decision. Without identities any signer is accepted.
	check(ctx context.Context, identities []cosign.Identity) error
	// verified returns the details of a candidate that check accepted. It fails only if cosign and this package read the
	// candidate differently.
	verified(ctx context.Context) (details, error)
	// sound checks the certificate, except for its period of validity, and then whether the signature is by it and about the
	// image. The error is a *rejection.
	sound() (*x509.Certificate, error)
	// diagnose says why check rejects a sound candidate for any signer: what is wrong with the proof of its time. The error is a
	// *rejection.
	diagnose(cert *x509.Certificate) error
}

// details of a candidate that check accepted.
type details struct {
	payload     []byte
	certificate *x509.Certificate
	bundle      json.Marshaler // nil if there is none
	logIndex    int64          // -1 without an entry of the transparency log
	log         string         // identifier of the log, in hexadecimal; empty without an entry
	time        time.Time
	// withoutStamp reports whether it is a bundle that would not be accepted if a timestamp was required.
	withoutStamp bool
}

// decide verifies a candidate.
func (v *verification) decide(ctx context.Context, c *claim, p candidate) finding {
	if !c.formats.Has(p.format()) {
		return v.rejectedBecause(c, p)
	}
	if err := p.check(ctx, identities(v.rule.Signer)); err == nil {
		return v.accepted(ctx, c, p)
	}
	if v.brief {
		return c.rejected(reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it"))
	}
	if err := p.check(ctx, nil); err == nil {
		return v.identityMismatch(ctx, c, p)
	}
	return v.rejectedBecause(c, p)
}

// rejectedBecause is the finding about a candidate that is not accepted for any signer. One that lacks only the proof of its time
// says more about the image than a valid one by somebody else, if the declared identity made it.
func (v *verification) rejectedBecause(c *claim, p candidate) finding {
	cert, err := p.sound()
	if err != nil {
		return c.rejected(err)
	}
	if c.formats.Has(p.format()) {
		err = p.diagnose(cert)
	} else {
		err = reject(v1alpha1.LogProofInvalidReason, "it has no %s", timeProof(c.formats))
	}
	found := c.rejected(err)
	if found.Verdict == v1alpha1.VerdictUntrusted && v.isExpected(cert) {
		found.rank = rankExpected
	}
	return found
}

// onOtherCurve reports whether a certificate's key is on another curve than P-256.
func onOtherCurve(cert *x509.Certificate) bool {
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	return ok && key.Curve != elliptic.P256()
}

// isExpected reports whether a certificate names the declared identity.
func (v *verification) isExpected(cert *x509.Certificate) bool {
	expected := v.rule.Matcher()
	return expected.IssuerMatches(extensionsOf(cert).Issuer) &&
		slices.ContainsFunc(cryptoutils.GetSubjectAlternateNames(cert), expected.SubjectMatches)
}

// timeProof says what is accepted as a proof of time.
func timeProof(accepted policy.Formats) string {
	for _, format := range accepted {
		if format.Time() == policy.LogEntry {
			return "entry of the transparency log with a time"
		}
	}
	return "RFC 3161 timestamp by a timestamp authority of the root of trust"
}

// options for cosign. A certificate has to be in a certificate transparency log, unless the root of trust has none.
func (v *verification) options(identities []cosign.Identity) *cosign.CheckOpts {
	return &cosign.CheckOpts{TrustedMaterial: v.material, Offline: true, Identities: identities, IgnoreSCT: !v.ctLogs}
}

// accepted is the finding about a candidate by the expected identity.
func (v *verification) accepted(ctx context.Context, c *claim, p candidate) finding {
	found, known, err := v.describe(ctx, p)
	if err != nil {
		return c.rejected(err)
	}
	if c.attestation != nil && c.attestation.CUE != "" {
		err := v.conditions.Evaluate(ctx, c.attestation.CUE, p.statement())
		if notDecided(err) {
			return notEvaluated(c, err)
		}
		if err != nil {
			found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.AttestationRejectedReason
			found.Message = printable(fmt.Sprintf("attested by %s, but the statement does not satisfy the CUE condition: %v",
				quoted(found.Signer.Identity), err), maxMessage)
			found.rank = rankCondition
			return found
		}
	}
	found.Verdict, found.Reason = v1alpha1.VerdictVerified, v1alpha1.SignedReason
	found.Message = printable("signed by "+identified(found.Signer), maxMessage)
	found.OtherCurve = p.format().Storage() == v1alpha1.SignatureFormatBundle && onOtherCurve(known.certificate)
	found.ExpiredAuthority = v.expiredAuthority(known.certificate, found.IntegratedTime)
	found.withoutStamp = known.withoutStamp
	if v.keep {
		if found.Material, err = known.stored(); err != nil {
			return c.rejected(err)
		}
	}
	return found
}

// notEvaluated is the finding about an attestation whose condition cannot be evaluated, so that it might be met.
func notEvaluated(c *claim, err error) finding {
	return finding{
		Result: unknown(v1alpha1.ConditionNotEvaluatedReason, fmt.Sprintf("%sthe CUE condition: %v", c.prefix(), err)), rank: rankUnknown,
	}
}

// notDecided reports whether an evaluation brought no answer.
func notDecided(err error) bool {
	_, unsupported := errors.AsType[*condition.UnsupportedError](err)
	return unsupported || errors.Is(err, condition.ErrUnavailable) || errors.Is(err, condition.ErrFailed)
}

// identityMismatch is the finding about a candidate that is valid, but by another identity.
func (v *verification) identityMismatch(ctx context.Context, c *claim, p candidate) finding {
	found, _, err := v.describe(ctx, p)
	if err != nil {
		return c.rejected(err)
	}
	found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason
	message, near := explainMismatch(v.rule.Matcher(), found.Signer.Issuer, found.Signer.Identity)
	found.Message = printable(message, maxMessage)
	found.rank = rankIdentity + near
	return found
}

// describe returns the details of a candidate that check accepted, without a verdict.
func (v *verification) describe(ctx context.Context, p candidate) (finding, details, error) {
	known, err := p.verified(ctx)
	if err == nil && known.certificate == nil {
		err = errors.New("an accepted signature has no certificate")
	}
	if err != nil {
		return finding{}, details{}, err
	}
	return finding{Result: Result{
		Signer:         signerOf(known.certificate, v.rule.Matcher()),
		LogIndex:       known.logIndex,
		Log:            v.logURL(known.log),
		IntegratedTime: known.time.UTC(),
		Format:         p.format(),
	}}, known, nil
}

// logURL is the URL of a transparency log of the root of trust, by its identifier.
func (v *verification) logURL(id string) string {
	if log := v.material.RekorLogs()[id]; log != nil && id != "" {
		return printable(text.WithoutSecrets(log.BaseURL), maxFact)
	}
	return ""
}

// stored returns the Material of a signature that is accepted. That of others is not kept: it may be large, and anybody may
// attach it.
func (d details) stored() (*Material, error) {
	material := &Material{Payload: d.payload, Certificate: d.certificate}
	if d.bundle == nil {
		return material, nil
	}
	encoded, err := d.bundle.MarshalJSON()
	material.Bundle = encoded
	return material, err
}
