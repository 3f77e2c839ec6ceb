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

package e2e

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
)

// bundled stores a signature by an identity as a bundle, changed on the way.
func bundled(id sigstore.Identity, changes ...func(*protobundle.Bundle)) func(*stored) {
	return func(s *stored) { s.bundle(s.envelope(id, sigstore.SignPredicate), changes...) }
}

// referring stores content as what a bundle would be.
func referring(content []byte, mediaType string, layers int) func(*stored) {
	return func(s *stored) {
		var list []v1.Layer
		for range layers {
			list = append(list, static.NewLayer(content, types.MediaType(mediaType)))
		}
		must(s, 0, ociremote.WriteReferrer(s.image, mediaType, list, nil, ociremote.WithRemoteOptions(shared.RemoteOptions()...)))
	}
}

// bundleCases are signatures in Sigstore bundles.
func bundleCases() []conformanceCase {
	return []conformanceCase{
		{name: "right", store: bundled(release), verdict: isVerified, reason: "Signed"},
		{name: "other repository", store: bundled(otherRepository), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other ref", store: bundled(otherRef), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other issuer", store: bundled(otherIssuer), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "right at the end", store: bundled(rightAtTheEnd), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "right at the start", store: bundled(rightAtTheStart), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "about another image", store: func(s *stored) {
			s.bundle(s.envelopeOf(s.another(), release, sigstore.SignPredicate))
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "about nothing", store: func(s *stored) {
			statement, err := sigstore.Statement(sigstore.SignPredicate, map[string]any{})
			envelope, err2 := must2(s)(s.world.sigstore.Issue(release)).SignStatement(must(s, statement, err))
			envelope = must(s, envelope, err2)
			must(s, 0, s.world.sigstore.LogStatement(s.t.Context(), &envelope, time.Now()))
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: bundled(release, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Payload = append(b.GetDsseEnvelope().GetPayload(), ' ')
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "signature changed", store: bundled(release, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures[0].Sig = flip(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "no signature", store: bundled(release, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures = nil }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "certificate changed", store: bundled(release, func(b *protobundle.Bundle) {
			certificate := b.GetVerificationMaterial().GetCertificate()
			certificate.RawBytes = flip(certificate.GetRawBytes())
		}), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "by a key", store: bundled(release, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{Hint: "x"}}
		}), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "no log entry", store: bundled(release, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of a foreign log", store: func(s *stored) {
			envelope := s.envelope(release, sigstore.SignPredicate)
			must(s, 0, s.world.stranger.LogStatement(s.t.Context(), &envelope, time.Now()))
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another signature", store: func(s *stored) {
			envelope := s.envelope(release, sigstore.SignPredicate)
			envelope.Entry = s.envelope(release, sigstore.SignPredicate).Entry
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "inclusion proof changed", store: bundled(release, func(b *protobundle.Bundle) {
			proof := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof()
			proof.RootHash = flip(proof.GetRootHash())
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "checkpoint changed", store: bundled(release, func(b *protobundle.Bundle) {
			proof := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof()
			proof.Checkpoint.Envelope = strings.Replace(proof.GetCheckpoint().GetEnvelope(), "rekor", "rekoy", 1)
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no inclusion proof", store: bundled(release, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].InclusionProof = nil
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "log promise changed", store: bundled(release, func(b *protobundle.Bundle) {
			promise := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionPromise()
			promise.SignedEntryTimestamp = flip(promise.GetSignedEntryTimestamp())
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry moved in time", store: bundled(release, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].IntegratedTime--
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no certificate timestamp", store: func(s *stored) {
			s.bundle(s.signed(s.world.sigstore, time.Now(), sigstore.LoggedBy()))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "certificate timestamp by a foreign log", store: func(s *stored) {
			s.bundle(s.signed(s.world.sigstore, time.Now(), sigstore.LoggedBy(s.world.stranger)))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "self-made root", store: func(s *stored) {
			s.bundle(s.signed(s.world.stranger, time.Now()))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged before the certificate", store: func(s *stored) {
			s.bundle(s.signed(s.world.sigstore, time.Now().Add(-time.Hour)))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged after the certificate", store: func(s *stored) {
			s.bundle(s.signed(s.world.sigstore, time.Now(), sigstore.At(time.Now().Add(-time.Hour))))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{
			name: "only an attestation", store: func(s *stored) { s.bundle(s.envelope(release, sigstore.SPDXPredicate)) },
			verdict: isUntrusted, reason: "Unsigned",
			cosignDiffers: "the CLI takes any bundle by the identity for a signature",
		},
		{name: "signs the manifest as a message", store: func(s *stored) {
			made, err := s.world.sigstore.MessageBundle(s.t.Context(), s.manifest(), release)
			s.attachBundle(must(s, made, err), sigstore.SignPredicate)
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "garbage", store: referring([]byte("{"), sigstore.BundleMediaType, 1), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "empty object", store: referring([]byte("{}"), sigstore.BundleMediaType, 1), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "two layers", store: referring([]byte("{}"), sigstore.BundleMediaType, 2), verdict: isUntrusted, reason: "Unsigned"},
		{name: "other type of artifact", store: referring([]byte("{}"), "application/spdx+json", 1), verdict: isUntrusted, reason: "Unsigned"},
		{name: "media type of nothing", store: bundled(release, func(b *protobundle.Bundle) { b.MediaType = "application/json" }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "good behind 20 attestations", store: func(s *stored) {
			for i := range 20 {
				s.bundle(s.envelope(release, fmt.Sprintf("https://example.com/%d", i)))
			}
			s.bundle(s.envelope(release, sigstore.SignPredicate))
		}, verdict: isVerified, reason: "Signed"},
	}
}

// bundlesOnly is a rule of the CLI.
const bundlesOnly = "the CLI does not look at what is stored in its own form where there is any bundle"

// bothFormsCases have signatures in more than one form.
func bothFormsCases() []conformanceCase {
	return []conformanceCase{
		{name: "both good", store: func(s *stored) { by(release)(s); bundled(release)(s) }, verdict: isVerified, reason: "Signed"},
		{name: "tag bad bundle good", store: func(s *stored) { by(otherRef)(s); bundled(release)(s) }, verdict: isVerified, reason: "Signed"},
		{
			name: "tag good bundle bad", store: func(s *stored) { by(release)(s); bundled(otherRef)(s) }, verdict: isVerified, reason: "Signed",
			cosignDiffers: bundlesOnly, cosignNeedless: true,
		},
		{
			name: "tag good attestation by another", verdict: isVerified, reason: "Signed", cosignDiffers: bundlesOnly, cosignNeedless: true,
			store: func(s *stored) { by(release)(s); s.bundle(s.envelope(otherRef, sigstore.SLSAPredicate)) },
		},
		{name: "both bad", store: func(s *stored) { by(otherRef)(s); bundled(otherRepository)(s) }, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "tag good bundle garbage", store: func(s *stored) { by(release)(s); referring([]byte("{"), sigstore.BundleMediaType, 1)(s) }, verdict: isVerified, reason: "Signed"},
	}
}
