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
	"time"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// attestationCases require a signature, provenance and an SBOM.
func attestationCases() []conformanceCase {
	const slsa, spdx = sigstore.SLSAPredicate, sigstore.SPDXPredicate
	both := func(s *stored) {
		s.attest(s.envelope(labtest.Release, slsa), s.envelope(labtest.Release, spdx))
	}
	return []conformanceCase{
		{name: "all in tags", store: func(s *stored) { withSignature(labtest.Release)(s); both(s) }, verdict: isVerified, reason: "Signed"},
		{name: "all in bundles", store: func(s *stored) {
			bundled(labtest.Release)(s)
			s.bundle(s.envelope(labtest.Release, slsa))
			s.bundle(s.envelope(labtest.Release, spdx))
		}, verdict: isVerified, reason: "Signed"},
		{
			name: "mixed", store: func(s *stored) {
				withSignature(labtest.Release)(s)
				s.attest(s.envelope(labtest.Release, spdx))
				s.bundle(s.envelope(labtest.Release, slsa))
			}, verdict: isVerified, reason: "Signed", differs: map[string]string{cosign2: bundlesOnly}, cosignStricter: true,
		},
		{name: "no attestation", store: withSignature(labtest.Release), verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "one of two", store: func(s *stored) { withSignature(labtest.Release)(s); s.attest(s.envelope(labtest.Release, slsa)) }, verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "other type", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(s.envelope(labtest.Release, slsa), s.envelope(labtest.Release, "https://example.com/other"))
		}, verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "no signature", store: both, verdict: isUntrusted, reason: "Unsigned"},
		{name: "attested by another", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(s.envelope(labtest.Release, slsa), s.envelope(otherRef, spdx))
		}, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "about another image", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(s.envelope(labtest.Release, slsa), s.envelopeOf(s.another(), labtest.Release, spdx))
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			changed := s.envelope(labtest.Release, spdx)
			changed.Statement = append(changed.Statement, ' ')
			s.attest(s.envelope(labtest.Release, slsa), changed)
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "not logged", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			unlogged := s.envelope(labtest.Release, spdx)
			unlogged.Entry = nil
			s.attest(s.envelope(labtest.Release, slsa), unlogged)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			swapped := s.envelope(labtest.Release, spdx)
			swapped.Entry = s.envelope(labtest.Release, slsa).Entry
			s.attest(s.envelope(labtest.Release, slsa), swapped)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "signed by another", store: func(s *stored) { withSignature(otherRef)(s); both(s) }, verdict: isUntrusted, reason: "IdentityMismatch"},
	}
}

// conditionCases require provenance that meets a condition.
func conditionCases() []conformanceCase {
	provenance := func(predicate any) func(*stored) {
		return func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(s.envelope(labtest.Release, sigstore.SLSAPredicate, predicate))
		}
	}
	return []conformanceCase{
		{name: "met", store: provenance(map[string]any{"builder": "good"}), verdict: isVerified, reason: "Signed"},
		{name: "not met", store: provenance(map[string]any{"builder": "bad"}), verdict: isUntrusted, reason: "AttestationRejected"},
		{name: "of another type", store: provenance(map[string]any{"builder": 7}), verdict: isUntrusted, reason: "AttestationRejected"},
		{name: "one of two met", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(
				s.envelope(labtest.Release, sigstore.SLSAPredicate, map[string]any{"builder": "bad"}),
				s.envelope(labtest.Release, sigstore.SLSAPredicate, map[string]any{"builder": "good"}),
			)
		}, verdict: isVerified, reason: "Signed", differs: byCosign("the CLI requires all attestations of the type to meet the condition"), cosignStricter: true},
		{name: "met by another", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.attest(s.envelope(otherRef, sigstore.SLSAPredicate))
		}, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "met in a bundle", store: func(s *stored) {
			withSignature(labtest.Release)(s)
			s.bundle(s.envelope(labtest.Release, sigstore.SLSAPredicate))
		}, verdict: isVerified, reason: "Signed"},
	}
}

// privateCases are verified with the TrustRoot of a private Sigstore.
func privateCases() []conformanceCase {
	return []conformanceCase{
		{name: "right", store: withSignature(labtest.Release), verdict: isVerified, reason: "Signed"},
		{name: "unsigned", verdict: isUntrusted, reason: "Unsigned"},
		{name: "other ref", store: withSignature(otherRef), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "signed in the default Sigstore", store: func(s *stored) {
			s.attach(labtest.NewSignature(s.t, lab.Sigstore, s.image, labtest.Release))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "timestamped but not logged", store: timestampOnly(nil), verdict: isUntrusted, reason: "LogProofInvalid"},
		// policy-controller v0.14 never finds the log's key, so admission denies the image, as predicted.
		{name: "bundle", store: bundled(labtest.Release), verdict: isVerified, reason: "Signed"},
	}
}

// timestampOnly stores a signature with a timestamp and without a log entry, after this change.
func timestampOnly(change func(*stored, *sigstore.Signature), opts ...sigstore.IssueOption) func(*stored) {
	return func(s *stored) {
		signature := s.unlogged(s.fixture.sigstore, s.payload(s.image), opts...)
		must(s, 0, s.fixture.sigstore.Stamp(&signature, time.Now()))
		if change != nil {
			change(s, &signature)
		}
		s.attach(signature)
	}
}

// timestampCases are verified with a TrustRoot that has a timestamp authority.
func timestampCases() []conformanceCase {
	anHourAgo := sigstore.At(time.Now().Add(-time.Hour))
	const ignoresLog = "with a timestamp authority policy-controller ignores the log"
	return []conformanceCase{
		{name: "logged", store: withSignature(labtest.Release), verdict: isVerified, reason: "Signed"},
		{name: "timestamped", store: func(s *stored) {
			signature := s.unlogged(s.fixture.sigstore, s.payload(s.image), anHourAgo)
			must(s, 0, s.fixture.sigstore.Stamp(&signature, time.Now().Add(-time.Hour+time.Minute)))
			s.attach(signature)
		}, verdict: isVerified, reason: "Signed"},
		{name: "timestamped by another", store: func(s *stored) { s.attach(timestampedBy(s, otherRef)) }, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "timestamped by another authority", store: timestampOnly(func(s *stored, sig *sigstore.Signature) {
			must(s, 0, s.fixture.other.Stamp(sig, time.Now()))
		}), verdict: isUntrusted, reason: "LogProofInvalid", crash: []string{cosign2}},
		{name: "timestamp of another signature", store: timestampOnly(func(s *stored, sig *sigstore.Signature) {
			other := s.unlogged(s.fixture.sigstore, s.payload(s.image))
			must(s, 0, s.fixture.sigstore.Stamp(&other, time.Now()))
			sig.Timestamp = other.Timestamp
		}), verdict: isUntrusted, reason: "LogProofInvalid", crash: []string{cosign2}},
		{name: "timestamped after the certificate", store: timestampOnly(nil, anHourAgo), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "neither logged nor timestamped", store: func(s *stored) {
			s.attach(s.unlogged(s.fixture.sigstore, s.payload(s.image), anHourAgo))
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{
			name: "neither but the certificate is fresh", store: func(s *stored) {
				s.attach(s.unlogged(s.fixture.sigstore, s.payload(s.image)))
			}, verdict: isUntrusted, reason: "LogProofInvalid",
			differs: byCosign("without a timestamp the CLI uses the current time"), admissionDiffers: "without a timestamp policy-controller uses the current time",
		},
		{name: "timestamped with another log entry", store: func(s *stored) {
			signature := s.log(s.fixture.other, s.unlogged(s.fixture.sigstore, s.payload(s.image)), time.Now())
			must(s, 0, s.fixture.sigstore.Stamp(&signature, time.Now()))
			s.attach(signature)
		}, verdict: isUntrusted, reason: "LogProofInvalid", differs: byCosign("the CLI is run with --insecure-ignore-tlog"), admissionDiffers: ignoresLog},
	}
}

func timestampedBy(s *stored, id sigstore.Identity) sigstore.Signature {
	s.t.Helper()
	signer := try(s.fixture.sigstore.Issue(id)).orFail(s.t)
	signature := try(signer.Sign(s.payload(s.image))).orFail(s.t)
	must(s, 0, s.fixture.sigstore.Stamp(&signature, time.Now()))
	return signature
}
