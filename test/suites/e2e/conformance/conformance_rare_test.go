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
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// rareFixtures are roots of trust that few have, trusts that ask for no signature, and artifacts that cosign does not make by default.
func rareFixtures(t *testing.T) []*conformanceFixture {
	t.Helper()
	now := time.Now()
	made := func(s *sigstore.Sigstore, err error) *sigstore.Sigstore { return try(s, err).orFail(t) }
	expired, github := made(sigstore.NewExpired(now.Add(-time.Hour))), made(sigstore.NewGitHub())
	alone := func(spec *v1alpha1.KarmadaImageTrustSpec) {
		spec.Signature = v1alpha1.SignatureNotRequired
		spec.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: sigstore.SLSAPredicate}}
	}
	rootOf := func(s *sigstore.Sigstore, name string) *unstructured.Unstructured { return trustRootOf(t, s, name) }
	return []*conformanceFixture{
		{name: "rare", cases: rareCases(), timestamps: true},
		{name: "alone", spec: alone, cases: aloneCases()},
		{name: "expired", sigstore: expired, root: rootOf(expired, "conform-expired"), cases: expiredCases(now)},
		{name: "github", sigstore: github, spec: alone, root: rootOf(github, "conform-github"), cases: githubCases()},
	}
}

// noComparison explains what two judges accept. The project must not.
const noComparison = "its sigstore-go does not compare the digest of the entry with that of the statement"

// rareCases are signatures that are stored in rare ways, and entries of a log that does not examine what it takes.
func rareCases() []conformanceCase {
	referrer := func(id sigstore.Identity) func(*stored) {
		return func(s *stored) {
			must(s, 0, sigstore.AttachAsReferrer(s.t.Context(), s.image, s.signature(id), lab.RemoteOptions()...))
		}
	}
	after := func(first, second func(*stored)) func(*stored) { return func(s *stored) { first(s); second(s) } }
	return []conformanceCase{
		{name: "signature as a referrer", store: referrer(labtest.Release), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "foreign signature as a referrer", store: referrer(otherRef), verdict: isUnknown, reason: "UnsupportedFormat"},
		{name: "foreign referrer beside a right tag", store: after(withSignature(labtest.Release), referrer(otherRef)), verdict: isVerified, reason: "Signed"},
		{name: "foreign referrer beside a right bundle", store: after(referrer(otherRef), bundled(labtest.Release)), verdict: isVerified, reason: "Signed"},
		{name: "tag of another root beside a right bundle", store: after(func(s *stored) {
			s.attach(labtest.NewSignature(s.t, s.fixture.other, s.image, labtest.Release))
		}, bundled(labtest.Release)), verdict: isVerified, reason: "Signed"},
		{name: "tag not logged beside a right bundle", store: after(func(s *stored) {
			s.attach(s.unlogged(s.fixture.sigstore, s.payload(s.image)))
		}, bundled(labtest.Release)), verdict: isVerified, reason: "Signed"},
		{name: "garbage in the tag beside a right bundle", store: after(annotated("dev.sigstore.cosign/certificate", "garbage"), bundled(labtest.Release)), verdict: isVerified, reason: "Signed"},
		{
			name: "entry about another artifact", store: func(s *stored) {
				envelope := s.v2(s.image, labtest.Release, sigstore.HashedRekordEntry)
				s.aboutAnother(&envelope)
				s.bundle(envelope)
			}, verdict: isUntrusted, reason: "LogProofInvalid",
			differs: map[string]string{cosign2: noComparison, admit15: noComparison},
		},
		{name: "entry about another artifact by another", store: func(s *stored) {
			envelope := s.v2(s.image, otherRef, sigstore.HashedRekordEntry)
			s.aboutAnother(&envelope)
			s.bundle(envelope)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
	}
}

// aboutAnother replaces the entry of a statement by one with the same signature and certificate, and the digest of something else.
// Rekor verifies what it takes; a log that does not can contain it.
func (s *stored) aboutAnother(envelope *sigstore.Envelope) {
	s.t.Helper()
	var body map[string]any
	must(s, 0, json.Unmarshal(envelope.TileEntry.GetCanonicalizedBody(), &body))
	digest := base64.StdEncoding.EncodeToString(make([]byte, 32))
	must(s, 0, unstructured.SetNestedField(body, digest, "spec", "hashedRekordV002", "data", "digest"))
	encoded, err := json.Marshal(body) // of a map, so that it is canonical
	entry, err2 := s.fixture.sigstore.RekorV2.Include("hashedrekord", "0.0.2", must(s, encoded, err))
	envelope.TileEntry = must(s, entry, err2)
}

// aloneCases require provenance and no signature.
func aloneCases() []conformanceCase {
	const slsa, spdx = sigstore.SLSAPredicate, sigstore.SPDXPredicate
	attested := func(id sigstore.Identity, predicateType string) func(*stored) {
		return func(s *stored) { s.attest(s.envelope(id, predicateType)) }
	}
	changed := func(change func(*stored, *sigstore.Envelope)) func(*stored) {
		return func(s *stored) {
			envelope := s.envelope(labtest.Release, slsa)
			change(s, &envelope)
			s.attest(envelope)
		}
	}
	cases := []conformanceCase{
		{name: "in a tag", store: attested(labtest.Release, slsa), verdict: isVerified, reason: "Attested"},
		{name: "in a bundle", store: func(s *stored) { s.bundle(s.envelope(labtest.Release, slsa)) }, verdict: isVerified, reason: "Attested"},
		{name: "beside a foreign signature", store: func(s *stored) {
			withSignature(otherRef)(s)
			attested(labtest.Release, slsa)(s)
		}, verdict: isVerified, reason: "Attested"},
		{name: "after a foreign attestation", store: func(s *stored) {
			s.attest(s.envelope(otherRef, slsa), s.envelope(labtest.Release, slsa))
		}, verdict: isVerified, reason: "Attested"},
		{name: "nothing", verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "only a signature", store: withSignature(labtest.Release), verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "only a signature in a bundle", store: bundled(labtest.Release), verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "of another type", store: attested(labtest.Release, spdx), verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "in a bundle by another", store: func(s *stored) { s.bundle(s.envelope(otherRef, slsa)) }, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "about another image", store: func(s *stored) {
			s.attest(s.envelopeOf(s.another(), labtest.Release, slsa))
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: changed(func(_ *stored, e *sigstore.Envelope) { e.Statement = append(e.Statement, ' ') }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "not logged", store: changed(func(_ *stored, e *sigstore.Envelope) { e.Entry = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "logged in another log", store: changed(func(s *stored, e *sigstore.Envelope) {
			must(s, 0, s.fixture.other.LogStatement(s.t.Context(), e, time.Now()))
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
	}
	for what, id := range otherIdentities {
		cases = append(cases, conformanceCase{name: "by " + what, store: attested(id, slsa), verdict: isUntrusted, reason: "IdentityMismatch"})
	}
	return cases
}

// expiredCases are verified with the TrustRoot of a Sigstore whose intermediate certificate authority expired an hour before now.
func expiredCases(now time.Time) []conformanceCase {
	var cases []conformanceCase
	for _, c := range []struct {
		name           string
		issued, logged time.Duration
		tag, bundle    bool // whether it is verified
	}{
		{"before it expired", -2 * time.Hour, -2*time.Hour + time.Minute, true, true},
		{"after it expired", -10 * time.Minute, -9 * time.Minute, false, false},
		{"logged while only the certificate was valid", -65 * time.Minute, -58 * time.Minute, true, false},
		{"logged long after it expired", -2 * time.Hour, 0, false, false},
	} {
		verdict := func(verified bool) (v1alpha1.Verdict, string) {
			if verified {
				return isVerified, "Signed"
			}
			return isUntrusted, "UntrustedCertificate"
		}
		tagVerdict, tagReason := verdict(c.tag)
		bundleVerdict, bundleReason := verdict(c.bundle)
		var differs map[string]string
		if c.tag && !c.bundle {
			differs = map[string]string{cosign3: "it verifies that the whole chain was valid at the time of signing, for signatures under a tag too"}
		}
		cases = append(cases, conformanceCase{
			name: fmt.Sprintf("tag %s", c.name), store: func(s *stored) {
				signature := s.unlogged(s.fixture.sigstore, s.payload(s.image), sigstore.At(now.Add(c.issued)))
				s.attach(s.log(s.fixture.sigstore, signature, now.Add(c.logged)))
			},
			verdict: tagVerdict, reason: tagReason, differs: differs,
		}, conformanceCase{
			name: fmt.Sprintf("bundle %s", c.name), store: func(s *stored) {
				s.bundle(s.signed(s.fixture.sigstore, now.Add(c.logged), sigstore.At(now.Add(c.issued))))
			}, verdict: bundleVerdict, reason: bundleReason,
		})
	}
	return cases
}

// githubCases are attestations as GitHub makes them for private repositories, verified with a TrustRoot without logs.
func githubCases() []conformanceCase {
	attested := func(id sigstore.Identity, changes ...func(*stored, *sigstore.Envelope)) func(*stored) {
		return func(s *stored) {
			envelope, err := s.fixture.sigstore.NewGitHubAttestation(s.t.Context(), s.image, id)
			must(s, 0, err)
			for _, change := range changes {
				change(s, &envelope)
			}
			s.bundle(envelope)
		}
	}
	stamped := func(by func(*stored) *sigstore.Sigstore, after time.Duration) func(*stored, *sigstore.Envelope) {
		return func(s *stored, e *sigstore.Envelope) { must(s, 0, by(s).StampStatement(e, time.Now().Add(after))) }
	}
	own := func(s *stored) *sigstore.Sigstore { return s.fixture.sigstore }
	other := func(s *stored) *sigstore.Sigstore { return s.fixture.other }
	cases := []conformanceCase{
		{name: "right", store: attested(labtest.Release), verdict: isVerified, reason: "Attested"},
		{name: "unattested", verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "no timestamp", store: attested(labtest.Release, func(_ *stored, e *sigstore.Envelope) { e.Timestamp = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "timestamp by another authority", store: attested(labtest.Release, stamped(other, 0)), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "timestamp before the certificate", store: attested(labtest.Release, stamped(own, -time.Hour)), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "timestamp after the certificate", store: attested(labtest.Release, stamped(own, time.Hour)), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "statement changed", store: attested(labtest.Release, func(_ *stored, e *sigstore.Envelope) { e.Statement = append(e.Statement, ' ') }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "by the public instance", store: func(s *stored) {
			envelope, err := lab.Sigstore.NewGitHubAttestation(s.t.Context(), s.image, labtest.Release)
			s.bundle(must(s, envelope, err))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "foreign attestation beside it", store: func(s *stored) { attested(otherRef)(s); attested(labtest.Release)(s) }, verdict: isVerified, reason: "Attested"},
	}
	for what, id := range otherIdentities {
		cases = append(cases, conformanceCase{name: "by " + what, store: attested(id), verdict: isUntrusted, reason: "IdentityMismatch"})
	}
	return cases
}
