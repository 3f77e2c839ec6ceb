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
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	// read returns the hash of everything that is read of the candidate, and whether it needs no proof by a transparency log. What
	// prove, sound and diagnose find depends on nothing else but its format, the image and the root of trust.
	read() (hash [sha256.Size]byte, optionalLog bool)
	// prove is the decision about everything except for who signed. The error is a refusedError for a candidate that is not accepted;
	// another one means that cosign and this package read the candidate differently.
	prove(ctx context.Context) (proof, error)
	// signedBy is the decision about who signed a candidate that is proved: an error unless its certificate names the signer.
	signedBy(signer policy.Signer) error
	// contents are those of a candidate that is proved.
	contents() (contents, error)
	// signer is the certificate; nil if there is none that can be parsed.
	signer() *x509.Certificate
	// sound checks the certificate, except for its period of validity, and then whether the signature is by it and about the
	// image. The error is a *rejection.
	sound() error
	// diagnose says why prove does not accept a sound candidate: what is wrong with the proof of its time. The error is a *rejection.
	diagnose() error
}

// contents of a candidate that is proved.
type contents struct {
	payload     []byte
	certificate *x509.Certificate
	bundle      json.Marshaler // nil if there is none
}

// decide verifies a candidate. What it proves is found out once for all rules; who signed it is compared here, for each rule.
func (v *verification) decide(ctx context.Context, c *claim, p candidate) finding {
	if !c.formats.Has(p.format()) {
		return v.rejectedBecause(ctx, c, p)
	}
	known, err := v.outcomeOf(ctx, p, askProof, func() (outcome, error) {
		proved, err := p.prove(context.WithoutCancel(ctx))
		if _, refused := errors.AsType[refusedError](err); refused {
			return outcome{}, nil
		}
		if err == nil {
			proved.expiredAuthority = v.expiredAuthority(p.signer(), proved.time)
		}
		return outcome{proof: &proved}, err
	})
	switch {
	case err != nil:
		return c.failed(ctx, err)
	case known.proof != nil && p.signedBy(v.rule.Signer) == nil:
		return v.accepted(ctx, c, p, *known.proof)
	case v.brief:
		return c.rejected(reject(v1alpha1.InvalidSignatureReason, "cosign does not accept it"))
	case known.proof != nil:
		return v.identityMismatch(c, p, *known.proof)
	default:
		return v.rejectedBecause(ctx, c, p)
	}
}

// failed is the finding about a candidate for which there is no outcome.
func (c *claim) failed(ctx context.Context, err error) finding {
	if ctx.Err() != nil {
		return tookTooLong()
	}
	return c.rejected(err)
}

// rejectedBecause is the finding about a candidate that is not accepted for any signer. One that lacks only the proof of its time
// says more about the image than a valid one by somebody else, if the declared identity made it.
func (v *verification) rejectedBecause(ctx context.Context, c *claim, p candidate) finding {
	asked := askSoundness
	if c.formats.Has(p.format()) {
		asked = askCause
	}
	known, err := v.outcomeOf(ctx, p, asked, func() (outcome, error) { return causeOf(p, asked) })
	switch {
	case err != nil:
		return c.failed(ctx, err)
	case !known.sound:
		return c.rejected(known.cause)
	case known.cause == nil:
		known.cause = &rejection{reason: v1alpha1.LogProofInvalidReason, message: "it has no " + timeProof(c.formats)}
	}
	found := c.rejected(known.cause)
	if found.Verdict == v1alpha1.VerdictUntrusted && v.isExpected(p.signer()) {
		found.rank = rankExpected
	}
	return found
}

// causeOf finds out what is wrong with a candidate. An error that is no *rejection is returned instead.
func causeOf(p candidate, asked question) (outcome, error) {
	found := outcome{}
	err := p.sound()
	if err == nil {
		found.sound = true
		if asked == askSoundness {
			return found, nil
		}
		err = p.diagnose()
	}
	var ok bool
	if found.cause, ok = errors.AsType[*rejection](err); !ok {
		return outcome{}, fmt.Errorf("finding out what is wrong: %w", err)
	}
	return found, nil
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

// options for cosign, without identities. A certificate has to be in a certificate transparency log, unless the root of trust has
// none.
func (v *verification) options() *cosign.CheckOpts {
	return &cosign.CheckOpts{TrustedMaterial: v.material, Offline: true, IgnoreSCT: !v.ctLogs}
}

// accepted is the finding about a candidate by the expected identity.
func (v *verification) accepted(ctx context.Context, c *claim, p candidate, proved proof) finding {
	found, known, err := v.describe(p, proved)
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
	found.ExpiredAuthority = proved.expiredAuthority
	found.withoutStamp = proved.withoutStamp
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
func (v *verification) identityMismatch(c *claim, p candidate, proved proof) finding {
	found, _, err := v.describe(p, proved)
	if err != nil {
		return c.rejected(err)
	}
	found.Verdict, found.Reason = v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason
	message, near := explainMismatch(v.rule.Matcher(), found.Signer.Issuer, found.Signer.Identity)
	found.Message = printable(message, maxMessage)
	found.rank = rankIdentity + near
	return found
}

// describe returns the contents of a candidate that is proved, and what is known of it, without a verdict.
func (v *verification) describe(p candidate, proved proof) (finding, contents, error) {
	known, err := p.contents()
	if err == nil && known.certificate == nil {
		err = errors.New("an accepted signature has no certificate")
	}
	if err != nil {
		return finding{}, contents{}, err
	}
	return finding{Result: Result{
		Signer:         signerOf(known.certificate, v.rule.Matcher()),
		LogIndex:       proved.logIndex,
		Log:            v.logURL(proved.log),
		IntegratedTime: proved.time.UTC(),
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
func (d contents) stored() (*Material, error) {
	material := &Material{Payload: d.payload, Certificate: d.certificate}
	if d.bundle == nil {
		return material, nil
	}
	encoded, err := d.bundle.MarshalJSON()
	material.Bundle = encoded
	return material, err
}
