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

package conformance

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// bundled stores a signature by an identity as a bundle, after these changes.
func bundled(id sigstore.Identity, changes ...func(*protobundle.Bundle)) func(*stored) {
	return func(s *stored) { s.bundle(s.envelope(id, sigstore.SignPredicate), changes...) }
}

// withReferrer stores content as a referrer of the image, as bundles are stored.
func withReferrer(content []byte, mediaType string, layers int) func(*stored) {
	return func(s *stored) {
		var list []v1.Layer
		for range layers {
			list = append(list, static.NewLayer(content, types.MediaType(mediaType)))
		}
		must(s, 0, ociremote.WriteReferrer(s.image, mediaType, list, nil, ociremote.WithRemoteOptions(lab.RemoteOptions()...)))
	}
}

// bundleCases are signatures in Sigstore bundles.
func bundleCases() []conformanceCase {
	return []conformanceCase{
		{name: "right", store: bundled(labtest.Release), verdict: isVerified, reason: "Signed"},
		{name: "other repository", store: bundled(otherRepository), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other ref", store: bundled(otherRef), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other issuer", store: bundled(otherIssuer), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "identity as suffix", store: bundled(identityAsSuffix), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "identity as prefix", store: bundled(identityAsPrefix), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "about another image", store: func(s *stored) {
			s.bundle(s.envelopeOf(s.another(), labtest.Release, sigstore.SignPredicate))
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "about nothing", store: func(s *stored) {
			statement, err := sigstore.Statement(sigstore.SignPredicate, map[string]any{})
			envelope, err2 := try(s.fixture.sigstore.Issue(labtest.Release)).orFail(s.t).SignStatement(must(s, statement, err))
			envelope = must(s, envelope, err2)
			must(s, 0, s.fixture.sigstore.LogStatement(s.t.Context(), &envelope, time.Now()))
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Payload = append(b.GetDsseEnvelope().GetPayload(), ' ')
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "signature changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures[0].Sig = flip(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "no signature", store: bundled(labtest.Release, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures = nil }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "certificate changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			certificate := b.GetVerificationMaterial().GetCertificate()
			certificate.RawBytes = flip(certificate.GetRawBytes())
		}), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "by a key", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{Hint: "x"}}
		}), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "no log entry", store: bundled(labtest.Release, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another log", store: func(s *stored) {
			envelope := s.envelope(labtest.Release, sigstore.SignPredicate)
			must(s, 0, s.fixture.other.LogStatement(s.t.Context(), &envelope, time.Now()))
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another signature", store: func(s *stored) {
			envelope := s.envelope(labtest.Release, sigstore.SignPredicate)
			envelope.Entry = s.envelope(labtest.Release, sigstore.SignPredicate).Entry
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "inclusion proof changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			proof := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof()
			proof.RootHash = flip(proof.GetRootHash())
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "checkpoint changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			proof := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof()
			proof.Checkpoint.Envelope = strings.Replace(proof.GetCheckpoint().GetEnvelope(), "rekor", "rekoy", 1)
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no inclusion proof", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].InclusionProof = nil
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "log promise changed", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			promise := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionPromise()
			promise.SignedEntryTimestamp = flip(promise.GetSignedEntryTimestamp())
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry moved in time", store: bundled(labtest.Release, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].IntegratedTime--
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no certificate timestamp", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.sigstore, time.Now(), sigstore.LoggedBy()))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "certificate timestamp by another log", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.sigstore, time.Now(), sigstore.LoggedBy(s.fixture.other)))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "untrusted root", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.other, time.Now()))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged before the certificate", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.sigstore, time.Now().Add(-time.Hour)))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged after the certificate", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.sigstore, time.Now(), sigstore.At(time.Now().Add(-time.Hour))))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{
			name: "only an attestation", store: func(s *stored) { s.bundle(s.envelope(labtest.Release, sigstore.SPDXPredicate)) },
			verdict: isUntrusted, reason: "Unsigned",
			differs: byCosign("the CLI accepts any bundle by the identity as a signature"),
		},
		{name: "signs the manifest as a message", store: func(s *stored) {
			made, err := s.fixture.sigstore.MessageBundle(s.t.Context(), s.manifest(), labtest.Release)
			s.attachBundle(must(s, made, err), sigstore.SignPredicate)
		}, verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "garbage", store: withReferrer([]byte("{"), sigstore.BundleMediaType, 1), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "empty object", store: withReferrer([]byte("{}"), sigstore.BundleMediaType, 1), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "two layers", store: withReferrer([]byte("{}"), sigstore.BundleMediaType, 2), verdict: isUntrusted, reason: "Unsigned"},
		{name: "other type of artifact", store: withReferrer([]byte("{}"), "application/spdx+json", 1), verdict: isUntrusted, reason: "Unsigned"},
		{name: "media type of nothing", store: bundled(labtest.Release, func(b *protobundle.Bundle) { b.MediaType = "application/json" }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "valid after 20 attestations", store: func(s *stored) {
			for i := range 20 {
				s.bundle(s.envelope(labtest.Release, fmt.Sprintf("https://example.com/%d", i)))
			}
			s.bundle(s.envelope(labtest.Release, sigstore.SignPredicate))
		}, verdict: isVerified, reason: "Signed"},
	}
}

// bundlesOnly explains a rule of the CLI.
const bundlesOnly = "the CLI ignores signatures in tags if there is any bundle"

// bothFormatsCases have signatures in both formats.
func bothFormatsCases() []conformanceCase {
	return []conformanceCase{
		{name: "both valid", store: func(s *stored) { withSignature(labtest.Release)(s); bundled(labtest.Release)(s) }, verdict: isVerified, reason: "Signed"},
		{name: "tag invalid bundle valid", store: func(s *stored) { withSignature(otherRef)(s); bundled(labtest.Release)(s) }, verdict: isVerified, reason: "Signed"},
		{
			name: "tag valid bundle invalid", store: func(s *stored) { withSignature(labtest.Release)(s); bundled(otherRef)(s) }, verdict: isVerified, reason: "Signed",
			differs: byCosign(bundlesOnly), cosignStricter: true,
		},
		{
			name: "tag valid attestation by another", verdict: isVerified, reason: "Signed", differs: byCosign(bundlesOnly), cosignStricter: true,
			store: func(s *stored) {
				withSignature(labtest.Release)(s)
				s.bundle(s.envelope(otherRef, sigstore.SLSAPredicate))
			},
		},
		{name: "both invalid", store: func(s *stored) { withSignature(otherRef)(s); bundled(otherRepository)(s) }, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "tag valid bundle garbage", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			withReferrer([]byte("{"), sigstore.BundleMediaType, 1)(s)
		}, verdict: isVerified, reason: "Signed"},
	}
}
