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
	"crypto/elliptic"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// noRekorV2 and noDSSE explain answers about entries of Rekor v2.
const (
	noRekorV2 = "it cannot read entries of Rekor v2"
	noDSSE    = "entries of kind dsse 0.0.2 are not supported here, so that the verdict is unknown"
)

// v2 makes a statement by an identity with an entry of Rekor v2 and a timestamp.
func (s *stored) v2(of name.Digest, id sigstore.Identity, kind sigstore.EntryKind) sigstore.Envelope {
	s.t.Helper()
	envelope, err := s.fixture.sigstore.NewRekorV2Envelope(of, id, sigstore.SignPredicate, map[string]any{}, kind)
	return must(s, envelope, err)
}

// otherIdentities are those that a signature is not accepted by.
var otherIdentities = map[string]sigstore.Identity{
	"other repository": otherRepository, "other ref": otherRef, "other issuer": otherIssuer,
	"identity as suffix": identityAsSuffix, "identity as prefix": identityAsPrefix,
}

// v2Cases are signatures in bundles with an entry of Rekor v2 of a kind.
func v2Cases(kind sigstore.EntryKind) []conformanceCase {
	stored2 := func(change func(*stored, *sigstore.Envelope), bundle ...func(*protobundle.Bundle)) func(*stored) {
		return func(s *stored) {
			envelope := s.v2(s.image, labtest.Release, kind)
			if change != nil {
				change(s, &envelope)
			}
			s.bundle(envelope, bundle...)
		}
	}
	stamped := func(at time.Duration, by func(*stored) *sigstore.Sigstore) func(*stored) {
		return stored2(func(s *stored, e *sigstore.Envelope) { must(s, 0, by(s).StampStatement(e, time.Now().Add(at))) })
	}
	old := map[string]string{admit13: noRekorV2}
	own := func(s *stored) *sigstore.Sigstore { return s.fixture.sigstore }
	cases := []conformanceCase{
		{name: "right", store: stored2(nil), verdict: isVerified, reason: "Signed", differs: old},
		{name: "foreign tag beside it", store: func(s *stored) { withSignature(otherRef)(s); stored2(nil)(s) }, verdict: isVerified, reason: "Signed", differs: old},
		{name: "foreign bundle beside it", store: func(s *stored) { s.bundle(s.v2(s.image, otherRef, kind)); stored2(nil)(s) }, verdict: isVerified, reason: "Signed", differs: old},
		{name: "right tag beside a foreign one", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.bundle(s.v2(s.image, otherRef, kind))
		}, verdict: isVerified, reason: "Signed", differs: byCosign(bundlesOnly), cosignStricter: true},
		{name: "about another image", store: func(s *stored) { s.bundle(s.v2(s.another(), labtest.Release, kind)) }, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "signature changed", store: stored2(nil, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures[0].Sig = flip(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: stored2(nil, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Payload = append(b.GetDsseEnvelope().GetPayload(), ' ')
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "no timestamp", store: stored2(func(_ *stored, e *sigstore.Envelope) { e.Timestamp = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "timestamp before the certificate", store: stamped(-time.Hour, own), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "timestamp after the certificate", store: stamped(time.Hour, own), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "timestamp by another authority", store: stamped(0, func(s *stored) *sigstore.Sigstore { return s.fixture.other }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "timestamp without an entry", store: stored2(nil, func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "entry of another log", store: stored2(func(s *stored, e *sigstore.Envelope) {
			must(s, 0, s.fixture.other.RekorV2.LogStatement(e, kind))
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "entry of another signature", store: stored2(func(s *stored, e *sigstore.Envelope) {
			e.TileEntry = s.v2(s.image, labtest.Release, kind).TileEntry
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		// Of Rekor v2 only the signed checkpoint says what the root is.
		{name: "root hash changed", store: stored2(nil, func(b *protobundle.Bundle) {
			proof := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof()
			proof.RootHash = flip(proof.GetRootHash())
		}), verdict: isVerified, reason: "Signed", differs: old},
		{name: "inclusion proof of another place", store: stored2(nil, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof().LogIndex--
			b.GetVerificationMaterial().GetTlogEntries()[0].LogIndex--
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "checkpoint changed", store: stored2(nil, func(b *protobundle.Bundle) {
			checkpoint := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof().GetCheckpoint()
			checkpoint.Envelope = strings.Replace(checkpoint.GetEnvelope(), "\n", "0\n", 1)
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no inclusion proof", store: stored2(nil, func(b *protobundle.Bundle) {
			b.GetVerificationMaterial().GetTlogEntries()[0].InclusionProof = nil
		}), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "untrusted root", store: func(s *stored) {
			envelope, err := s.fixture.other.NewRekorV2Envelope(s.image, labtest.Release, sigstore.SignPredicate, map[string]any{}, kind)
			s.bundle(must(s, envelope, err))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
	}
	for what, id := range otherIdentities {
		cases = append(cases, conformanceCase{
			name: what, store: func(s *stored) { s.bundle(s.v2(s.image, id, kind)) }, verdict: isUntrusted, reason: "IdentityMismatch",
		})
	}
	if kind == sigstore.DSSEEntry {
		return undecided(cases)
	}
	return cases
}

// undecided are the cases of a kind of entries that is not supported: nothing is decided about them, and what a judge accepts is
// not untrusted.
func undecided(cases []conformanceCase) []conformanceCase {
	for i := range cases {
		c := &cases[i]
		switch {
		case c.name == "timestamp without an entry":
			continue // the kind of an entry does not matter
		case c.cosignStricter:
			c.differs = map[string]string{cosign2: bundlesOnly} // cosign v3 cannot read the entry either, and looks for tags
			continue
		case c.verdict == isVerified:
			c.differs = map[string]string{cosign2: noDSSE, admit15: noDSSE}
		}
		c.verdict, c.reason = isUnknown, "UnsupportedFormat"
	}
	return cases
}

// newerCases are what cosign v3 makes by default, and what nobody makes yet.
func newerCases() []conformanceCase {
	stamped := func(id sigstore.Identity, changes ...func(*protobundle.Bundle)) func(*stored) {
		return func(s *stored) {
			envelope := s.envelope(id, sigstore.SignPredicate)
			must(s, 0, s.fixture.sigstore.StampStatement(&envelope, time.Now()))
			s.bundle(envelope, changes...)
		}
	}
	curve := func(curve elliptic.Curve) func(*stored) {
		return func(s *stored) {
			signer := try(s.fixture.sigstore.Issue(labtest.Release, sigstore.WithCurve(curve))).orFail(s.t)
			envelope := try(signer.SignStatement(try(sigstore.Statement(sigstore.SignPredicate, map[string]any{}, s.image)).orFail(s.t))).orFail(s.t)
			must(s, 0, s.fixture.sigstore.RekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry))
			must(s, 0, s.fixture.sigstore.StampStatement(&envelope, time.Now()))
			s.bundle(envelope)
		}
	}
	tagged := func(curve elliptic.Curve) func(*stored) {
		return func(s *stored) {
			s.attach(s.log(s.fixture.sigstore, s.unlogged(s.fixture.sigstore, s.payload(s.image), sigstore.WithCurve(curve)), time.Now()))
		}
	}
	unknownKind := func(kind, version string, tiles bool) func(*stored) {
		return func(s *stored) {
			envelope := s.envelope(labtest.Release, sigstore.SignPredicate)
			envelope.Entry = nil
			if tiles {
				must(s, 0, s.fixture.sigstore.RekorV2.LogStatementAs(&envelope, kind, version))
				must(s, 0, s.fixture.sigstore.StampStatement(&envelope, time.Now()))
			} else {
				must(s, 0, s.fixture.sigstore.LogStatementAs(s.t.Context(), &envelope, kind, version, time.Now()))
			}
			s.bundle(envelope)
		}
	}
	version := func(mediaType string) func(*stored) {
		return func(s *stored) {
			envelope := s.envelope(labtest.Release, sigstore.SignPredicate)
			made, err := envelope.Bundle()
			must(s, 0, sigstore.AttachBundleAs(s.t.Context(), s.image, must(s, made, err), mediaType, sigstore.SignPredicate, lab.RemoteOptions()...))
		}
	}
	cases := []conformanceCase{
		{name: "timestamp beside an entry", store: stamped(labtest.Release), verdict: isVerified, reason: "Signed"},
		{name: "foreign timestamp beside an entry", store: func(s *stored) {
			envelope := s.envelope(labtest.Release, sigstore.SignPredicate)
			must(s, 0, s.fixture.other.StampStatement(&envelope, time.Now()))
			s.bundle(envelope)
		}, verdict: isVerified, reason: "Signed"},
		{name: "P-384 in a bundle", store: curve(elliptic.P384()), verdict: isVerified, reason: "Signed", differs: map[string]string{admit13: noRekorV2}},
		{name: "P-521 in a bundle", store: curve(elliptic.P521()), verdict: isVerified, reason: "Signed", differs: map[string]string{admit13: noRekorV2}},
		{name: "P-384 in a tag", store: tagged(elliptic.P384()), verdict: isVerified, reason: "Signed"},
		{name: "P-521 in a tag", store: tagged(elliptic.P521()), verdict: isVerified, reason: "Signed"},
		{name: "unknown kind", store: unknownKind("postquantum", "0.0.1", false), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "unknown version", store: unknownKind("hashedrekord", "0.0.9", false), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "unknown kind of Rekor v2", store: unknownKind("postquantum", "0.0.2", true), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "unknown version of Rekor v2", store: unknownKind("hashedrekord", "0.0.9", true), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "newer bundle", store: version("application/vnd.dev.sigstore.bundle.v0.9+json"), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "unknown key", store: func(s *stored) {
			s.bundle(s.signed(s.fixture.sigstore, time.Now()), func(b *protobundle.Bundle) {
				signer := try(s.fixture.sigstore.Issue(labtest.Release, sigstore.WithUnknownKey())).orFail(s.t)
				b.GetVerificationMaterial().GetCertificate().RawBytes = signer.Certificate.Raw
			})
		}, verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "newer bundle beside a right tag", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			version("application/vnd.dev.sigstore.bundle.v0.9+json")(s)
		}, verdict: isVerified, reason: "Signed"},
		{name: "newer bundle beside a foreign tag", store: func(s *stored) {
			withSignature(otherRef)(s)
			version("application/vnd.dev.sigstore.bundle.v0.9+json")(s)
		}, verdict: isUnknown, reason: "UnsupportedFormat"},
	}
	for what, id := range otherIdentities {
		cases = append(cases, conformanceCase{name: "timestamped by " + what, store: stamped(id), verdict: isUntrusted, reason: "IdentityMismatch"})
	}
	return cases
}
