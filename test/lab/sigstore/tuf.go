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
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	legacytuf "github.com/sigstore/sigstore/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// TUFTarget is a further target of a TUF repository.
type TUFTarget struct {
	Name    string
	Content []byte
}

// target is a file of a TUF repository. Usage, if known, is what clients older
// than the trusted root select it by.
type target struct {
	name    string
	content []byte
	usage   legacytuf.UsageKind
	uri     string
}

// WriteTUFRepository writes a TUF repository with the trust in this instance
// into dir, as WriteTUFRepository does.
func (s *Sigstore) WriteTUFRepository(dir string, opts ...TrustedRootOption) error {
	trustedRoot, err := s.TrustedRoot(opts...)
	if err != nil {
		return err
	}
	return WriteTUFRepository(dir, trustedRoot)
}

// WriteTUFRepository writes a TUF repository into dir, to be served unchanged:
// its targets are the trusted root, and the separate keys and certificates
// that clients older than it read (sigstore/sigstore's pkg/tuf). Clients start
// from root.json in dir. The repository has keys of its own, new at each call,
// and stays valid for years.
func WriteTUFRepository(dir string, trustedRoot []byte, more ...TUFTarget) error {
	repository, err := NewTUFRepository(trustedRoot, more...)
	if err != nil {
		return err
	}
	return repository.Write(dir, 1, time.Now().Add(lifetime))
}

// TUFRepository is a TUF repository whose keys and targets stay the same from
// one version to the next.
type TUFRepository struct {
	root    *metadata.Metadata[metadata.RootType]
	signers map[string]signature.Signer
	targets []target
}

// NewTUFRepository makes the keys of a TUF repository. See WriteTUFRepository
// about its targets.
func NewTUFRepository(trustedRoot []byte, more ...TUFTarget) (*TUFRepository, error) {
	targets, err := tufTargets(trustedRoot)
	if err != nil {
		return nil, err
	}
	for _, t := range more {
		targets = append(targets, target{name: t.Name, content: t.Content})
	}
	root := metadata.Root(time.Now().Add(lifetime).UTC().Truncate(time.Second))
	signers, err := tufSigners(root)
	if err != nil {
		return nil, fmt.Errorf("making TUF keys: %w", err)
	}
	r := &TUFRepository{root: root, signers: signers, targets: targets}
	if _, err := root.Sign(signers[metadata.ROOT]); err != nil {
		return nil, fmt.Errorf("signing the root: %w", err)
	}
	return r, nil
}

// Write writes a version of the repository into dir. All metadata but that of
// the root has this version and expires at this time.
func (r *TUFRepository) Write(dir string, version int64, expires time.Time) error {
	if err := os.MkdirAll(filepath.Join(dir, "targets"), 0o750); err != nil {
		return fmt.Errorf("making the TUF repository: %w", err)
	}
	expires = expires.UTC().Truncate(time.Second)
	listed, snapshot, timestamp := metadata.Targets(expires), metadata.Snapshot(expires), metadata.Timestamp(expires)
	listed.Signed.Version, snapshot.Signed.Version, timestamp.Signed.Version = version, version, version
	snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(version)
	timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(version)
	for _, t := range r.targets {
		file, err := t.write(filepath.Join(dir, "targets"))
		if err != nil {
			return fmt.Errorf("writing TUF target %s: %w", t.name, err)
		}
		listed.Signed.Targets[t.name] = file
	}
	if err := errors.Join(
		r.root.ToFile(filepath.Join(dir, "root.json"), false),
		r.root.ToFile(filepath.Join(dir, "1.root.json"), false),
		writeTUFMetadata(listed, r.signers[metadata.TARGETS], filepath.Join(dir, fmt.Sprintf("%d.targets.json", version))),
		writeTUFMetadata(snapshot, r.signers[metadata.SNAPSHOT], filepath.Join(dir, fmt.Sprintf("%d.snapshot.json", version))),
		writeTUFMetadata(timestamp, r.signers[metadata.TIMESTAMP], filepath.Join(dir, "timestamp.json")),
	); err != nil {
		return fmt.Errorf("writing TUF metadata: %w", err)
	}
	return nil
}

// tufTargets are the targets of the public instance that clients request,
// under names like its own.
func tufTargets(trustedRoot []byte) ([]target, error) {
	trusted, err := root.NewTrustedRootFromJSON(trustedRoot)
	if err != nil {
		return nil, fmt.Errorf("reading the trusted root: %w", err)
	}
	targets := []target{{name: "trusted_root.json", content: trustedRoot}}
	for i, authority := range trusted.FulcioCertificateAuthorities() {
		fulcio, ok := authority.(*root.FulcioCertificateAuthority)
		if !ok {
			return nil, fmt.Errorf("certificate authority %d is a %T", i, authority)
		}
		for k, certificate := range append([]*x509.Certificate{fulcio.Root}, fulcio.Intermediates...) {
			pem, err := cryptoutils.MarshalCertificateToPEM(certificate)
			if err != nil {
				return nil, fmt.Errorf("encoding a certificate: %w", err)
			}
			name := fmt.Sprintf("fulcio_%d_%d.crt.pem", i, k)
			targets = append(targets, target{name: name, content: pem, usage: legacytuf.Fulcio, uri: fulcio.URI})
		}
	}
	for _, logs := range []struct {
		name  string
		of    map[string]*root.TransparencyLog
		usage legacytuf.UsageKind
	}{
		{name: "ctfe", of: trusted.CTLogs(), usage: legacytuf.CTFE},
		{name: "rekor", of: trusted.RekorLogs(), usage: legacytuf.Rekor},
	} {
		for id, log := range logs.of {
			if _, ok := log.PublicKey.(*ecdsa.PublicKey); !ok {
				continue // older clients know no other kind
			}
			pem, err := cryptoutils.MarshalPublicKeyToPEM(log.PublicKey)
			if err != nil {
				return nil, fmt.Errorf("encoding a log's key: %w", err)
			}
			targets = append(targets, target{name: logs.name + "_" + id[:8] + ".pub", content: pem, usage: logs.usage, uri: log.BaseURL})
		}
	}
	return targets, nil
}

// write stores t under its name and, for consistent snapshots, under its hash
// and name, and returns its entry in the list of targets.
func (t target) write(dir string) (*metadata.TargetFiles, error) {
	file, err := metadata.TargetFile().FromBytes(t.name, t.content, "sha256")
	if err != nil {
		return nil, err
	}
	if t.usage != legacytuf.UnknownUsage {
		custom, err := json.Marshal(map[string]any{"sigstore": map[string]any{
			"usage": t.usage, "status": legacytuf.Active, "uri": t.uri,
		}})
		if err != nil {
			return nil, err
		}
		file.Custom = (*json.RawMessage)(&custom)
	}
	hashed := fmt.Sprintf("%x.%s", []byte(file.Hashes["sha256"]), t.name)
	for _, name := range []string{t.name, hashed} {
		if err := os.WriteFile(filepath.Join(dir, name), t.content, 0o600); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// tufSigners makes a key for each role and enters it into root.
func tufSigners(root *metadata.Metadata[metadata.RootType]) (map[string]signature.Signer, error) {
	signers := map[string]signature.Signer{}
	for _, role := range []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		key, err := metadata.KeyFromPublicKey(public)
		if err != nil {
			return nil, err
		}
		if err := root.Signed.AddKey(key, role); err != nil {
			return nil, err
		}
		if signers[role], err = signature.LoadSigner(private, crypto.Hash(0)); err != nil {
			return nil, err
		}
	}
	return signers, nil
}

// writeTUFMetadata signs m and writes it into a file.
func writeTUFMetadata[T metadata.Roles](m *metadata.Metadata[T], signer signature.Signer, file string) error {
	if _, err := m.Sign(signer); err != nil {
		return fmt.Errorf("signing %s: %w", file, err)
	}
	return m.ToFile(file, false)
}
