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

package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/fulcio/pkg/api"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func serve(t *testing.T, s *sigstore.Sigstore) *sigstore.Server {
	t.Helper()
	server, err := s.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func token(t *testing.T, server *sigstore.Server, id sigstore.Identity) string {
	t.Helper()
	out, err := server.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newKey(t *testing.T) *signature.ECDSASignerVerifier {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signature.LoadECDSASignerVerifier(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// request asks for a certificate for a key, with a signature by another or the same as the proof.
func request(t *testing.T, server *sigstore.Server, token string, key, by *signature.ECDSASignerVerifier, challenge string) ([]*x509.Certificate, error) {
	t.Helper()
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := cryptoutils.MarshalPublicKeyToPEM(public)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := by.SignMessage(strings.NewReader(challenge))
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response, err := api.NewClient(address).SigningCert(api.CertificateRequest{
		PublicKey: api.Key{Content: encoded}, SignedEmailAddress: proof,
	}, token)
	if err != nil {
		return nil, err
	}
	chain, err := cryptoutils.UnmarshalCertificatesFromPEM(append(response.CertPEM, response.ChainPEM...))
	if err != nil {
		t.Fatal(err)
	}
	return chain, nil
}

// TestServerCertificate compares the certificate that the bearer of a token gets with the one that is issued to the
// identity directly.
func TestServerCertificate(t *testing.T) {
	s := newSigstore(t)
	server := serve(t, s)
	tests := map[string]struct {
		id        sigstore.Identity
		challenge string
	}{
		"workflow": {id: release, challenge: "repo:karmada-io/karmada:ref:refs/tags/v1.0.0"},
		"e-mail": {
			id:        sigstore.Identity{Issuer: "https://issuer.test", Subject: "someone@karmada.io"},
			challenge: "someone@karmada.io",
		},
		"URI": {
			id:        sigstore.Identity{Issuer: "https://issuer.test", Subject: "https://ci.karmada.io/me"},
			challenge: "https://ci.karmada.io/me",
		},
	}
	for title, tc := range tests {
		t.Run(title, func(t *testing.T) {
			key := newKey(t)
			chain, err := request(t, server, token(t, server, tc.id), key, key, tc.challenge)
			if err != nil {
				t.Fatal(err)
			}
			direct, err := s.Issue(tc.id)
			if err != nil {
				t.Fatal(err)
			}
			want, err := certificate.SummarizeCertificate(direct.Certificate)
			if err != nil {
				t.Fatal(err)
			}
			got, err := certificate.SummarizeCertificate(chain[0])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("certificate (-direct +served):\n%s", diff)
			}
			if diff := cmp.Diff(direct.Chain, chain[1:]); diff != "" {
				t.Errorf("chain (-direct +served):\n%s", diff)
			}
			if public, _ := key.PublicKey(); !chain[0].PublicKey.(*ecdsa.PublicKey).Equal(public) {
				t.Error("the certificate is for another key")
			}
		})
	}
}

func TestServerRejectsCertificate(t *testing.T) {
	server, other := serve(t, newSigstore(t)), serve(t, newSigstore(t))
	const subject = "someone@karmada.io"
	id := sigstore.Identity{Issuer: "https://issuer.test", Subject: subject}
	key := newKey(t)
	tests := map[string]struct {
		token     string
		by        *signature.ECDSASignerVerifier
		challenge string
		want      string
	}{
		"no token":              {by: key, challenge: subject, want: "reading the token"},
		"token of another":      {token: token(t, other, id), by: key, challenge: subject, want: "verifying the token"},
		"proof by another key":  {token: token(t, server, id), by: newKey(t), challenge: subject, want: "not proved"},
		"proof of another name": {token: token(t, server, id), by: key, challenge: "other@karmada.io", want: "not proved"},
	}
	for title, tc := range tests {
		t.Run(title, func(t *testing.T) {
			if _, err := request(t, server, tc.token, key, tc.by, tc.challenge); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestServerSigningConfig has sigstore-go sign by signing configurations, and verify what comes of it.
func TestServerSigningConfig(t *testing.T) {
	s := newSigstore(t)
	trusted := trustedRoot(t, s)
	server := serve(t, s)
	for title, services := range map[string]sigstore.SigningServices{
		"Rekor v1":                  {RekorVersion: 1},
		"Rekor v1 with a timestamp": {RekorVersion: 1, Timestamps: true},
		"Rekor v2 with a timestamp": {RekorVersion: 2, Timestamps: true},
		"a timestamp alone":         {Timestamps: true},
	} {
		t.Run(title, func(t *testing.T) {
			signByConfig(t, server, trusted, services)
		})
	}
}

// TestGitHubServer has sigstore-go sign as GitHub's actions do, with a server that has no logs.
func TestGitHubServer(t *testing.T) {
	s := newGitHub(t)
	signByConfig(t, serve(t, s), trustedRoot(t, s), sigstore.SigningServices{Timestamps: true})
}

func signByConfig(t *testing.T, server *sigstore.Server, trusted *root.TrustedRoot, services sigstore.SigningServices) {
	t.Helper()
	encoded, err := server.SigningConfig(services)
	if err != nil {
		t.Fatal(err)
	}
	config, err := root.NewSigningConfigFromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		t.Fatal(err)
	}
	opts := sign.BundleOptions{
		CertificateProvider:        sign.NewFulcio(&sign.FulcioOptions{BaseURL: config.FulcioCertificateAuthorityURLs()[0].URL}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token(t, server, release)},
		Context:                    t.Context(),
		TrustedRoot:                trusted, // verifies the bundle
	}
	for _, log := range config.RekorLogURLs() {
		opts.TransparencyLogs = append(opts.TransparencyLogs, sign.NewRekor(&sign.RekorOptions{BaseURL: log.URL, Version: log.MajorAPIVersion}))
	}
	for _, authority := range config.TimestampAuthorityURLs() {
		opts.TimestampAuthorities = append(opts.TimestampAuthorities, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: authority.URL}))
	}
	for title, content := range map[string]sign.Content{
		"message":   &sign.PlainData{Data: []byte("message")},
		"statement": &sign.DSSEData{Data: []byte("{}"), PayloadType: "application/vnd.in-toto+json"},
	} {
		if _, err := sign.Bundle(content, keys, opts); err != nil {
			t.Errorf("%s: %v", title, err)
		}
	}
}
