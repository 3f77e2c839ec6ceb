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
func (s *Sigstore) WriteTUFRepository(dir string) error {
	trustedRoot, err := s.TrustedRoot()
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
func WriteTUFRepository(dir string, trustedRoot []byte) error {
	targets, err := tufTargets(trustedRoot)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "targets"), 0o750); err != nil {
		return fmt.Errorf("making the TUF repository: %w", err)
	}
	expires := time.Now().Add(lifetime).UTC().Truncate(time.Second)
	root := metadata.Root(expires)
	signers, err := tufSigners(root)
	if err != nil {
		return fmt.Errorf("making TUF keys: %w", err)
	}
	listed := metadata.Targets(expires)
	for _, t := range targets {
		file, err := t.write(filepath.Join(dir, "targets"))
		if err != nil {
			return fmt.Errorf("writing TUF target %s: %w", t.name, err)
		}
		listed.Signed.Targets[t.name] = file
	}
	if err := errors.Join(
		writeTUFMetadata(root, signers[metadata.ROOT], dir, "root.json", "1.root.json"),
		writeTUFMetadata(listed, signers[metadata.TARGETS], dir, "1.targets.json"),
		writeTUFMetadata(metadata.Snapshot(expires), signers[metadata.SNAPSHOT], dir, "1.snapshot.json"),
		writeTUFMetadata(metadata.Timestamp(expires), signers[metadata.TIMESTAMP], dir, "timestamp.json"),
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

// writeTUFMetadata signs m and writes it under each of names.
func writeTUFMetadata[T metadata.Roles](m *metadata.Metadata[T], signer signature.Signer, dir string, names ...string) error {
	if _, err := m.Sign(signer); err != nil {
		return fmt.Errorf("signing %s: %w", names[0], err)
	}
	for _, name := range names {
		if err := m.ToFile(filepath.Join(dir, name), false); err != nil {
			return err
		}
	}
	return nil
}
