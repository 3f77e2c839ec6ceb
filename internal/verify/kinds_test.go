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
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// kinds are the content types that a registry may claim for a manifest. go-containerregistry believes the digest in the header of
// the fourth.
var kinds = []types.MediaType{
	types.OCIManifestSchema1, types.OCIImageIndex, types.DockerManifestList, types.DockerManifestSchema1Signed, types.DockerManifestSchema1,
	types.DockerManifestSchema2,
}

// TestHoldsByContent has a registry send something else for the digest of a signed index, or the right content as another kind: an
// index as an image, an image as an index, or either as schema 1, whose digest libraries do not check. An intruder is never a part
// of what is signed.
func TestHoldsByContent(t *testing.T) {
	b := newBench(t)
	index, platform := b.multi(t, "v1", &release)
	single := b.push("karmada/app", "single")
	intruder := b.push("karmada/app", "intruder")
	hash, err := v1.NewHash(intruder.DigestStr())
	if err != nil {
		t.Fatal(err)
	}
	entry := v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 1, Digest: hash}
	forged := map[string][]byte{}
	for what, value := range map[string]any{
		"an index with the intruder":   v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{entry}},
		"an image with the intruder":   v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: entry, Layers: []v1.Descriptor{entry}},
		"both with the intruder":       map[string]any{"schemaVersion": 2, "manifests": []v1.Descriptor{entry}, "layers": []v1.Descriptor{entry}, "config": entry},
		"schema 1 with the intruder":   map[string]any{"schemaVersion": 1, "manifests": []v1.Descriptor{entry}, "fsLayers": []any{}, "signatures": []any{}},
		"an index nested in an index":  map[string]any{"schemaVersion": 2, "manifests": []any{map[string]any{"manifests": []v1.Descriptor{entry}}}},
		"the right content, unchanged": nil,
	} {
		if value == nil {
			continue // the content of the registry
		}
		if forged[what], err = json.Marshal(value); err != nil {
			t.Fatal(err)
		}
	}
	forged["the right content, unchanged"] = nil
	for _, signed := range []string{index.DigestStr(), single.DigestStr()} {
		of := index.Context().Digest(signed)
		for what, content := range forged {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s as %s", what, kind), func(t *testing.T) {
					b.serveAs(signed, content, kind)
					defer b.intercept(nil)
					if holds, failure := newCosign(time.Minute).Holds(t.Context(), of, hash); holds {
						t.Errorf("it holds the intruder (%+v)", failure)
					}
				})
			}
		}
	}
	right, err := v1.NewHash(platform.DigestStr())
	if err != nil {
		t.Fatal(err)
	}
	if holds, failure := newCosign(time.Minute).Holds(t.Context(), index, right); !holds {
		t.Errorf("the index does not hold its platform (%+v)", failure)
	}
}

// TestSignaturesByContent has a registry send the manifest of another image's bundle, or of its own, under the digests that it lists, as
// any kind. What is not signed for the image stays untrusted or unknown.
func TestSignaturesByContent(t *testing.T) {
	b := newBenchWith(t, true)
	signed, unsigned := b.push("karmada/app", "signed"), b.push("karmada/app", "unsigned")
	b.bundle(signed, b.envelope(signed, release, sigstore.SignPredicate))
	b.attach(signed, b.good(signed, release))
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			// Everything that is asked for about the unsigned image is answered by what there is about the signed one.
			b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, "/blobs/") {
					return false
				}
				own := r.URL.Path
				for _, separator := range []string{":", "-"} {
					r.URL.Path = strings.ReplaceAll(r.URL.Path, strings.Replace(unsigned.DigestStr(), ":", separator, 1),
						strings.Replace(signed.DigestStr(), ":", separator, 1))
				}
				b.content.ServeHTTP(claiming{w, kind, unsigned.DigestStr(), strings.Contains(own, "/referrers/")}, r)
				return true
			})
			defer b.intercept(nil)
			got := newCosign(time.Minute).Verify(t.Context(), unsigned, exactly(t, release), b.root)
			checkResult(t, got)
			if got.Verdict == verified {
				t.Errorf("got %s %s (%s)", got.Verdict, got.Reason, got.Message)
			}
		})
	}
}

// serveAs has the registry send content under a digest, its own if it is nil, with the digest in the header and as a kind.
func (b *bench) serveAs(digest string, content []byte, kind types.MediaType) {
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/manifests/"+digest) {
			return false
		}
		w = claiming{w, kind, digest, false}
		if content == nil {
			b.content.ServeHTTP(w, r)
			return true
		}
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			_, _ = w.Write(content)
		}
		return true
	})
}

// claiming writes a response as one of another kind and another digest, if it is one about a manifest.
type claiming struct {
	http.ResponseWriter
	kind   types.MediaType
	digest string
	asIs   bool
}

func (c claiming) WriteHeader(code int) {
	if code == http.StatusOK && !c.asIs {
		c.Header().Set("Content-Type", string(c.kind))
		c.Header().Set("Docker-Content-Digest", c.digest)
	}
	c.ResponseWriter.WriteHeader(code)
}
