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

package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// certificateLifetime is Fulcio's.
const certificateLifetime = 10 * time.Minute

// authority is a Fulcio: a self-signed root and the intermediate that issues.
type authority struct {
	root, intermediate *x509.Certificate
	key                *ecdsa.PrivateKey // the intermediate's
}

// newAuthority makes an authority with the shape of the public one, whose keys
// are on P-384: an intermediate that may issue code signing certificates only.
func newAuthority(organization string, curve elliptic.Curve, notBefore, intermediateUntil time.Time) (authority, error) {
	rootKey, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return authority{}, err
	}
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return authority{}, err
	}
	rootTemplate := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: "sigstore"},
		NotBefore:             notBefore,
		NotAfter:              notBefore.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            1,
	}
	root, err := createCertificate(rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	if err != nil {
		return authority{}, fmt.Errorf("root certificate: %w", err)
	}
	if intermediateUntil.IsZero() {
		intermediateUntil = root.NotAfter
	}
	intermediate, err := createCertificate(&x509.Certificate{
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: "sigstore-intermediate"},
		NotBefore:             root.NotBefore,
		NotAfter:              intermediateUntil,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}, root, key.Public(), rootKey)
	if err != nil {
		return authority{}, fmt.Errorf("intermediate certificate: %w", err)
	}
	return authority{root: root, intermediate: intermediate, key: key}, nil
}

// chain is what stands above a leaf, the root last.
func (a authority) chain() []*x509.Certificate {
	return []*x509.Certificate{a.intermediate, a.root}
}

// IssueOption changes how a certificate is issued.
type IssueOption func(*issueOptions)

type issueOptions struct {
	notBefore time.Time
	ctLogs    []*ecdsa.PrivateKey
	curve     elliptic.Curve
	otherName bool
	email     bool
	// unknownKey replaces the key by one of an unknown algorithm.
	unknownKey bool
}

// WithCurve has the certificate for a key on another curve than P-256.
func WithCurve(curve elliptic.Curve) IssueOption {
	return func(o *issueOptions) { o.curve = curve }
}

// WithUnknownKey has the certificate for a key of an algorithm that clients
// don't know. What the signer signs is then not verified by it.
func WithUnknownKey() IssueOption {
	return func(o *issueOptions) { o.unknownKey = true }
}

// AsEmail issues the certificate to the subject as an e-mail address, whatever
// it looks like.
func AsEmail() IssueOption {
	return func(o *issueOptions) { o.email = true }
}

// AsOtherName issues the certificate to the subject as the name of a user,
// which may be any text, whatever it looks like.
func AsOtherName() IssueOption {
	return func(o *issueOptions) { o.otherName = true }
}

// At issues the certificate, and its log's timestamp, at the given time
// instead of now. It is valid for ten minutes from then.
func At(notBefore time.Time) IssueOption {
	return func(o *issueOptions) { o.notBefore = notBefore }
}

// LoggedBy embeds a timestamp by the CT log of each of the given instances, in
// place of the issuer's own; by none, the certificate carries no timestamp.
func LoggedBy(instances ...*Sigstore) IssueOption {
	return func(o *issueOptions) {
		o.ctLogs = nil
		for _, s := range instances {
			o.ctLogs = append(o.ctLogs, s.ctLog)
		}
	}
}

// Issue makes a key pair and a certificate that binds it to id, valid for ten
// minutes, submitted to the CT log.
func (s *Sigstore) Issue(id Identity, opts ...IssueOption) (*Signer, error) {
	o := issueOptions{notBefore: time.Now(), ctLogs: s.ctLogs(), curve: elliptic.P256()}
	for _, opt := range opts {
		opt(&o)
	}
	key, err := ecdsa.GenerateKey(o.curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	certificate, err := s.ca.issue(id, key.Public(), o)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate to %s: %w", id.Subject, err)
	}
	return &Signer{Key: key, Certificate: certificate, Chain: s.ca.chain()}, nil
}

// ctLogs are the keys of the certificate transparency logs that there are.
func (s *Sigstore) ctLogs() []*ecdsa.PrivateKey {
	if s.ctLog == nil {
		return nil
	}
	return []*ecdsa.PrivateKey{s.ctLog}
}

func (a authority) issue(id Identity, pub crypto.PublicKey, o issueOptions) (*x509.Certificate, error) {
	extensions, err := id.extensions().Render()
	if err != nil {
		return nil, fmt.Errorf("rendering extensions: %w", err)
	}
	var uris []*url.URL
	var emails []string
	switch {
	case o.otherName:
		name, err := cryptoutils.MarshalOtherNameSAN(id.Subject, true)
		if err != nil {
			return nil, fmt.Errorf("rendering the subject: %w", err)
		}
		extensions = append(extensions, *name)
	case o.email:
		emails = []string{id.Subject}
	default:
		if uris, emails, err = id.subjectAlternativeName(); err != nil {
			return nil, err
		}
	}
	serial, err := cryptoutils.GenerateSerialNumber()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:    serial, // the precertificate and the certificate share it
		NotBefore:       o.notBefore,
		NotAfter:        o.notBefore.Add(certificateLifetime),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs:            uris,
		EmailAddresses:  emails,
		ExtraExtensions: extensions,
	}
	if template.SubjectKeyId, err = cryptoutils.SKID(pub); err != nil {
		return nil, err
	}
	if len(o.ctLogs) > 0 {
		precertificate := *template
		precertificate.ExtraExtensions = slices.Concat(extensions, []pkix.Extension{poison})
		logged, err := a.create(&precertificate, pub, o)
		if err != nil {
			return nil, fmt.Errorf("precertificate: %w", err)
		}
		timestamps, err := signedCertificateTimestamps(o.ctLogs, logged, a.intermediate, o.notBefore)
		if err != nil {
			return nil, fmt.Errorf("submitting to the CT log: %w", err)
		}
		template.ExtraExtensions = append(template.ExtraExtensions, timestamps)
	}
	return a.create(template, pub, o)
}

// create signs a certificate with the intermediate's key.
func (a authority) create(template *x509.Certificate, pub crypto.PublicKey, o issueOptions) (*x509.Certificate, error) {
	certificate, err := createCertificate(template, a.intermediate, pub, a.key)
	if err != nil || !o.unknownKey {
		return certificate, err
	}
	return withUnknownKey(certificate, a.key)
}

// createCertificate signs template, under a random serial number if it has none.
func createCertificate(template, parent *x509.Certificate, pub crypto.PublicKey, signer crypto.Signer) (*x509.Certificate, error) {
	if template.SerialNumber == nil {
		serial, err := cryptoutils.GenerateSerialNumber()
		if err != nil {
			return nil, err
		}
		template.SerialNumber = serial
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
