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
	"bytes"
	"encoding/pem"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	isVerified  = v1alpha1.VerdictVerified
	isUntrusted = v1alpha1.VerdictUntrusted
	isUnknown   = v1alpha1.VerdictUnknown
)

// withSignature stores a signature by an identity.
func withSignature(id sigstore.Identity) func(*stored) {
	return func(s *stored) { s.attach(s.signature(id)) }
}

// tampered stores a valid signature that was changed afterwards.
func tampered(change func(*stored, *sigstore.Signature)) func(*stored) {
	return func(s *stored) {
		signature := s.signature(labtest.Release)
		change(s, &signature)
		s.attach(signature)
	}
}

// issued stores a signature with a certificate issued with these options, logged at an offset from now.
func issued(after time.Duration, opts ...sigstore.IssueOption) func(*stored) {
	return func(s *stored) {
		s.attach(s.log(s.fixture.sigstore, s.unlogged(s.fixture.sigstore, s.payload(s.image), opts...), time.Now().Add(after)))
	}
}

// tagCases are signatures in cosign v2's format.
func tagCases() []conformanceCase {
	upper := sigstore.Identity{Issuer: labtest.Release.Issuer, Subject: strings.Replace(labtest.Release.Subject, "karmada-io", "Karmada-IO", 1)}
	return []conformanceCase{
		{name: "right", store: withSignature(labtest.Release), verdict: isVerified, reason: "Signed"},
		{name: "unsigned", verdict: isUntrusted, reason: "Unsigned"},
		{name: "other repository", store: withSignature(otherRepository), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other ref", store: withSignature(otherRef), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "other issuer", store: withSignature(otherIssuer), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "identity as suffix", store: withSignature(identityAsSuffix), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "identity as prefix", store: withSignature(identityAsPrefix), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "upper case", store: withSignature(upper), verdict: isUntrusted, reason: "IdentityMismatch"},
		{name: "signature changed", store: tampered(func(s *stored, sig *sigstore.Signature) { sig.Base64 = flipped(s, sig.Base64) }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "payload changed", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Payload = append(bytes.Clone(sig.Payload), ' ') }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "of another image", store: func(s *stored) { s.attach(labtest.NewSignature(s.t, s.fixture.sigstore, s.another(), labtest.Release)) }, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "certificate of another", store: tampered(func(s *stored, sig *sigstore.Signature) { sig.Certificate = s.signature(labtest.Release).Certificate }), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "certificate changed", store: tampered(func(_ *stored, sig *sigstore.Signature) {
			block, _ := pem.Decode(sig.Certificate)
			sig.Certificate = pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: flip(block.Bytes)})
		}), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "no certificate", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Certificate = nil }), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "no chain", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Chain = nil }), verdict: isVerified, reason: "Signed"},
		{name: "no log entry", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Bundle = nil }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another log", store: func(s *stored) {
			s.attach(s.log(s.fixture.other, s.signature(labtest.Release), time.Now()))
		}, verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of another signature", store: tampered(func(s *stored, sig *sigstore.Signature) { sig.Bundle = s.signature(labtest.Release).Bundle }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry moved in time", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Bundle.Payload.IntegratedTime-- }), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log promise changed", store: tampered(func(_ *stored, sig *sigstore.Signature) {
			sig.Bundle.SignedEntryTimestamp = flip(sig.Bundle.SignedEntryTimestamp)
		}), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "no certificate timestamp", store: issued(0, sigstore.LoggedBy()), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "certificate timestamp by another log", store: func(s *stored) { issued(0, sigstore.LoggedBy(s.fixture.other))(s) }, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{
			name: "one of two certificate timestamps is foreign", verdict: isUntrusted, reason: "UntrustedCertificate",
			differs: byCosign("one timestamp of a known log is enough for the CLI"),
			store:   func(s *stored) { issued(0, sigstore.LoggedBy(s.fixture.sigstore, s.fixture.other))(s) },
		},
		{name: "untrusted root", store: func(s *stored) { s.attach(labtest.NewSignature(s.t, s.fixture.other, s.image, labtest.Release)) }, verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged before the certificate", store: issued(-time.Hour), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "logged after the certificate", store: issued(0, sigstore.At(time.Now().Add(-time.Hour))), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "valid after invalid ones", store: func(s *stored) {
			s.attach(s.unlogged(s.fixture.sigstore, s.payload(s.image)), s.signature(otherRef), s.signature(labtest.Release))
		}, verdict: isVerified, reason: "Signed"},
		{name: "60 signatures the last valid", store: manySignatures(59), verdict: isVerified, reason: "Signed"},
	}
}

// manySignatures stores 60 signatures of which the one at this index is valid. policy-controller verifies all of them, and more would
// take longer than an API server waits for it.
func manySignatures(index int) func(*stored) {
	return func(s *stored) {
		bad, good := s.signature(otherRef), s.signature(labtest.Release)
		signatures := make([]sigstore.Signature, 60)
		for i := range signatures {
			signatures[i] = bad
		}
		signatures[index] = good
		s.attach(signatures...)
	}
}

// annotated stores a valid signature with one annotation replaced.
func annotated(key, value string) func(*stored) {
	return tampered(func(_ *stored, sig *sigstore.Signature) { sig.Annotations = map[string]string{key: value} })
}

// hostileCases are artifacts as an attacker may push them.
func hostileCases() []conformanceCase {
	const (
		signature   = "dev.cosignproject.cosign/signature"
		bundle      = "dev.sigstore.cosign/bundle"
		certificate = "dev.sigstore.cosign/certificate"

		largePayload = "payloads of more than 256 KiB are not read"
	)
	return []conformanceCase{
		{name: "signature not base64", store: annotated(signature, "%%%"), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "signature empty", store: annotated(signature, ""), verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "certificate garbage", store: annotated(certificate, "garbage"), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "certificate of an authority", store: tampered(func(_ *stored, sig *sigstore.Signature) { sig.Certificate = sig.Chain }), verdict: isUntrusted, reason: "UntrustedCertificate"},
		{name: "log entry garbage", store: annotated(bundle, "{"), verdict: isUntrusted, reason: "LogProofInvalid"},
		{name: "log entry of a wrong shape", store: annotated(bundle, `{"SignedEntryTimestamp":"","Payload":{"body":7}}`), verdict: isUntrusted, reason: "LogProofInvalid", crash: []string{cosign2, admit13, admit14}},
		{name: "log entry without content", store: annotated(bundle, `{"SignedEntryTimestamp":"","Payload":{"body":"e30="}}`), verdict: isUntrusted, reason: "LogProofInvalid"},
		{
			name: "annotation of a megabyte", store: annotated("dev.sigstore.cosign/chain", strings.Repeat("x", 1<<20)), verdict: isUnknown, reason: "RegistryResponseInvalid",
		},
		{name: "payload not JSON", store: func(s *stored) { storePayload(s, []byte("{")) }, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "payload without a digest", store: func(s *stored) { storePayload(s, []byte("{}")) }, verdict: isUntrusted, reason: "InvalidSignature"},
		{name: "payload of two megabytes", store: func(s *stored) {
			storePayload(s, append(s.payload(s.image), bytes.Repeat([]byte(" "), 2<<20)...))
		}, verdict: isUnknown, reason: "RegistryResponseInvalid", differs: byAll(largePayload), admissionDiffers: largePayload},
		{name: "payload missing", store: missingPayload, verdict: isUnknown, reason: "RegistryResponseInvalid"},
		{name: "no signature in the manifest", store: func(s *stored) {
			must(s, 0, remote.Write(s.tag(".sig"), mutate.MediaType(empty.Image, types.OCIManifestSchema1), lab.RemoteOptions()...))
		}, verdict: isUntrusted, reason: "Unsigned"},
		{name: "index in place of signatures", store: func(s *stored) {
			must(s, 0, remote.WriteIndex(s.tag(".sig"), empty.Index, lab.RemoteOptions()...))
		}, verdict: isUnknown, reason: "RegistryResponseInvalid"},
	}
}

// storePayload stores a valid signature of any payload.
func storePayload(s *stored, payload []byte) {
	s.attach(s.log(s.fixture.sigstore, s.unlogged(s.fixture.sigstore, payload), time.Now()))
}

// missingPayload stores a signature whose payload the registry does not have.
func missingPayload(s *stored) {
	s.attach(s.signature(labtest.Release))
	lab.Intercept(s.t, s.image.Context().RepositoryStr(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
}
