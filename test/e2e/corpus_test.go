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

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/binaries"
)

// realSignature is a signature that the public Sigstore instance once made possible.
type realSignature struct {
	ID              string `json:"id"`
	Kind            string `json:"kind"`
	DockerReference string `json:"dockerReference"`
	Digest          string `json:"digest"`
	Expect          string `json:"expect"`
	// Manifest and Blobs are the signature as it is stored; ImageManifest is that of the image, where known.
	Manifest      string            `json:"manifest"`
	Blobs         map[string][]byte `json:"blobs"`
	ImageManifest string            `json:"imageManifest"`

	Identity       string `json:"identity"`
	Issuer         string `json:"issuer"`
	IntegratedTime int64  `json:"integratedTime"`
	LogIndex       int64  `json:"logIndex"`
}

// TestRealSignatures takes signatures of the real world, under the real names of their images, the whole way: from a
// trust that names who signed, by the root of trust of the public Sigstore, to the status. The signatures
// are no part of the project: without them the test is skipped.
func TestRealSignatures(t *testing.T) {
	dir := corpusDir(t)
	entries := readCorpus(t, filepath.Join(dir, "real-signatures.jsonl"))
	restartWith(t, "--trusted-root="+filepath.Join(dir, "trusted_root.json"), "--tuf-mirror=", "--tuf-root=")
	judged, asExpected := 0, 0
	for _, entry := range entries {
		if entry.Kind != "simplesigning" {
			continue
		}
		judged++
		if t.Run(entry.ID, func(t *testing.T) { checkRealSignature(t, entry) }) {
			asExpected++
		}
	}
	if judged == 0 {
		t.Error("there is no signature to judge")
	}
	fmt.Printf("figure: real_signatures_end_to_end %d/%d\n", asExpected, judged)
}

func checkRealSignature(t *testing.T, entry realSignature) {
	t.Helper()
	reference := serve(t, entry)
	right := realTrust(entry, "right", reference, entry.Identity)
	// By one character: the last one, and one at the end.
	shorter := realTrust(entry, "shorter", reference, entry.Identity[:len(entry.Identity)-1])
	longer := realTrust(entry, "longer", reference, entry.Identity+"0")
	for _, trust := range []*trust{right, shorter, longer} {
		create(t, trust)
	}
	if entry.Expect != "verify" {
		for _, trust := range []*trust{right, shorter, longer} {
			got := becomes(t, trust.Name, settled)
			if imageIn(got).Verdict != v1alpha1.VerdictUntrusted {
				t.Errorf("%s: %s", trust.Name, dump(got.Status.Images))
			}
		}
		return
	}
	image := imageIn(becomes(t, right.Name, settled, verdict(reference, v1alpha1.VerdictVerified, v1alpha1.SignedReason)))
	integrated := metav1.Unix(entry.IntegratedTime, 0)
	switch {
	case image.Digest != entry.Digest:
		t.Errorf("digest %s, want %s", image.Digest, entry.Digest)
	case image.Signer.Identity != entry.Identity || image.Signer.Issuer != entry.Issuer:
		t.Errorf("signer %s of %s, want %s of %s", image.Signer.Identity, image.Signer.Issuer, entry.Identity, entry.Issuer)
	case *image.Log.Index != entry.LogIndex || !image.Log.IntegratedTime.Equal(&integrated):
		t.Errorf("log entry %d of %s, want %d of %s", *image.Log.Index, image.Log.IntegratedTime, entry.LogIndex, integrated)
	}
	for _, trust := range []*trust{shorter, longer} {
		becomes(t, trust.Name, settled, verdict(reference, v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason))
	}
}

// realTrust names an identity, and the image's repository and nothing else.
func realTrust(entry realSignature, suffix, reference, identity string) *trust {
	out := newTrust("corpus-"+entry.ID+"-"+suffix, "", reference)
	out.Spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(entry.DockerReference)}
	out.Spec.Issuer, out.Spec.Identity = entry.Issuer, identity
	// Admission has another root of trust.
	out.Spec.Enforcement = v1alpha1.EnforcementAudit
	return out
}

// serve has the registry serve an image's signature, and the image itself where its manifest is known: then by a
// tag, otherwise by its digest alone.
func serve(t *testing.T, entry realSignature) (reference string) {
	t.Helper()
	repository, err := name.NewRepository(entry.DockerReference)
	if err != nil {
		t.Fatal(err)
	}
	for digest, content := range entry.Blobs {
		layer := static.NewLayer(content, types.OCILayer)
		if got, err := layer.Digest(); err != nil || got.String() != digest {
			t.Fatalf("blob %s has digest %s, %v", digest, got, err)
		}
		if err := remote.WriteLayer(repository, layer, shared.RemoteOptions()...); err != nil {
			t.Fatal(err)
		}
	}
	const tag = "real"
	manifests := map[string]string{strings.Replace(entry.Digest, ":", "-", 1) + ".sig": entry.Manifest}
	reference = repository.Name() + "@" + entry.Digest
	if entry.ImageManifest != "" {
		manifests[tag] = entry.ImageManifest
		reference = repository.Name() + ":" + tag
	}
	// The registry would want all that a manifest names first, and nobody has that here.
	registry.insert(t, repository.RepositoryStr(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if manifest, ok := manifests[path.Base(r.URL.Path)]; ok {
				serveManifest(t, w, r, manifest)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	return reference
}

func serveManifest(t *testing.T, w http.ResponseWriter, r *http.Request, manifest string) {
	t.Helper()
	said := struct {
		MediaType types.MediaType `json:"mediaType"`
	}{types.OCIManifestSchema1}
	if err := json.Unmarshal([]byte(manifest), &said); err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", string(said.MediaType))
	w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
	w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest))))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, manifest)
	}
}

func corpusDir(t *testing.T) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "..", "shared", "corpus")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the optional corpus of real signatures is not here: there is no ../shared/corpus beside the repository")
	} else if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readCorpus(t *testing.T, filename string) []realSignature {
	t.Helper()
	file, err := os.Open(filename)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const longestLine = 16 << 20
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	var entries []realSignature
	for lines.Scan() {
		var entry realSignature
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return entries
}
