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
	"crypto/elliptic"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// unlogged is a signed and stamped statement, by a certificate as the options say.
func unlogged(t *testing.T, s *sigstore.Sigstore, digest name.Digest, opts ...sigstore.IssueOption) sigstore.Envelope {
	t.Helper()
	signer, err := s.Issue(release, opts...)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := sigstore.Statement(sigstore.SignPredicate, map[string]any{}, digest)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := signer.SignStatement(statement)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.StampStatement(&envelope, time.Now()); err != nil {
		t.Fatal(err)
	}
	return envelope
}

// TestCurves: keys on other curves come with the hash that clients of bundles expect.
func TestCurves(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		envelope := unlogged(t, s, digest, sigstore.WithCurve(curve))
		if err := s.RekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry); err != nil {
			t.Fatal(err)
		}
		if err := verifyWithSigstoreGo(t, trustedRoot(t, s), bundleOf(t, envelope), digest, logged()...); err != nil {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
	}
}

// TestUnknownKey: the certificate is sound in all but the kind of its key, and proved to the certificate transparency log.
func TestUnknownKey(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	envelope := unlogged(t, s, digest, sigstore.WithUnknownKey())
	leaf, trusted := envelope.Signer.Certificate, trustedRoot(t, s)
	if leaf.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm || leaf.PublicKey != nil {
		t.Errorf("the key is a %T of algorithm %s", leaf.PublicKey, leaf.PublicKeyAlgorithm)
	}
	chains, err := verify.VerifyLeafCertificate(time.Now(), leaf, trusted)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify.VerifySignedCertificateTimestamp(chains, 1, trusted); err != nil {
		t.Error(err)
	}
	err = verifyWithSigstoreGo(t, trusted, bundleOf(t, envelope), digest, verify.WithSignedTimestamps(1))
	if err == nil || !strings.Contains(err.Error(), "unsupported public key") {
		t.Errorf("got %v", err)
	}
}

// TestUnknownEntries: clients can't read entries of kinds that they don't know, in either log.
func TestUnknownEntries(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	for title, log := range map[string]func(e *sigstore.Envelope) error{
		"kind, Rekor v1":    func(e *sigstore.Envelope) error { return s.LogStatementAs(t.Context(), e, "foo", "0.0.1", time.Now()) },
		"version, Rekor v1": func(e *sigstore.Envelope) error { return s.LogStatementAs(t.Context(), e, "dsse", "0.0.9", time.Now()) },
		"kind, Rekor v2":    func(e *sigstore.Envelope) error { return s.RekorV2.LogStatementAs(e, "foo", "0.0.1") },
		"version, Rekor v2": func(e *sigstore.Envelope) error { return s.RekorV2.LogStatementAs(e, "hashedrekord", "0.0.9") },
	} {
		envelope := unlogged(t, s, digest)
		if err := log(&envelope); err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.NewBundle(bundleOf(t, envelope)); err == nil || !strings.Contains(err.Error(), "entry") {
			t.Errorf("%s: got %v", title, err)
		}
	}
}

// TestExpiredIntermediate: certificates are valid, but not those above them.
func TestExpiredIntermediate(t *testing.T) {
	s, err := sigstore.NewExpired(time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	digest := pushImage(t, "image")
	now := unlogged(t, s, digest)
	if err := verifyWithSigstoreGo(t, trustedRoot(t, s), bundleOf(t, now), digest, verify.WithSignedTimestamps(1)); err == nil {
		t.Error("accepted a certificate of an authority that has expired")
	}
	before := time.Now().Add(-2 * time.Hour)
	then := unlogged(t, s, digest, sigstore.At(before))
	if err := s.StampStatement(&then, before.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := verifyWithSigstoreGo(t, trustedRoot(t, s), bundleOf(t, then), digest, verify.WithSignedTimestamps(1)); err != nil {
		t.Error(err)
	}
}

// TestAttachBundleAs: the media type is that of the bundle, its layer and its artifact.
func TestAttachBundleAs(t *testing.T) {
	const mediaType = "application/vnd.dev.sigstore.bundle.v0.9+json"
	s, digest := newSigstore(t), pushImage(t, "image")
	envelope := unlogged(t, s, digest)
	if err := sigstore.AttachBundleAs(t.Context(), digest, bundleOf(t, envelope), mediaType, sigstore.SignPredicate); err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(digest, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].ArtifactType != mediaType {
		t.Errorf("got referrers %+v", manifest.Manifests)
	}
}
