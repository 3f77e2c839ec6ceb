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
	"time"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// attestationCases ask for a signature, provenance and an SBOM.
func attestationCases() []conformanceCase {
	const slsa, spdx = sigstore.SLSAPredicate, sigstore.SPDXPredicate
	both := func(s *stored) {
		s.attest(s.envelope(release, slsa), s.envelope(release, spdx))
	}
	return []conformanceCase{
		{name: "all in tags", store: func(s *stored) { by(release)(s); both(s) }, verdict: isVerified, reason: "Signed"},
		{name: "all in bundles", store: func(s *stored) {
			bundled(release)(s)
			s.bundle(s.envelope(release, slsa))
			s.bundle(s.envelope(release, spdx))
		}, verdict: isVerified, reason: "Signed"},
		{
			name: "mixed", store: func(s *stored) {
				by(release)(s)
				s.attest(s.envelope(release, spdx))
				s.bundle(s.envelope(release, slsa))
			}, verdict: isVerified, reason: "Signed", cosignDiffers: bundlesOnly, cosignNeedless: true,
		},
		{name: "no attestation", store: by(release), verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "one of two", store: func(s *stored) { by(release)(s); s.attest(s.envelope(release, slsa)) }, verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "other type", store: func(s *stored) {
			by(release)(s)
			s.attest(s.envelope(release, slsa), s.envelope(release, "https://example.com/other"))
		}, verdict: isUntrusted, reason: "AttestationMissing"},
		{name: "no signature", store: both, verdict: isUntrusted, reason: "Unsigned"},
		{name: "attested by another", store: func(s *stored) {
			by(release)(s)
			s.attest(s.envelope(release, slsa), s.envelope(otherRef, spdx))
		}, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "about another image", store: func(s *stored) {
			by(release)(s)
			s.attest(s.envelope(release, slsa), s.envelopeOf(s.another(), release, spdx))
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "statement changed", store: func(s *stored) {
			by(release)(s)
			changed := s.envelope(release, spdx)
			changed.Statement = append(changed.Statement, ' ')
			s.attest(s.envelope(release, slsa), changed)
		}, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "not logged", store: func(s *stored) {
			by(release)(s)
			unlogged := s.envelope(release, spdx)
			unlogged.Entry = nil
			s.attest(s.envelope(release, slsa), unlogged)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another", store: func(s *stored) {
			by(release)(s)
			swapped := s.envelope(release, spdx)
			swapped.Entry = s.envelope(release, slsa).Entry
			s.attest(s.envelope(release, slsa), swapped)
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "signed by another", store: func(s *stored) { by(otherRef)(s); both(s) }, verdict: isUntrusted, reason: "IdentityMismatch"},
	}
}

// conditionCases ask for provenance that fulfils a condition.
func conditionCases() []conformanceCase {
	provenance := func(predicate any) func(*stored) {
		return func(s *stored) {
			by(release)(s)
			s.attest(s.envelope(release, sigstore.SLSAPredicate, predicate))
		}
	}
	return []conformanceCase{
		{name: "fulfilled", store: provenance(map[string]any{"builder": "good"}), verdict: isVerified, reason: "Signed"},
		{name: "not fulfilled", store: provenance(map[string]any{"builder": "bad"}), verdict: isUntrusted, reason: "AttestationRejected"},
		{name: "of another type", store: provenance(map[string]any{"builder": 7}), verdict: isUntrusted, reason: "AttestationRejected"},
		{name: "one of two fulfils", store: func(s *stored) {
			by(release)(s)
			s.attest(
				s.envelope(release, sigstore.SLSAPredicate, map[string]any{"builder": "bad"}),
				s.envelope(release, sigstore.SLSAPredicate, map[string]any{"builder": "good"}),
			)
		}, verdict: isVerified, reason: "Signed", cosignDiffers: "the CLI wants the condition of all attestations of the type", cosignNeedless: true},
		{name: "fulfilled by another", store: func(s *stored) {
			by(release)(s)
			s.attest(s.envelope(otherRef, sigstore.SLSAPredicate))
		}, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "fulfilled in a bundle", store: func(s *stored) {
			by(release)(s)
			s.bundle(s.envelope(release, sigstore.SLSAPredicate))
		}, verdict: isVerified, reason: "Signed"},
	}
}

// privateCases are judged by the TrustRoot of a private Sigstore.
func privateCases() []conformanceCase {
	return []conformanceCase{
		{name: "right", store: by(release), verdict: isVerified, reason: "Signed"},
		{name: "unsigned", verdict: isUntrusted, reason: "Unsigned"},
		{name: "other ref", store: by(otherRef), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "signed in the default Sigstore", store: func(s *stored) {
			s.attach(newSignature(s.t, shared.Sigstore, s.image, release))
		}, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "stamped but not logged", store: stampedOnly(nil), verdict: isUntrusted, reason: "LogProofInvalid"},
		// policy-controller v0.14 never finds the log's key, so that admission refuses, which is foretold.
		{name: "bundle", store: bundled(release), verdict: isVerified, reason: "Signed"},
	}
}

// stampedOnly stores a signature with a timestamp and no entry of the log, changed on the way.
func stampedOnly(change func(*stored, *sigstore.Signature), opts ...sigstore.IssueOption) func(*stored) {
	return func(s *stored) {
		signature := s.unlogged(s.world.sigstore, s.payload(s.image), opts...)
		must(s, 0, s.world.sigstore.Stamp(&signature, time.Now()))
		if change != nil {
			change(s, &signature)
		}
		s.attach(signature)
	}
}

// stampedCases are judged by a TrustRoot with a timestamp authority.
func stampedCases() []conformanceCase {
	anHourAgo := sigstore.At(time.Now().Add(-time.Hour))
	const leavesLogOut = "with a timestamp authority policy-controller leaves the log out"
	return []conformanceCase{
		{name: "logged", store: by(release), verdict: isVerified, reason: "Signed"},
		{name: "stamped", store: func(s *stored) {
			signature := s.unlogged(s.world.sigstore, s.payload(s.image), anHourAgo)
			must(s, 0, s.world.sigstore.Stamp(&signature, time.Now().Add(-time.Hour+time.Minute)))
			s.attach(signature)
		}, verdict: isVerified, reason: "Signed"},
		{name: "stamped by another", store: func(s *stored) { s.attach(stampedBy(s, otherRef)) }, verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "stamped by a foreign authority", store: stampedOnly(func(s *stored, sig *sigstore.Signature) {
			must(s, 0, s.world.stranger.Stamp(sig, time.Now()))
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "timestamp of another signature", store: stampedOnly(func(s *stored, sig *sigstore.Signature) {
			other := s.unlogged(s.world.sigstore, s.payload(s.image))
			must(s, 0, s.world.sigstore.Stamp(&other, time.Now()))
			sig.Timestamp = other.Timestamp
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "stamped after the certificate", store: stampedOnly(nil, anHourAgo), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "neither logged nor stamped", store: func(s *stored) {
			s.attach(s.unlogged(s.world.sigstore, s.payload(s.image), anHourAgo))
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{
			name: "neither but the certificate is fresh", store: func(s *stored) {
				s.attach(s.unlogged(s.world.sigstore, s.payload(s.image)))
			}, verdict: isUntrusted, reason: "LogProofInvalid",
			cosignDiffers: "without a timestamp the CLI goes by the clock", admissionDiffers: "without a timestamp policy-controller goes by the clock",
		},
		{name: "stamped with a foreign log entry", store: func(s *stored) {
			signature := s.log(s.world.stranger, s.unlogged(s.world.sigstore, s.payload(s.image)), time.Now())
			must(s, 0, s.world.sigstore.Stamp(&signature, time.Now()))
			s.attach(signature)
		}, verdict: isUntrusted, reason: "LogProofInvalid", cosignDiffers: "told to ignore the log, the CLI does", admissionDiffers: leavesLogOut},
	}
}

func stampedBy(s *stored, id sigstore.Identity) sigstore.Signature {
	s.t.Helper()
	signer := must2(s)(s.world.sigstore.Issue(id))
	signature := must2s(s)(signer.Sign(s.payload(s.image)))
	must(s, 0, s.world.sigstore.Stamp(&signature, time.Now()))
	return signature
}
