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

package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestVerifyMixedVersions has a log whose checkpoints are those of Rekor v1, with an entry of Rekor v2 about something else. No
// log makes such a thing. sigstore-go finds that the log has the entry, and does not compare it with the bundle.
func TestVerifyMixedVersions(t *testing.T) {
	b := newBenchWith(t, true)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadECDSASigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(der)
	trust := objectRoot(t, b.sigstore, sigstore.WithTimestamps(), sigstore.AlsoTrusting("tLogs", key.Public()))

	other := b.rekorV2(b.push("karmada/other", "other"), release, sigstore.HashedRekordEntry).TileEntry.GetCanonicalizedBody()
	hash := rfc6962.DefaultHasher.HashLeaf(other)
	checkpoint, err := util.CreateAndSignCheckpoint(t.Context(), "log.example.com", 1, 1, hash, signer)
	if err != nil {
		t.Fatal(err)
	}
	digest := b.push("karmada/app", "app")
	var made *protobundle.Bundle
	b.attachBundle(digest, b.rekorV2(digest, release, sigstore.HashedRekordEntry), func(p *protobundle.Bundle) {
		p.VerificationMaterial.TlogEntries = []*protorekor.TransparencyLogEntry{{
			LogId:       &protocommon.LogId{KeyId: id[:]},
			KindVersion: &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
			InclusionProof: &protorekor.InclusionProof{
				RootHash: hash, TreeSize: 1, Checkpoint: &protorekor.Checkpoint{Envelope: string(checkpoint)},
			},
			CanonicalizedBody: other,
		}}
		made = p
	})
	read, err := bundle.NewBundle(made)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sigstoreverify.VerifyTlogEntry(read, trust.Material, 1, false); err != nil {
		t.Errorf("sigstore-go rejects it by itself, so that verifyVersions can go: %v", err)
	}
	got := mustBe(t.Context(), t, newCosign(time.Minute), digest, underTrustRoot(t, release), trust, untrusted, "LogProofInvalid")
	if want := "does not prove that it has the signature"; !strings.Contains(got.Message, want) {
		t.Errorf("got message %q, want one with %q", got.Message, want)
	}
}
