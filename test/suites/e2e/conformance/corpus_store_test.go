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

package conformance

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

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/corpus"
)

// store makes the registry serve the artifacts of the entry, and the image itself if its manifest is known.
func (q *corpusQuestion) store(t *testing.T) {
	t.Helper()
	repository := q.digest(t).Context()
	for digest, content := range q.entry.Blobs {
		layer := static.NewLayer(content, types.OCILayer)
		if got, err := layer.Digest(); err != nil || got.String() != digest {
			t.Fatalf("blob %s has digest %s, %v", digest, got, err)
		}
		if err := remote.WriteLayer(repository, layer, lab.RemoteOptions()...); err != nil {
			t.Fatal(err)
		}
	}
	manifests := manifestsOf(q.entry)
	// The registry accepts no manifest without all blobs that it names, which the corpus does not contain.
	lab.Intercept(t, repository.RepositoryStr(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if manifest, ok := manifests[path.Base(r.URL.Path)]; ok && strings.Contains(r.URL.Path, "/manifests/") {
				serveManifest(t, w, r, manifest)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
}

// manifestsOf returns the manifests of an entry by their tags and digests.
func manifestsOf(entry corpus.Entry) map[string]string {
	manifests := map[string]string{}
	if entry.ImageManifest != "" {
		manifests[entry.Digest], manifests[corpusTag] = entry.ImageManifest, entry.ImageManifest
	}
	tag := strings.Replace(entry.Digest, ":", "-", 1)
	switch entry.Kind {
	case corpus.SimpleSigning:
		manifests[tag+".sig"] = entry.Manifest
	case corpus.Attestation:
		manifests[tag+".att"] = entry.Manifest
	default:
		// In the index under the fallback tag, since the registry does not have the referrers API.
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(entry.Manifest)))
		manifests[digest] = entry.Manifest
		manifests[tag] = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
			types.OCIImageIndex, types.OCIManifestSchema1, digest, len(entry.Manifest))
	}
	return manifests
}

func serveManifest(t *testing.T, w http.ResponseWriter, r *http.Request, manifest string) {
	t.Helper()
	header := struct {
		MediaType types.MediaType `json:"mediaType"`
	}{types.OCIManifestSchema1}
	if err := json.Unmarshal([]byte(manifest), &header); err != nil {
		t.Error(err)
	}
	w.Header().Set("Content-Type", string(header.MediaType))
	w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
	w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest))))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, manifest)
	}
}
