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

package trustroot

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// material is a root of trust whose certificate authorities are verified once.
type material struct {
	root.TrustedMaterial
	authorities []root.CertificateAuthority
}

// FulcioCertificateAuthorities returns the certificate authorities.
func (m *material) FulcioCertificateAuthorities() []root.CertificateAuthority { return m.authorities }

// verifiedOnce returns the material with authorities that remember that their intermediate is by their root. For an authority of
// another shape than Fulcio's nothing is remembered.
func verifiedOnce(trusted root.TrustedMaterial) root.TrustedMaterial {
	m := &material{TrustedMaterial: trusted}
	for _, authority := range trusted.FulcioCertificateAuthorities() {
		if fulcio, ok := authority.(*root.FulcioCertificateAuthority); ok {
			authority = newAuthority(fulcio)
		}
		m.authorities = append(m.authorities, authority)
	}
	return m
}

// Authority is a certificate authority of a root of trust.
type Authority struct {
	*root.FulcioCertificateAuthority
	// anchor is the only intermediate, if the root certified it and restricts nothing else; otherwise nil.
	anchor *x509.CertPool
	// chain is that of Chain.
	chain string
}

// newAuthority verifies the intermediate by the root. A signature that is right once remains right; periods of validity are compared
// each time.
func newAuthority(fulcio *root.FulcioCertificateAuthority) *Authority {
	a := &Authority{FulcioCertificateAuthority: fulcio}
	if fulcio.Root == nil || len(fulcio.Intermediates) != 1 || restricts(fulcio.Root) {
		return a
	}
	intermediate := fulcio.Intermediates[0]
	if !intermediate.BasicConstraintsValid || !intermediate.IsCA || hasPolicies(intermediate) || intermediate.Equal(fulcio.Root) {
		return a
	}
	roots := x509.NewCertPool()
	roots.AddCert(fulcio.Root)
	bothValid := intermediate.NotBefore
	if fulcio.Root.NotBefore.After(bothValid) {
		bothValid = fulcio.Root.NotBefore
	}
	if _, err := intermediate.Verify(x509.VerifyOptions{CurrentTime: bothValid, Roots: roots, KeyUsages: codeSigning()}); err != nil {
		return a
	}
	chain, err := cryptoutils.MarshalCertificatesToPEM([]*x509.Certificate{intermediate, fulcio.Root})
	if err == nil {
		a.chain = string(chain)
	}
	a.anchor = x509.NewCertPool()
	a.anchor.AddCert(intermediate)
	return a
}

func codeSigning() []x509.ExtKeyUsage { return []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }

// restricts reports whether a root restricts what its intermediates may certify in a way that is only known with the certificate:
// by the length of the chain, or by names.
func restricts(cert *x509.Certificate) bool {
	return !cert.BasicConstraintsValid || !cert.IsCA || cert.MaxPathLen == 0 || hasExtension(cert, asn1.ObjectIdentifier{2, 5, 29, 30})
}

// hasPolicies reports whether a certificate is about policies (RFC 5280, section 4.2.1: certificate policies, policy mappings, policy
// constraints and inhibit anyPolicy), which whole chains decide on.
func hasPolicies(cert *x509.Certificate) bool {
	return hasExtension(cert, asn1.ObjectIdentifier{2, 5, 29, 32}, asn1.ObjectIdentifier{2, 5, 29, 33},
		asn1.ObjectIdentifier{2, 5, 29, 36}, asn1.ObjectIdentifier{2, 5, 29, 54})
}

func hasExtension(cert *x509.Certificate, ids ...asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return slices.ContainsFunc(ids, e.Id.Equal) })
}

// Certificates are those of the authority.
func (a *Authority) Certificates() []*x509.Certificate {
	return append([]*x509.Certificate{a.Root}, a.Intermediates...)
}

// Chain returns the intermediate and the root in PEM, as cosign stores them with a signature; empty if the intermediate is not verified
// once.
func (a *Authority) Chain() string { return a.chain }

// Verify verifies that a certificate is by the authority, which was valid at a time. It accepts nothing that sigstore-go does not:
// what it does not accept by the intermediate alone is for sigstore-go to decide, by all certificates.
func (a *Authority) Verify(cert *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	if a.anchor == nil || !a.isValid(at) || hasPolicies(cert) {
		return a.FulcioCertificateAuthority.Verify(cert, at)
	}
	chains, err := cert.Verify(x509.VerifyOptions{
		CurrentTime: at, Roots: a.anchor, Intermediates: x509.NewCertPool(), KeyUsages: codeSigning(),
	})
	if err != nil {
		return a.FulcioCertificateAuthority.Verify(cert, at)
	}
	for i := range chains {
		chains[i] = append(chains[i], a.Root)
	}
	return chains, nil
}

// isValid reports whether the authority and its root were valid at a time, by all that says so.
func (a *Authority) isValid(at time.Time) bool {
	return !at.IsZero() && !at.Before(a.Root.NotBefore) && !at.After(a.Root.NotAfter) &&
		(a.ValidityPeriodStart.IsZero() || !at.Before(a.ValidityPeriodStart)) && (a.ValidityPeriodEnd.IsZero() || !at.After(a.ValidityPeriodEnd))
}
