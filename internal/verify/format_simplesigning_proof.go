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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// signatureAnnotations are the annotations of a layer that are read of a signature or an attestation. No others are.
func signatureAnnotations() []string {
	return []string{
		static.SignatureAnnotationKey, static.CertificateAnnotationKey, static.ChainAnnotationKey,
		static.BundleAnnotationKey, static.RFC3161TimestampAnnotationKey,
	}
}

// hashLayer hashes all that is read of a layer and its payload.
func hashLayer(c *claim, layer v1.Descriptor, payload []byte) [sha256.Size]byte {
	parts := [][]byte{payload, []byte(layer.MediaType)}
	for _, key := range signatureAnnotations() {
		parts = append(parts, []byte(layer.Annotations[key]))
	}
	return hashParts(".sig or .att: "+c.kindName(), parts...)
}

// refusedError is the error about a candidate that is not accepted, whoever signed it.
type refusedError struct{ error }

func (p simpleSigning) prove(ctx context.Context) (proof, error) {
	if p.stored.Time() == policy.Timestamp {
		return p.proveByTimestamp(ctx)
	}
	if !p.isCanonical() || p.proveCanonical() != nil {
		opts := p.options()
		logged, err := p.verifyWith(ctx, opts)
		if err == nil && !logged {
			err = errors.New("the entry of the transparency log was not verified")
		}
		if err == nil {
			err = p.verifySCTs()
		}
		if err != nil {
			return proof{}, refusedError{err}
		}
	}
	entry, err := p.sig.Bundle()
	if err == nil && entry == nil {
		err = errors.New("an accepted signature has no entry of the transparency log")
	}
	if err != nil {
		return proof{}, err
	}
	return proof{logIndex: entry.Payload.LogIndex, log: entry.Payload.LogID, time: time.Unix(entry.Payload.IntegratedTime, 0)}, nil
}

// proveByTimestamp is prove for a signature without an entry of the transparency log.
func (p simpleSigning) proveByTimestamp(ctx context.Context) (proof, error) {
	// Without a timestamp cosign would use the current time.
	at, err := p.verifyTimestamp()
	if err == nil {
		opts := p.options()
		opts.IgnoreTlog, opts.UseSignedTimestamps = true, true
		_, err = p.verifyWith(ctx, opts)
	}
	if err == nil {
		err = p.verifySCTs()
	}
	if err != nil {
		return proof{}, refusedError{err}
	}
	return proof{logIndex: -1, time: at}, nil
}

// verifyWith is cosign's decision, and whether it verified an entry of the transparency log.
func (p simpleSigning) verifyWith(ctx context.Context, opts *cosign.CheckOpts) (logged bool, err error) {
	if p.attested != nil {
		opts.ClaimVerifier = cosign.IntotoSubjectClaimVerifier
		return cosign.VerifyBlobAttestation(ctx, p.sig, p.hash, opts)
	}
	opts.ClaimVerifier = cosign.SimpleClaimVerifier
	return cosign.VerifyImageSignature(ctx, p.sig, p.hash, opts)
}

func (p simpleSigning) signedBy(signer policy.Signer) error {
	if p.cert == nil || !signer.IsComplete() {
		return errors.New("there is no certificate or no signer to compare")
	}
	opts := p.options()
	opts.Identities = identities(signer)
	return cosign.CheckCertificatePolicy(p.cert, opts)
}

func (p simpleSigning) contents() (contents, error) {
	payload, err := p.sig.Payload()
	if err != nil {
		return contents{}, err
	}
	known := contents{payload: payload, certificate: p.cert}
	if p.stored.Time() == policy.Timestamp {
		return known, nil
	}
	entry, err := p.sig.Bundle()
	known.bundle = entryJSON{entry}
	return known, err
}

// entryJSON is an entry of the transparency log as cosign prints it.
type entryJSON struct{ entry *bundle.RekorBundle }

func (e entryJSON) MarshalJSON() ([]byte, error) { return json.Marshal(e.entry) }

// isCanonical reports whether the body of the log entry is, byte for byte, what Rekor writes for this payload, this signature and
// this certificate. Then the entry is about the signature, and parsing it would bring nothing new: cosign parses it four times
// (v2.6.5 pkg/cosign/verify.go, VerifyBundle), and verifies the signature each time.
func (p simpleSigning) isCanonical() bool {
	entry, err := p.sig.Bundle()
	if err != nil || entry == nil || p.cert == nil || p.certErr != nil || p.attested != nil {
		return false
	}
	if key, ok := p.cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		return false
	}
	encoded, err := p.sig.Base64Signature()
	if err != nil {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) == 0 || base64.StdEncoding.EncodeToString(raw) != encoded {
		return false
	}
	payload, err := p.sig.Payload()
	if err != nil {
		return false
	}
	certificate, err := cryptoutils.MarshalCertificateToPEM(p.cert)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(payload)
	canonical := `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"` +
		hex.EncodeToString(sum[:]) + `"}},"signature":{"content":"` + encoded + `","publicKey":{"content":"` +
		base64.StdEncoding.EncodeToString(certificate) + `"}}}}`
	body, ok := entry.Payload.Body.(string)
	return ok && body == base64.StdEncoding.EncodeToString([]byte(canonical))
}

// proveCanonical verifies a signature with a canonical log entry as cosign does, by the same functions of cosign and sigstore-go,
// except for how the entry is compared with the signature. Each step is one of cosign's that may refuse the signature (v2.6.5
// pkg/cosign/verify.go, verifyInternal). What it does not accept is for cosign itself to decide.
func (p simpleSigning) proveCanonical() error {
	entry, err := p.sig.Bundle()
	if err != nil {
		return err
	}
	at := time.Unix(entry.Payload.IntegratedTime, 0)
	key, err := logKey(p.material.RekorLogs()[entry.Payload.LogID], at)
	if err != nil {
		return err
	}
	promised, err := promise(entry.Payload)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(promised); !ecdsa.VerifyASN1(key, sum[:], entry.SignedEntryTimestamp) {
		return errors.New("the log did not sign the entry")
	}
	// cosign does not use the chain beside a root of trust, but parses it.
	if !p.hasKnownChain() {
		if _, err := p.sig.Chain(); err != nil {
			return err
		}
	}
	chains, err := sigstoreverify.VerifyLeafCertificate(p.cert.NotBefore, withKnownNames(p.cert), p.material)
	if err != nil {
		return err
	}
	if p.ctLogs {
		timestamps, err := countTimestamps(p.cert)
		if err != nil {
			return err
		}
		if err := sigstoreverify.VerifySignedCertificateTimestamp(chains, max(1, timestamps), p.material); err != nil {
			return err
		}
	}
	if err := p.verifyPayload(); err != nil {
		return err
	}
	if err := cosign.SimpleClaimVerifier(p.sig, p.hash, nil); err != nil {
		return err
	}
	return cosign.CheckExpiry(p.cert, at)
}

// promise returns what a log of Rekor v1 signs to promise that it has an entry: canonical JSON (RFC 8785), of which the members and
// their order are known. It fails for an entry that might be written in another way.
func promise(entry bundle.RekorPayload) ([]byte, error) {
	const maxExact = 1 << 53 // numbers in JSON are exact up to here
	body, ok := entry.Body.(string)
	_, encodingErr := base64.StdEncoding.Strict().DecodeString(body)
	id, idErr := hex.DecodeString(entry.LogID)
	if !ok || encodingErr != nil || strings.ContainsAny(body, "\r\n") || idErr != nil || hex.EncodeToString(id) != entry.LogID ||
		entry.IntegratedTime < 0 || entry.IntegratedTime > maxExact || entry.LogIndex < 0 || entry.LogIndex > maxExact {
		return nil, errors.New("the entry is not written as Rekor writes it")
	}
	return fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}`,
		body, entry.IntegratedTime, entry.LogID, entry.LogIndex), nil
}

// hasKnownChain reports whether the chain that is stored with the signature is that of an authority of the root of trust, which can
// be parsed.
func (p simpleSigning) hasKnownChain() bool {
	return slices.ContainsFunc(p.material.FulcioCertificateAuthorities(), func(authority root.CertificateAuthority) bool {
		known, ok := authority.(*trustroot.Authority)
		return ok && p.chain != "" && p.chain == known.Chain()
	})
}

// countTimestamps counts the signed certificate timestamps that are embedded in a certificate (RFC 6962, section 3.3), without parsing
// all of it again.
func countTimestamps(cert *x509.Certificate) (int, error) {
	for _, extension := range cert.Extensions {
		if !extension.Id.Equal(asn1.ObjectIdentifier(ctx509.OIDExtensionCTSCT)) {
			continue
		}
		var encoded []byte
		if rest, err := asn1.Unmarshal(extension.Value, &encoded); err != nil || len(rest) > 0 {
			return 0, errors.New("the extension with the timestamps is malformed")
		}
		var list ctx509.SignedCertificateTimestampList
		if rest, err := tls.Unmarshal(encoded, &list); err != nil || len(rest) > 0 {
			return 0, errors.New("the list of timestamps is malformed")
		}
		return len(list.SCTList), nil
	}
	return 0, nil
}

// verifyPayload verifies the signature of the payload by the certificate.
func (p simpleSigning) verifyPayload() error {
	raw, err := p.sig.Signature()
	if err != nil {
		return err
	}
	payload, err := p.sig.Payload()
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(p.cert.PublicKey, crypto.SHA256)
	if err != nil {
		return err
	}
	return verifier.VerifySignature(bytes.NewReader(raw), bytes.NewReader(payload))
}

// logKey is the key of a transparency log that signed at a time, under the conditions of sigstore-go (v1.2.1 pkg/tlog/entry.go,
// VerifySET).
func logKey(log *root.TransparencyLog, at time.Time) (*ecdsa.PublicKey, error) {
	switch {
	case log == nil:
		return nil, errors.New("the root of trust does not have the log")
	case log.ValidityPeriodStart.IsZero(), log.ValidityPeriodStart.After(at),
		!log.ValidityPeriodEnd.IsZero() && log.ValidityPeriodEnd.Before(at):
		return nil, errors.New("the key of the log is not valid at that time")
	}
	key, ok := log.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("the key of the log is none that signs such entries")
	}
	return key, nil
}
