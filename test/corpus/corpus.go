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

// Package corpus reads real signatures of the public Sigstore instance. They are no part of the
// project: tests read them from a directory beside the repository, and are skipped where there is none.
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

// longestLine of the corpus, in bytes.
const longestLine = 16 << 20

// Entry is one real signature, as a registry stored it.
type Entry struct {
	ID   string
	Kind string
	// DockerReference is the repository of the image, Digest that of the image or index.
	DockerReference, Digest string
	// Manifest is that of the signature, and Blobs are what it names, by digest.
	Manifest string
	Blobs    map[string][]byte
	// ImageManifest is that of the image, empty where it is not known.
	ImageManifest string
	// Identity and Issuer are the signer's, IntegratedTime (Unix seconds) and LogIndex the log entry's.
	Identity, Issuer         string
	IntegratedTime, LogIndex int64
	// Expect is "verify" or "reject".
	Expect string
}

// Verifies tells whether the signature is to be accepted.
func (e Entry) Verifies() bool { return e.Expect == "verify" }

// The kinds of entries.
const (
	// SimpleSigning is a signature that a .sig tag names.
	SimpleSigning = "simplesigning"
	// Attestation is an attestation that a .att tag names.
	Attestation = "attestation"
	// Bundle is a Sigstore bundle that refers to the image.
	Bundle = "bundle"
)

// PredicateType of the statement in an entry; empty in a signature of cosign v2.
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

// Corpus is what is there.
type Corpus struct {
	// TrustedRoot is the file with the root of trust that the signatures are judged by.
	TrustedRoot string
	// Entries are of all kinds. There is at least one.
	Entries []Entry
}

// Read reads the corpus, and skips the test where there is none.
func Read(t *testing.T) Corpus {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "..", "shared", "corpus")
	file, err := os.Open(filepath.Join(dir, "real-signatures.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the optional corpus of real signatures is not here: there is no ../shared/corpus beside the repository")
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
		t.Fatal("the corpus has no signature to judge")
	}
	return corpus
}
