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

package hostile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// repository of the images of all registries.
const repository = "app"

// honest is a registry with a signed image, good:v1, and one without signatures, app:v1.
type honest struct {
	handler  http.Handler
	sigstore *sigstore.Sigstore
	unsigned name.Digest
	host     string
}

func newHonest(t *testing.T) *honest {
	t.Helper()
	h := &honest{handler: ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)), ggcrregistry.WithReferrersSupport(true))}
	h.host = serve(t, h.handler)
	var err error
	if h.sigstore, err = sigstore.New(); err != nil {
		t.Fatal(err)
	}
	if h.unsigned, err = images.Push(t.Context(), h.host+"/"+repository+":v1", "unsigned"); err != nil {
		t.Fatal(err)
	}
	good, err := images.Push(t.Context(), h.host+"/good:v1", "good")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.sigstore.Sign(t.Context(), good, release); err != nil {
		t.Fatal(err)
	}
	return h
}

// serve serves a registry on loopback until the test ends, and returns its host and port.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return strings.TrimPrefix(server.URL, "http://")
}

// endpoint is what a request to a registry is for.
type endpoint string

const (
	ping         endpoint = "ping"
	token        endpoint = "token"
	tag          endpoint = "tag"
	image        endpoint = "image"
	signatures   endpoint = "signatures"
	attestations endpoint = "attestations"
	referrers    endpoint = "referrers"
)

// site is a registry with a hostile answer: it answers as an honest one does, except at some endpoints.
type site struct {
	mu sync.RWMutex // guards answers and stored
	t  *testing.T
	*honest
	host    string
	answers map[endpoint]http.HandlerFunc
	// stored is content by digest, for manifests and blobs.
	stored map[string]content
	// listed are the descriptors of the referrers.
	listed []string
	// attested makes the trust require an attestation instead of a signature.
	attested bool
}

// content is served in parts, so that a large one is kept once for many.
type content struct {
	mediaType string
	parts     [][]byte
}

func (c content) size() (n int) {
	for _, part := range c.parts {
		n += len(part)
	}
	return n
}

func (c content) digest() string {
	hash := sha256.New()
	for _, part := range c.parts {
		hash.Write(part)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil))
}

func (c content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.mediaType != "" {
		w.Header().Set("Content-Type", c.mediaType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(c.size()))
	w.Header().Set("Docker-Content-Digest", c.digest())
	if r.Method == http.MethodHead {
		return
	}
	for _, part := range c.parts {
		if _, err := w.Write(part); err != nil {
			return
		}
	}
}

func newSite(t *testing.T, h *honest, answer func(*site)) *site {
	t.Helper()
	s := &site{t: t, honest: h, answers: map[endpoint]http.HandlerFunc{}, stored: map[string]content{}}
	s.host = serve(t, s)
	s.mu.Lock() // The server runs already, because some answers name it.
	defer s.mu.Unlock()
	answer(s)
	if len(s.listed) > 0 {
		s.answer(referrers, types.OCIImageIndex, []byte(`{"schemaVersion":2,"mediaType":"`+string(types.OCIImageIndex)+
			`","manifests":[`+strings.Join(s.listed, ",")+"]}"))
	}
	return s
}

// reference of the image that is verified.
func (s *site) reference() string { return s.host + "/" + repository + ":v1" }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handlerOf(r).ServeHTTP(w, r)
}

func (s *site) handlerOf(r *http.Request) http.Handler {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if hostile, ok := s.answers[s.endpointOf(r)]; ok {
		return hostile
	}
	named := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if hostile, ok := s.answers[endpoint(named)]; ok {
		return hostile
	}
	if stored, ok := s.stored[named]; ok {
		return stored
	}
	return s.handler
}

func (s *site) endpointOf(r *http.Request) endpoint {
	switch path := r.URL.Path; {
	case path == "/v2/":
		return ping
	case path == "/token":
		return token
	case strings.Contains(path, "/referrers/"):
		return referrers
	case strings.HasSuffix(path, "/manifests/v1"):
		return tag
	case strings.HasSuffix(path, ".sig"):
		return signatures
	case strings.HasSuffix(path, ".att"):
		return attestations
	case strings.HasSuffix(path, "/manifests/"+s.unsigned.DigestStr()):
		return image
	default:
		return ""
	}
}

// on answers an endpoint by a function.
func (s *site) on(at endpoint, handler http.HandlerFunc) { s.answers[at] = handler }

// answer answers an endpoint with a manifest.
func (s *site) answer(at endpoint, mediaType types.MediaType, text []byte) {
	s.on(at, content{mediaType: string(mediaType), parts: [][]byte{text}}.ServeHTTP)
}

// store stores content by its digest, and returns its descriptor without the closing brace.
func (s *site) store(mediaType string, parts ...[]byte) string {
	c := content{mediaType: mediaType, parts: parts}
	digest := c.digest()
	s.stored[digest] = c
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d`, mediaType, digest, c.size())
}

// replaceImage makes the tag of the image one of other content.
func (s *site) replaceImage(mediaType types.MediaType, text []byte) {
	s.store(string(mediaType), text)
	s.answer(tag, mediaType, text)
}

// artifact is the manifest of an artifact with layers, which are descriptors.
func artifact(layers ...string) []byte {
	return []byte(`{"schemaVersion":2,"mediaType":"` + string(types.OCIManifestSchema1) + `","config":{"mediaType":` +
		`"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",` +
		`"size":2},"layers":[` + strings.Join(layers, ",") + "]}")
}

// bundle attaches a Sigstore bundle to the image, of any content.
func (s *site) bundle(parts ...[]byte) {
	layer := s.store(sigstore.BundleMediaType, parts...)
	s.listed = append(s.listed, s.store(string(types.OCIManifestSchema1), artifact(layer+"}"))+
		`,"artifactType":"`+sigstore.BundleMediaType+`"}`)
}

// sign attaches a signature with annotations to the image. The payload is a document about the image unless another is given.
func (s *site) sign(annotations map[string]string, payload []byte) {
	if payload == nil {
		var err error
		if payload, err = sigstore.Payload(s.unsigned); err != nil {
			s.t.Fatal(err)
		}
	}
	encoded, err := json.Marshal(annotations)
	if err != nil {
		s.t.Fatal(err)
	}
	layer := s.store("application/vnd.dev.cosign.simplesigning.v1+json", payload)
	s.answer(signatures, types.OCIManifestSchema1, artifact(layer+`,"annotations":`+string(encoded)+"}"))
}

// text repeats a text to about a size in bytes, between a beginning and an end.
func text(begin, repeated, end string, size int) []byte {
	return append(append([]byte(begin), bytes.Repeat([]byte(repeated), size/len(repeated))...), end...)
}

// endless writes a text until the client goes.
func endless(mediaType, repeated string) http.HandlerFunc {
	block := bytes.Repeat([]byte(repeated), 64<<10/len(repeated))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(http.StatusOK)
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}
