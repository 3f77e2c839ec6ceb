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

// Package corpus reads real signatures of the public Sigstore instance. They are not part of the repository: tests read
// them from the directory shared/corpus next to it, and are skipped if there is none.
package corpus

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// longestLine is the maximum length of a line of the corpus, in bytes.
const longestLine = 16 << 20

// Entry is one real signature, as a registry stored it.
type Entry struct {
	ID   string
	Kind string
	// DockerReference is the repository of the image, Digest the digest of the image or index.
	DockerReference, Digest string
	// Manifest is the manifest of the signature, and Blobs are the blobs that it names, by digest.
	Manifest string
	Blobs    map[string][]byte
	// ImageManifest is the manifest of the image; empty: unknown.
	ImageManifest string
	// Identity and Issuer are those of the signer, IntegratedTime (Unix seconds) and LogIndex those of the log entry.
	Identity, Issuer         string
	IntegratedTime, LogIndex int64
	// Expect is "verify" or "reject".
	Expect string
}

// Verifies reports whether the signature must be verified.
func (e Entry) Verifies() bool { return e.Expect == "verify" }

// The kinds of entries.
const (
	// SimpleSigning is a signature under a .sig tag.
	SimpleSigning = "simplesigning"
	// Attestation is an attestation under a .att tag.
	Attestation = "attestation"
	// Bundle is a Sigstore bundle, a referrer of the image.
	Bundle = "bundle"
)

// PredicateType returns the predicate type of the statement in an entry. It is empty for SimpleSigning.
func (e Entry) PredicateType() (string, error) {
	if e.Kind == SimpleSigning {
		return "", nil
	}
	var manifest struct{ Layers []struct{ Digest string } }
	if err := json.Unmarshal([]byte(e.Manifest), &manifest); err != nil || len(manifest.Layers) == 0 {
		return "", fmt.Errorf("entry %s has no layer: %w", e.ID, err)
	}
	var stored struct {
		Payload      []byte
		DSSEEnvelope struct{ Payload []byte }
	}
	if err := json.Unmarshal(e.Blobs[manifest.Layers[0].Digest], &stored); err != nil {
		return "", err
	}
	var statement struct{ PredicateType string }
	if err := json.Unmarshal(append(stored.Payload, stored.DSSEEnvelope.Payload...), &statement); err != nil {
		return "", err
	}
	return statement.PredicateType, nil
}

// Corpus is the content of the directory.
type Corpus struct {
	// TrustedRoot is the path of the root of trust that the signatures are verified with.
	TrustedRoot string
	// Entries are of all kinds. There is at least one.
	Entries []Entry
}

// Read reads the corpus. It skips the test if there is none.
func Read(t *testing.T) Corpus {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "..", "shared", "corpus")
	file, err := os.Open(filepath.Join(dir, "real-signatures.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the optional corpus of real signatures is missing: there is no directory ../shared/corpus next to the repository")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()

	corpus := Corpus{TrustedRoot: filepath.Join(dir, "trusted_root.json")}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var entry Entry
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		corpus.Entries = append(corpus.Entries, entry)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(corpus.Entries) == 0 {
		t.Fatal("the corpus has no entry")
	}
	return corpus
}
