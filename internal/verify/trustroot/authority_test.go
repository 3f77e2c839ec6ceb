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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// certified is a certificate with its key.
type certified struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// certify makes a certificate; without an issuer it is self-signed.
func certify(t *testing.T, template x509.Certificate, by *certified) *certified {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := &template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.SubjectKeyId = []byte(rand.Text()[:20])
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &certified{cert, key}
}

// TestAuthorityAcceptsWhatSigstoreAccepts has authorities of many shapes, and certificates by them, by others and by themselves, at
// many times. An Authority returns the same chains as sigstore-go.
func TestAuthorityAcceptsWhatSigstoreAccepts(t *testing.T) {
	began := time.Now().Truncate(time.Second)
	hours := func(n int) time.Time { return began.Add(time.Duration(n) * time.Hour) }
	subject := &url.URL{Scheme: "https", Host: "github.com", Path: "/karmada-io"}
	template := func(name string, from, to int) x509.Certificate {
		return x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: hours(from), NotAfter: hours(to)}
	}
	ca := func(name string, from, to int) x509.Certificate {
		c := template(name, from, to)
		c.IsCA, c.BasicConstraintsValid, c.MaxPathLen, c.KeyUsage = true, true, -1, x509.KeyUsageCertSign
		return c
	}
	policies := mustOID(t, 1, 2, 3)
	// requireExplicitPolicy is 0 (RFC 5280, section 4.2.1.11).
	explicitPolicy := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0}}
	type change func(root, intermediate *x509.Certificate)
	shapes := map[string]change{
		"as Fulcio's": func(root, intermediate *x509.Certificate) {
			root.MaxPathLen, intermediate.MaxPathLen, intermediate.MaxPathLenZero = 1, 0, true
			intermediate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		},
		"plain":                    func(_, _ *x509.Certificate) {},
		"no intermediates allowed": func(root, _ *x509.Certificate) { root.MaxPathLen, root.MaxPathLenZero = 0, true },
		"names of the root": func(root, _ *x509.Certificate) {
			root.PermittedURIDomains, root.PermittedDNSDomainsCritical = []string{"example.com"}, true
		},
		"names of the intermediate": func(_, intermediate *x509.Certificate) {
			intermediate.ExcludedURIDomains, intermediate.PermittedDNSDomainsCritical = []string{"github.com"}, true
		},
		"root for servers": func(root, _ *x509.Certificate) { root.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
		"intermediate for servers": func(_, intermediate *x509.Certificate) {
			intermediate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		},
		"intermediate that is none": func(_, intermediate *x509.Certificate) { intermediate.IsCA = false },
		"intermediate that does not sign": func(_, intermediate *x509.Certificate) {
			intermediate.KeyUsage = x509.KeyUsageDigitalSignature
		},
		"policies": func(_, intermediate *x509.Certificate) { intermediate.Policies = []x509.OID{policies} },
		"required policies": func(_, intermediate *x509.Certificate) {
			intermediate.ExtraExtensions = []pkix.Extension{explicitPolicy}
		},
		"short root":        func(root, _ *x509.Certificate) { root.NotAfter = hours(3) },
		"late root":         func(root, _ *x509.Certificate) { root.NotBefore = hours(2) },
		"late intermediate": func(_, intermediate *x509.Certificate) { intermediate.NotBefore = hours(2) },
	}
	accepted, remembered := 0, 0
	for name, shape := range shapes {
		rootTemplate, intermediateTemplate := ca("root", 0, 8), ca("intermediate", 0, 6)
		shape(&rootTemplate, &intermediateTemplate)
		anchor := certify(t, rootTemplate, nil)
		intermediate := certify(t, intermediateTemplate, anchor)
		other := certify(t, ca("root", 0, 8), nil)
		impostor := certify(t, ca("intermediate", 0, 6), other)
		leaf := template("", 1, 5)
		leaf.URIs, leaf.ExtKeyUsage = []*url.URL{subject}, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		server, explicit := leaf, leaf
		server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		explicit.Policies, explicit.ExtraExtensions = []x509.OID{policies}, []pkix.Extension{explicitPolicy}
		leaves := []*certified{
			certify(t, leaf, intermediate), certify(t, leaf, anchor), certify(t, leaf, impostor), certify(t, leaf, nil),
			certify(t, server, intermediate), certify(t, explicit, intermediate), intermediate, impostor, anchor,
			certify(t, leaf, certify(t, ca("another", 0, 6), intermediate)),
		}
		for _, fulcio := range []*root.FulcioCertificateAuthority{
			{Root: anchor.Certificate, Intermediates: []*x509.Certificate{intermediate.Certificate}},
			{Root: anchor.Certificate, Intermediates: []*x509.Certificate{intermediate.Certificate}, ValidityPeriodStart: hours(2), ValidityPeriodEnd: hours(4)},
			{Root: anchor.Certificate, Intermediates: []*x509.Certificate{impostor.Certificate}},
			{Root: anchor.Certificate, Intermediates: []*x509.Certificate{anchor.Certificate}},
			{Root: anchor.Certificate, Intermediates: []*x509.Certificate{intermediate.Certificate, impostor.Certificate}},
			{Root: anchor.Certificate},
		} {
			authority := newAuthority(fulcio)
			if authority.anchor != nil {
				remembered++
			}
			for i, cert := range leaves {
				for hour := -1; hour <= 9; hour++ {
					want, wantErr := fulcio.Verify(cert.Certificate, hours(hour))
					got, err := authority.Verify(cert.Certificate, hours(hour))
					if (err == nil) != (wantErr == nil) || !sameChains(got, want) {
						t.Errorf("%s, certificate %d, hour %d: got %d chains and %v, want %d and %v", name, i, hour, len(got), err, len(want), wantErr)
					}
					if err == nil {
						accepted++
					}
				}
			}
		}
	}
	if accepted == 0 || remembered == 0 {
		t.Errorf("%d certificates were accepted, and %d authorities were verified once", accepted, remembered)
	}
}

func mustOID(t *testing.T, ids ...uint64) x509.OID {
	t.Helper()
	id, err := x509.OIDFromInts(ids)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func sameChains(a, b [][]*x509.Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for j := range a[i] {
			if !a[i][j].Equal(b[i][j]) {
				return false
			}
		}
	}
	return true
}
