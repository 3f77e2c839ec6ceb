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
	"encoding/hex"
	"errors"
	"regexp"
	"strings"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/internal/policy"
)

// parsedBundle is a bundle whose parts are parsed once: sigstore-go asks for them again and again. It is for one goroutine.
type parsedBundle struct {
	*bundle.Bundle
	entries   []*tlog.Entry
	content   sigstoreverify.VerificationContent
	signature sigstoreverify.SignatureContent
}

// TlogEntries returns the entries of transparency logs.
func (b *parsedBundle) TlogEntries() (entries []*tlog.Entry, err error) {
	if b.entries == nil {
		b.entries, err = b.Bundle.TlogEntries()
	}
	return b.entries, err
}

// VerificationContent returns the certificate. sigstore-go changes it when it verifies it: it removes unhandled extensions.
func (b *parsedBundle) VerificationContent() (content sigstoreverify.VerificationContent, err error) {
	if b.content == nil {
		b.content, err = b.Bundle.VerificationContent()
	}
	return b.content, err
}

// SignatureContent returns the envelope.
func (b *parsedBundle) SignatureContent() (content sigstoreverify.SignatureContent, err error) {
	if b.signature == nil {
		b.signature, err = b.Bundle.SignatureContent()
	}
	return b.signature, err
}

func (p sigstoreBundle) signer() *x509.Certificate {
	content, err := p.parsed.VerificationContent()
	if err != nil {
		return nil
	}
	return content.Certificate()
}

func (p sigstoreBundle) prove(ctx context.Context) (proof, error) {
	result, err := p.verifyWith(ctx, p.stored.Time())
	if err != nil {
		return proof{}, refusedError{err}
	}
	if len(result.VerifiedTimestamps) == 0 {
		return proof{}, errors.New("an accepted bundle has no time")
	}
	proved := proof{logIndex: -1, time: result.VerifiedTimestamps[0].Timestamp}
	if entry := p.verifiedEntry(); entry != nil {
		proved.logIndex, proved.log = entry.GetLogIndex(), logID(entry)
	}
	if p.stored.Time() != policy.Timestamp {
		proved.withoutStamp = !p.isProvedByTimestamp(ctx)
	}
	return proved, nil
}

// isProvedByTimestamp reports whether a bundle is accepted by its timestamp, too. Without one it is not.
func (p sigstoreBundle) isProvedByTimestamp(ctx context.Context) bool {
	timestamps, err := p.parsed.Timestamps()
	if err != nil || len(timestamps) == 0 {
		return false
	}
	_, err = p.verifyWith(ctx, policy.Timestamp)
	return err == nil
}

// verifyWith verifies the bundle by a proof of the time, for any signer.
func (p sigstoreBundle) verifyWith(ctx context.Context, time policy.TimeProof) (*sigstoreverify.VerificationResult, error) {
	opts := p.options()
	// Unlike for its own format, cosign requires an identity for a bundle.
	opts.Identities = anyIdentity()
	if time == policy.Timestamp {
		opts.UseSignedTimestamps = true
		opts.IgnoreTlog = p.ignoresLog()
	}
	if err := p.verifyVersions(); err != nil {
		return nil, err
	}
	digest, err := hex.DecodeString(p.hash.Hex)
	if err != nil {
		return nil, err
	}
	return cosign.VerifyNewBundle(ctx, opts, sigstoreverify.WithArtifactDigest(p.hash.Algorithm, digest), p.parsed)
}

// anyIdentity matches every identity.
func anyIdentity() []cosign.Identity {
	return []cosign.Identity{{IssuerRegExp: "(?s).*", SubjectRegExp: "(?s).*"}}
}

// signedBy compares the identity as sigstore-go does at the end of a verification, with what cosign tells it to (v2.6.5
// pkg/cosign/verify.go, verificationOptions).
func (p sigstoreBundle) signedBy(signer policy.Signer) error {
	cert := p.signer()
	if cert == nil || !signer.IsComplete() {
		return errors.New("there is no certificate or no signer to compare")
	}
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		return err
	}
	expected, err := sigstoreverify.NewShortCertificateIdentity(signer.Issuer, signer.IssuerRegexp, signer.Subject, signer.SubjectRegexp)
	if err != nil {
		return err
	}
	return expected.Verify(summary)
}

func (p sigstoreBundle) contents() (contents, error) {
	return contents{payload: p.statement(), certificate: p.signer(), bundle: p.bundle}, nil
}

// rekorV1Origin matches the first line of a checkpoint of Rekor v1: the name of the log, and the number of one of its trees.
var rekorV1Origin = regexp.MustCompile(`^.* - [0-9]+$`)

// verifyVersions rejects an entry of Rekor v2 with a checkpoint of Rekor v1. No log makes such a thing; and sigstore-go v1.2.1
// verifies that the log has the entry then, but not that the entry is about the bundle (pkg/verify/tlog.go, VerifyTlogEntry).
func (p sigstoreBundle) verifyVersions() error {
	entries, err := p.parsed.TlogEntries()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		checkpoint := entry.TransparencyLogEntry().GetInclusionProof().GetCheckpoint().GetEnvelope()
		if origin, _, _ := strings.Cut(checkpoint, "\n"); entry.IsRekorV2() && rekorV1Origin.MatchString(origin) {
			return errors.New("an entry of Rekor v2 has a checkpoint of Rekor v1")
		}
	}
	return nil
}

// verifiedEntry is an entry that a log of the root of trust proves, nil if there is none. sigstore-go passes over entries that do not
// verify beside one that does, so that each is verified on its own.
func (p sigstoreBundle) verifiedEntry() logEntry {
	material := p.bundle.GetVerificationMaterial()
	if entries := p.entries(); len(entries) == 1 && !p.ignoresLog() {
		return entries[0] // it was verified
	}
	for _, entry := range p.entries() {
		alone := &bundle.Bundle{Bundle: &protobundle.Bundle{
			MediaType: p.bundle.GetMediaType(), Content: p.bundle.Content,
			VerificationMaterial: &protobundle.VerificationMaterial{Content: material.Content, TlogEntries: []logEntry{entry}},
		}}
		if _, err := sigstoreverify.VerifyTlogEntry(alone, p.material, 1, false); err == nil {
			return entry
		}
	}
	return nil
}
