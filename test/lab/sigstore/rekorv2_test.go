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
	"encoding/hex"
	"net/url"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor-tiles/v2/pkg/verify"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// verifyWithSigstoreGo verifies a bundle about an image as a client does that
// demands an entry of a log and a timestamp.
func verifyWithSigstoreGo(t *testing.T, trusted root.TrustedMaterial, b *protobundle.Bundle, digest name.Digest, opts ...sgverify.VerifierOption) error {
	t.Helper()
	verifier, err := sgverify.NewVerifier(trusted, opts...)
	if err != nil {
		t.Fatal(err)
	}
	entity, err := bundle.NewBundle(b)
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(digest.DigestStr()[len("sha256:"):])
	if err != nil {
		t.Fatal(err)
	}
	identity, err := sgverify.NewShortCertificateIdentity(release.Issuer, "", release.Subject, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier.Verify(entity, sgverify.NewPolicy(
		sgverify.WithArtifactDigest("sha256", hash), sgverify.WithCertificateIdentity(identity)))
	return err
}

func trustedRoot(t *testing.T, s *sigstore.Sigstore, opts ...sigstore.TrustedRootOption) *root.TrustedRoot {
	t.Helper()
	encoded, err := s.TrustedRoot(opts...)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := root.NewTrustedRootFromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}

func bundleOf(t *testing.T, envelope sigstore.Envelope) *protobundle.Bundle {
	t.Helper()
	b, err := envelope.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func logged() []sgverify.VerifierOption {
	return []sgverify.VerifierOption{
		sgverify.WithTransparencyLog(1), sgverify.WithSignedTimestamps(1), sgverify.WithSignedCertificateTimestamps(1),
	}
}

func newRekorV2Envelope(t *testing.T, s *sigstore.Sigstore, digest name.Digest, kind sigstore.EntryKind) sigstore.Envelope {
	t.Helper()
	envelope, err := s.NewRekorV2Envelope(digest, release, sigstore.SignPredicate, map[string]any{}, kind)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// TestRekorV2 verifies bundles of Rekor v2 with sigstore-go, after other
// entries and with both kinds of keys, and expects that it misses what is
// taken away.
func TestRekorV2(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	trusted := trustedRoot(t, s)
	for range 5 {
		if err := verifyWithSigstoreGo(t, trusted, bundleOf(t, newRekorV2Envelope(t, s, digest, sigstore.HashedRekordEntry)), digest, logged()...); err != nil {
			t.Error(err)
		}
	}
	good := newRekorV2Envelope(t, s, digest, sigstore.HashedRekordEntry)

	byECDSA := good
	if err := s.ECDSARekorV2.LogStatement(&byECDSA, sigstore.HashedRekordEntry); err != nil {
		t.Fatal(err)
	}
	if err := verifyWithSigstoreGo(t, trustedRoot(t, s, sigstore.WithECDSARekorV2()), bundleOf(t, byECDSA), digest, logged()...); err != nil {
		t.Errorf("with an ECDSA key: %v", err)
	}
	if err := verifyWithSigstoreGo(t, trusted, bundleOf(t, byECDSA), digest, logged()...); err == nil {
		t.Error("accepted an entry of a log that is not in the root of trust")
	}
	if err := verifyWithSigstoreGo(t, trustedRoot(t, s, sigstore.WithoutRekorV2()), bundleOf(t, good), digest, logged()...); err == nil {
		t.Error("accepted an entry of Rekor v2 by a root of trust without it")
	}
	unstamped := good
	unstamped.Timestamp = nil
	if err := verifyWithSigstoreGo(t, trusted, bundleOf(t, unstamped), digest, logged()...); err == nil {
		t.Error("accepted an entry of Rekor v2 without a timestamp")
	}
	foreign := good
	foreign.TileEntry = newRekorV2Envelope(t, s, digest, sigstore.HashedRekordEntry).TileEntry
	if err := verifyWithSigstoreGo(t, trusted, bundleOf(t, foreign), digest, logged()...); err == nil {
		t.Error("accepted the entry of another signature")
	}
}

// TestRekorV2DSSE verifies entries of the older kind as far as a client can
// that knows it: sigstore-go does not.
func TestRekorV2DSSE(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	envelope := newRekorV2Envelope(t, s, digest, sigstore.DSSEEntry)
	log := trustedRoot(t, s).RekorLogs()[hex.EncodeToString(envelope.TileEntry.GetLogId().GetKeyId())]
	if log == nil {
		t.Fatal("the root of trust does not have the entry's log")
	}
	u, err := url.Parse(log.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.LoadVerifier(log.PublicKey, log.SignatureHashFunc)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewNoteVerifier(u.Hostname(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify.VerifyLogEntry(envelope.TileEntry, verifier); err != nil {
		t.Error(err)
	}
	envelope.TileEntry.CanonicalizedBody = append(envelope.TileEntry.CanonicalizedBody, ' ')
	if err := verify.VerifyLogEntry(envelope.TileEntry, verifier); err == nil {
		t.Error("accepted another entry")
	}
}

func TestRekorV2RejectsWrongSignature(t *testing.T) {
	s, digest := newSigstore(t), pushImage(t, "image")
	for _, kind := range []sigstore.EntryKind{sigstore.HashedRekordEntry, sigstore.DSSEEntry} {
		envelope := newRekorV2Envelope(t, s, digest, kind)
		envelope.Statement = append(envelope.Statement, '\n')
		if err := s.RekorV2.LogStatement(&envelope, kind); err == nil {
			t.Errorf("logged a signature of kind %s that its certificate does not verify", kind)
		}
	}
}
