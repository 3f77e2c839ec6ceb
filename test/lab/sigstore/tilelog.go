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
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekortiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	tilesdsse "github.com/sigstore/rekor-tiles/v2/pkg/types/dsse"
	tileshashedrekord "github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"
	"github.com/sigstore/sigstore/pkg/signature"
	checkpoint "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
)

// The base URLs of the logs of Rekor v2 in the roots of trust. The host names
// a log in its checkpoints.
const (
	TileLogURL      = "https://log2025.rekor.sigstore.test"
	ECDSATileLogURL = "https://log2026.rekor.sigstore.test"
)

// TileLog is a transparency log as Rekor v2 runs them: what it says of an
// entry is an inclusion proof and a signed checkpoint, and no time.
type TileLog struct {
	// URL is the log's base URL in the roots of trust.
	URL string
	// ID is the log's identifier: the hash that the key hash of its
	// checkpoints is the beginning of (https://c2sp.org/signed-note).
	ID []byte

	key    crypto.Signer
	origin string
	signer note.Signer

	lock    sync.Mutex
	tree    *testonly.Tree
	entries [][]byte
}

// newTileLog returns an empty log, whose key is Ed25519 or ECDSA.
func newTileLog(base string, key crypto.Signer) (*TileLog, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	_, id, err := rekornote.KeyHash(u.Hostname(), key.Public())
	if err != nil {
		return nil, err
	}
	keySigner, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	signer, err := rekornote.NewNoteSigner(context.Background(), u.Hostname(), keySigner)
	if err != nil {
		return nil, err
	}
	return &TileLog{
		URL: base, ID: id, key: key, origin: u.Hostname(), signer: signer, tree: testonly.New(rfc6962.DefaultHasher),
	}, nil
}

// tileLogKeys are the keys of an instance's two logs of Rekor v2.
type tileLogKeys struct {
	ed25519 ed25519.PrivateKey
	ecdsa   *ecdsa.PrivateKey
}

func newTileLogKeys() (tileLogKeys, error) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tileLogKeys{}, err
	}
	weierstrass, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return tileLogKeys{ed25519: edwards, ecdsa: weierstrass}, err
}

// tileLogAlgorithms are the keys and hashes that signatures in a log may have.
func tileLogAlgorithms() (*signature.AlgorithmRegistryConfig, error) {
	return signature.NewAlgorithmRegistryConfig([]protocommon.PublicKeyDetails{
		protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
		protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384,
		protocommon.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512,
	})
}

// Enter takes a proposed entry into the log, and returns it with the proof
// that it is there. Like Rekor it rejects a signature that its certificate
// does not verify.
func (l *TileLog) Enter(proposed *rekortiles.CreateEntryRequest) (*protorekor.TransparencyLogEntry, error) {
	algorithms, err := tileLogAlgorithms()
	if err != nil {
		return nil, err
	}
	var entry *rekortiles.Entry
	switch {
	case proposed.GetHashedRekordRequestV002() != nil:
		entry, err = tileshashedrekord.ToLogEntry(proposed.GetHashedRekordRequestV002(), algorithms)
	case proposed.GetDsseRequestV002() != nil:
		entry, err = tilesdsse.ToLogEntry(proposed.GetDsseRequestV002(), algorithms)
	default:
		err = errors.New("it is of no kind that the log takes")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the proposed log entry: %w", err)
	}
	serialized, err := protojson.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("encoding the log entry: %w", err)
	}
	body, err := jsoncanonicalizer.Transform(serialized)
	if err != nil {
		return nil, fmt.Errorf("canonicalizing the log entry: %w", err)
	}
	return l.Include(entry.GetKind(), entry.GetApiVersion(), body)
}

// Include appends an entry to the log as it is, and proves that it is there.
// The log knows the kind and the version of the entry from the caller.
func (l *TileLog) Include(kind, version string, body []byte) (*protorekor.TransparencyLogEntry, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.tree.AppendData(body)
	l.entries = append(l.entries, body)
	size := l.tree.Size()
	hashes, err := l.tree.InclusionProof(size-1, size)
	if err != nil {
		return nil, fmt.Errorf("proving the log entry: %w", err)
	}
	signed, err := l.checkpoint()
	if err != nil {
		return nil, err
	}
	index := int64(size - 1) //nolint:gosec // the log has few entries
	return &protorekor.TransparencyLogEntry{
		LogIndex:    index,
		LogId:       &protocommon.LogId{KeyId: l.ID},
		KindVersion: &protorekor.KindVersion{Kind: kind, Version: version},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex:   index,
			RootHash:   l.tree.Hash(),
			TreeSize:   index + 1,
			Hashes:     hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: string(signed)},
		},
		CanonicalizedBody: body,
	}, nil
}

// checkpoint signs what the log's tree is now. The caller has locked the log.
func (l *TileLog) checkpoint() ([]byte, error) {
	text := checkpoint.Checkpoint{Origin: l.origin, Size: l.tree.Size(), Hash: l.tree.Hash()}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(text)}, l.signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint: %w", err)
	}
	return signed, nil
}
