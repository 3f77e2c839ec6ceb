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
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

var release = sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.0.0",
	"e5277b6317ac1a4717f5fac4057caf51a5d248fc")

// pushImage pushes an image of the given content to a new registry.
func pushImage(t *testing.T, content string) name.Digest {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	digest, err := images.Push(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/karmada/app:v1", content)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func newSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkOpts are those of an offline `cosign verify` for id, trusting s only.
func checkOpts(t *testing.T, s *sigstore.Sigstore, id sigstore.Identity) *cosign.CheckOpts {
	t.Helper()
	encoded, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := root.NewTrustedRootFromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return &cosign.CheckOpts{
		TrustedMaterial: trusted,
		Offline:         true,
		ClaimVerifier:   cosign.SimpleClaimVerifier,
		Identities:      []cosign.Identity{{Issuer: id.Issuer, Subject: id.Subject}},
	}
}

func TestLogRejectsWrongSignature(t *testing.T) {
	b := bench{t: t, s: newSigstore(t), digest: pushImage(t, "image")}
	signature := b.sign(b.payload(b.digest))
	signature.Payload = append(signature.Payload, '\n')
	if _, err := b.s.Log(t.Context(), signature, time.Now()); err == nil {
		t.Error("logged a signature that its certificate does not verify")
	}
}

func TestSignAddsToExisting(t *testing.T) {
	digest, first, second := pushImage(t, "image"), newSigstore(t), newSigstore(t)
	for _, s := range []*sigstore.Sigstore{first, second} {
		if err := s.Sign(t.Context(), digest, release); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*sigstore.Sigstore{first, second} {
		if _, _, err := cosign.VerifyImageSignatures(t.Context(), digest, checkOpts(t, s, release)); err != nil {
			t.Error(err)
		}
	}
}

func TestLoad(t *testing.T) {
	saved, path := newSigstore(t), filepath.Join(t.TempDir(), "sigstore.pem")
	if err := saved.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := sigstore.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	digest := pushImage(t, "image")
	if err := loaded.Sign(t.Context(), digest, release); err != nil {
		t.Fatal(err)
	}
	if _, _, err := cosign.VerifyImageSignatures(t.Context(), digest, checkOpts(t, saved, release)); err != nil {
		t.Error(err)
	}
}

// TestCertificate compares the certificate of a workflow with what a Sigstore
// client reads from one of the public instance.
func TestCertificate(t *testing.T) {
	signer, err := newSigstore(t).Issue(release)
	if err != nil {
		t.Fatal(err)
	}
	got, err := certificate.SummarizeCertificate(signer.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	const sha = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"
	const san = "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.0.0"
	want := certificate.Summary{
		CertificateIssuer:      "CN=sigstore-intermediate,O=sigstore.test",
		SubjectAlternativeName: san,
		Extensions: certificate.Extensions{
			Issuer:                              "https://token.actions.githubusercontent.com",
			GithubWorkflowTrigger:               "release",
			GithubWorkflowSHA:                   sha,
			GithubWorkflowName:                  "release.yml",
			GithubWorkflowRepository:            "karmada-io/karmada",
			GithubWorkflowRef:                   "refs/tags/v1.0.0",
			BuildSignerURI:                      san,
			BuildSignerDigest:                   sha,
			RunnerEnvironment:                   "github-hosted",
			SourceRepositoryURI:                 "https://github.com/karmada-io/karmada",
			SourceRepositoryDigest:              sha,
			SourceRepositoryRef:                 "refs/tags/v1.0.0",
			SourceRepositoryOwnerURI:            "https://github.com/karmada-io",
			BuildConfigURI:                      san,
			BuildConfigDigest:                   sha,
			BuildTrigger:                        "release",
			RunInvocationURI:                    "https://github.com/karmada-io/karmada/actions/runs/1/attempts/1",
			SourceRepositoryVisibilityAtSigning: "public",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if got := signer.Certificate.NotAfter.Sub(signer.Certificate.NotBefore); got != 10*time.Minute {
		t.Errorf("valid for %s, want 10m", got)
	}
	if diff := cmp.Diff([]x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, signer.Certificate.ExtKeyUsage); diff != "" {
		t.Errorf("extended key usage (-want +got):\n%s", diff)
	}
}

func TestCertificateSubject(t *testing.T) {
	tests := map[string]struct {
		want string // as kind and value; empty: rejected
	}{
		"someone@karmada.io":       {want: "[] [someone@karmada.io]"},
		"https://ci.karmada.io/me": {want: "[https://ci.karmada.io/me] []"},
		"spiffe://karmada.io/me":   {want: "[spiffe://karmada.io/me] []"},
		"someone":                  {},
	}
	s := newSigstore(t)
	for subject, tc := range tests {
		t.Run(subject, func(t *testing.T) {
			signer, err := s.Issue(sigstore.Identity{Issuer: "https://issuer.test", Subject: subject})
			if err != nil {
				if tc.want != "" {
					t.Error(err)
				}
				return
			}
			got := fmt.Sprint(signer.Certificate.URIs, signer.Certificate.EmailAddresses)
			if got != tc.want {
				t.Errorf("subject alternative names are %s, want %s", got, tc.want)
			}
		})
	}
}
