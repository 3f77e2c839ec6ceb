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
	"cmp"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// githubURL begins the URIs of repositories at GitHub.
const githubURL = "https://github.com/"

// signerOf returns the signer that a certificate names (sigstore/fulcio, docs/oid-info.md). Of several subjects it takes
// the expected one, if there is one. What the certificate does not say is empty, such as the repository of a person.
// GitHub's repositories are OWNER/NAME, those of others are URIs.
func signerOf(cert *x509.Certificate, expected *policy.Matcher) *v1alpha1.Signer {
	facts := extensionsOf(cert)
	return &v1alpha1.Signer{
		Issuer:   printable(facts.Issuer, maxName),
		Identity: printable(nearestSubject(expected, cryptoutils.GetSubjectAlternateNames(cert)), maxName),
		SourceRepository: printable(
			cmp.Or(facts.GithubWorkflowRepository, strings.TrimPrefix(facts.SourceRepositoryURI, githubURL)), maxFact),
		SourceRef:       printable(cmp.Or(facts.GithubWorkflowRef, facts.SourceRepositoryRef), maxFact),
		SourceCommit:    printable(cmp.Or(facts.GithubWorkflowSHA, facts.SourceRepositoryDigest), maxShortFact),
		WorkflowName:    printable(facts.GithubWorkflowName, maxFact),
		WorkflowTrigger: printable(cmp.Or(facts.GithubWorkflowTrigger, facts.BuildTrigger), maxShortFact),
	}
}

// extensionsOf reads Fulcio's extensions of a certificate. If sigstore-go cannot summarize it, only cosign's view of the
// issuer is known, which decided on the certificate.
func extensionsOf(cert *x509.Certificate) certificate.Extensions {
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		known := cosign.CertExtensions{Cert: cert}
		return certificate.Extensions{Issuer: known.GetIssuer()}
	}
	return summary.Extensions
}

// diagnoseCertificate says what is wrong with a certificate, except for its validity period; nil if nothing is. The error
// is a *rejection.
func (v *verification) diagnoseCertificate(cert *x509.Certificate) error {
	if cert == nil {
		return reject(v1alpha1.UntrustedCertificateReason, "it has no certificate: it was made with a key, not with an identity")
	}
	chains, err := sigstoreverify.VerifyLeafCertificate(cert.NotBefore, withKnownNames(cert), v.material)
	if err != nil && cert.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return unsupported("its certificate is signed by an algorithm that is not supported")
	}
	if err != nil {
		return reject(v1alpha1.UntrustedCertificateReason, "its certificate is not by a certificate authority of the root of trust")
	}
	if !v.ctLogs {
		return nil
	}
	if logged, err := cosign.ContainsSCT(cert.Raw); err != nil || !logged {
		return reject(v1alpha1.UntrustedCertificateReason, "its certificate has no timestamp of a certificate transparency log")
	}
	if err := sigstoreverify.VerifySignedCertificateTimestamp(chains, 1, v.material); err != nil {
		return reject(v1alpha1.UntrustedCertificateReason,
			"its certificate has no valid timestamp of a certificate transparency log of the root of trust")
	}
	return nil
}

// expiredAuthority reports whether a certificate authority between a certificate and the root had expired at the time of signing, or
// was not valid yet, although the certificate was valid. Sigstore-go verifies the authorities at that time; cosign v2 does not for
// what it stores itself (pkg/cosign/verify.go, ValidateAndUnpackCert).
func (v *verification) expiredAuthority(cert *x509.Certificate, at time.Time) bool {
	valid := func(authority *x509.Certificate) bool {
		return authority == nil || !at.Before(authority.NotBefore) && !at.After(authority.NotAfter)
	}
	allValid := !slices.ContainsFunc(v.material.FulcioCertificateAuthorities(), func(authority root.CertificateAuthority) bool {
		fulcio, known := authority.(*trustroot.Authority)
		return !known || slices.ContainsFunc(fulcio.Certificates(), func(c *x509.Certificate) bool { return !valid(c) })
	})
	if allValid {
		return false
	}
	_, err := sigstoreverify.VerifyLeafCertificate(at, withKnownNames(cert), v.material)
	return err != nil
}

// withKnownNames returns a certificate whose names are no unhandled extension: the parser does not know those of all identities.
func withKnownNames(cert *x509.Certificate) *x509.Certificate {
	known := *cert
	known.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(cert.UnhandledCriticalExtensions), cryptoutils.SANOID.Equal)
	return &known
}

// diagnoseTime checks that a certificate was valid at the time of signing, which a log entry or a timestamp proves. The
// error is a *rejection.
func diagnoseTime(cert *x509.Certificate, proof policy.TimeProof, at time.Time) error {
	if err := cosign.CheckExpiry(cert, at); err != nil {
		event := "logged"
		if proof == policy.Timestamp {
			event = "timestamped"
		}
		return reject(v1alpha1.UntrustedCertificateReason,
			"its certificate was valid from %s to %s, but the signature was %s at %s",
			formatTime(cert.NotBefore), formatTime(cert.NotAfter), event, formatTime(at))
	}
	return nil
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
