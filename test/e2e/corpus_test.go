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
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/corpus"
)

// TestRealSignatures takes signatures of the real world, under the real names of their images, the whole way: from a
// trust that names who signed, by the root of trust of the public Sigstore, to the status.
func TestRealSignatures(t *testing.T) {
	found := corpus.Read(t)
	restartWith(t, "--trusted-root="+found.TrustedRoot, "--tuf-mirror=", "--tuf-root=")
	asExpected := 0
	for _, entry := range found.Signatures {
		if t.Run(entry.ID, func(t *testing.T) { checkRealSignature(t, entry) }) {
			asExpected++
		}
	}
	fmt.Printf("figure: real_signatures_end_to_end %d/%d\n", asExpected, len(found.Signatures))
}

func checkRealSignature(t *testing.T, entry corpus.Entry) {
	t.Helper()
	reference := serve(t, entry)
	right := realTrust(entry, "right", reference, entry.Identity)
	// By one character: the last one, and one at the end.
	shorter := realTrust(entry, "shorter", reference, entry.Identity[:len(entry.Identity)-1])
	longer := realTrust(entry, "longer", reference, entry.Identity+"0")
	for _, trust := range []*trust{right, shorter, longer} {
		create(t, trust)
	}
	if !entry.Verifies() {
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
func realTrust(entry corpus.Entry, suffix, reference, identity string) *trust {
	out := newTrust("corpus-"+entry.ID+"-"+suffix, "", reference)
	out.Spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(entry.DockerReference)}
	out.Spec.Issuer, out.Spec.Identity = entry.Issuer, identity
	// Admission has another root of trust.
	out.Spec.Enforcement = v1alpha1.EnforcementAudit
	return out
}

// serve has the registry serve an image's signature, and the image itself where its manifest is known: then by a
// tag, otherwise by its digest alone.
func serve(t *testing.T, entry corpus.Entry) (reference string) {
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
