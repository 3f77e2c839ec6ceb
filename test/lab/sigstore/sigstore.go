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

// Package sigstore is a Sigstore of one's own, in process and without a
// network: certificates in the shape of Fulcio's for any identity, with the
// timestamp of a certificate transparency log; entries of a Rekor log; and the
// trust in all of it, as a trusted root, a TrustRoot object or a TUF
// repository.
//
// Each party of the public instance is one method, so that a test may put a
// bad signature together step by step, or change a good one:
//
//	signer, err := s.Issue(identity)                // Fulcio and the CT log
//	payload, err := sigstore.Payload(digest)        // what cosign signs
//	signature, err := signer.Sign(payload)
//	signature.Bundle, err = s.Log(ctx, signature, time.Now()) // Rekor
//	err = sigstore.Attach(ctx, digest, []sigstore.Signature{signature})
//
// NewSignature does the first four, Sign all of them. Statements are signed in
// the same way, and become bundles:
//
//	statement, err := sigstore.Statement(sigstore.SignPredicate, map[string]any{}, digest)
//	envelope, err := signer.SignStatement(statement)
//	err = s.LogStatement(ctx, &envelope, time.Now())                      // Rekor v1, or
//	err = s.RekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry)   // Rekor v2
//	err = s.StampStatement(&envelope, time.Now())                         // the timestamp authority
//	bundle, err := envelope.Bundle()
//	err = sigstore.AttachBundle(ctx, digest, bundle, sigstore.SignPredicate)
//
// NewEnvelope and NewRekorV2Envelope make envelopes in one call. NewGitHub is
// an instance as GitHub's own, which has no logs, and NewGitHubAttestation what
// GitHub stores. Serve lets other programs sign, such as the cosign command.
package sigstore

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
)

// The addresses under which the parties are known. Nothing listens there.
const (
	FulcioURL = "https://fulcio.sigstore.test"
	CTLogURL  = "https://ctfe.sigstore.test"
	RekorURL  = "https://rekor.sigstore.test"
	TSAURL    = "https://timestamp.sigstore.test"
)

const (
	// backdated is how long before its creation an instance becomes valid:
	// room for certificates and log entries in the past.
	backdated = 24 * time.Hour
	// organization runs an instance.
	organization = "sigstore.test"
	// lifetime is how long an instance stays valid.
	lifetime = 10 * 365 * 24 * time.Hour
)

// Sigstore is one instance: a certificate authority, a certificate
// transparency log, a signature transparency log and a timestamp authority. It is safe for concurrent
// use.
type Sigstore struct {
	organization, fulcioURL, tsaURL string

	ca    authority
	ctLog *ecdsa.PrivateKey // nil if there is no log
	rekor *ecdsa.PrivateKey // nil if there is no log
	tsa   timestampAuthority

	// RekorV2 and ECDSARekorV2 are logs of Rekor v2 beside the one above. The
	// key of the first is Ed25519, as that of the public instance. The second
	// is only in the roots of trust that ask for it, see WithECDSARekorV2.
	RekorV2, ECDSARekorV2 *TileLog

	nextLogIndex atomic.Int64

	treeLock sync.Mutex
	tree     *testonly.Tree // of the transparency log, as long as the process lives
}

// New makes an instance with fresh keys, which no other instance trusts.
func New() (*Sigstore, error) {
	return newInstance(elliptic.P384(), time.Time{})
}

// NewOnCurve makes an instance whose certificate authority has keys on another
// curve than the public one's.
func NewOnCurve(curve elliptic.Curve) (*Sigstore, error) {
	return newInstance(curve, time.Time{})
}

// newInstance makes an instance whose intermediate certificate authority
// expires at the given time, or with the root if it is zero.
func newInstance(curve elliptic.Curve, intermediateUntil time.Time) (*Sigstore, error) {
	ca, err := newAuthority(organization, curve, time.Now().Add(-backdated), intermediateUntil)
	if err != nil {
		return nil, fmt.Errorf("making the certificate authority: %w", err)
	}
	ctLog, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the CT log's key: %w", err)
	}
	rekor, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the transparency log's key: %w", err)
	}
	tsa, err := newTimestampAuthority(organization, ca.root.NotBefore)
	if err != nil {
		return nil, fmt.Errorf("making the timestamp authority: %w", err)
	}
	tileLogs, err := newTileLogKeys()
	if err != nil {
		return nil, fmt.Errorf("making the keys of Rekor v2: %w", err)
	}
	return newSigstore(ca, ctLog, rekor, tsa, tileLogs)
}

func newSigstore(ca authority, ctLog, rekor *ecdsa.PrivateKey, tsa timestampAuthority, tileLogs tileLogKeys) (*Sigstore, error) {
	edwards, err := newTileLog(TileLogURL, tileLogs.ed25519)
	if err != nil {
		return nil, fmt.Errorf("making a log of Rekor v2: %w", err)
	}
	weierstrass, err := newTileLog(ECDSATileLogURL, tileLogs.ecdsa)
	if err != nil {
		return nil, fmt.Errorf("making a log of Rekor v2: %w", err)
	}
	s := &Sigstore{
		organization: organization, fulcioURL: FulcioURL, tsaURL: TSAURL,
		ca: ca, ctLog: ctLog, rekor: rekor, tsa: tsa, RekorV2: edwards, ECDSARekorV2: weierstrass,
		tree: testonly.New(rfc6962.DefaultHasher),
	}
	// Counting from the clock keeps indexes growing from one process to the
	// next without storing them.
	s.nextLogIndex.Store(time.Now().Unix())
	return s, nil
}

// NewSignature signs the image at digest as id, now, the way `cosign sign`
// does with the public instance.
func (s *Sigstore) NewSignature(ctx context.Context, digest name.Digest, id Identity) (Signature, error) {
	signer, err := s.Issue(id)
	if err != nil {
		return Signature{}, err
	}
	payload, err := Payload(digest)
	if err != nil {
		return Signature{}, err
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		return Signature{}, err
	}
	signature.Bundle, err = s.Log(ctx, signature, time.Now())
	if err != nil {
		return Signature{}, err
	}
	return signature, nil
}

// Sign adds a new signature of id to the image at digest, in its registry.
func (s *Sigstore) Sign(ctx context.Context, digest name.Digest, id Identity, opts ...remote.Option) error {
	signature, err := s.NewSignature(ctx, digest, id)
	if err != nil {
		return fmt.Errorf("signing %s as %s: %w", digest, id.Subject, err)
	}
	return Attach(ctx, digest, []Signature{signature}, opts...)
}
