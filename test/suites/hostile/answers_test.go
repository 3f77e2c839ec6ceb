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
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// manifestSize is what a registry must accept as a manifest (OCI distribution-spec v1.1), and attestationSize what is
	// fetched of an attestation, in bytes.
	manifestSize    = 4<<20 - 1024
	attestationSize = 6<<20 - 1024
)

// answers are the hostile answers of registries, by what they are about. They are about any requests; those in
// signatureAnswers and bundleAnswers are about what is attached to an image.
func answers() map[string]func(*site) {
	return map[string]func(*site){
		// The handshake.
		"handshake without an end": func(s *site) { s.on(ping, endless("application/json", "{}")) },
		"handshake of redirects":   func(s *site) { s.on(ping, redirect) },
		"handshake that refuses":   func(s *site) { s.on(ping, status(http.StatusUnauthorized)) },
		"handshake of HTML":        func(s *site) { s.on(ping, html); s.on(tag, html); s.on(signatures, html) },
		"header of 300 KiB":        func(s *site) { s.on(ping, header(1, 300<<10)) },
		"ten thousand headers":     func(s *site) { s.on(ping, header(10_000, 10)) },
		"challenge of 200 KiB": func(s *site) {
			s.challenge(strings.Repeat("s", 200<<10))
			s.on(token, endless("application/json", " "))
		},
		"challenge that comes again": challengedAgain,
		"token of empty objects": func(s *site) {
			s.challenge("x")
			s.on(token, body(text(`{"token":"t","x":[`, "{},", "1]}", manifestSize)))
		},
		"token of nested arrays": func(s *site) {
			s.challenge("x")
			s.on(token, body(text("", "[", "", manifestSize)))
		},
		"token of 3 MiB": func(s *site) {
			s.challenge("x")
			s.on(token, body(text(`{"token":"`, "t", `"}`, 3<<20)))
		},
		"token without an end":       func(s *site) { s.challenge("x"); s.on(token, endless("application/json", `{"token":`)) },
		"token that is not accepted": func(s *site) { s.challenge("x"); s.on(token, body([]byte(`{"token":"t"}`))) },
		"error of empty objects": func(s *site) {
			s.everywhere(failing(http.StatusInternalServerError, text(`{"errors":[`, "{},", "{}]}", manifestSize)))
		},
		"forbidden with empty objects": func(s *site) {
			s.everywhere(failing(http.StatusForbidden, text(`{"errors":[`, "{},", "{}]}", manifestSize)))
		},
		"missing with empty objects": func(s *site) {
			s.everywhere(failing(http.StatusNotFound, text(`{"errors":[`, "{},", "{}]}", manifestSize)))
		},
		"too many requests":            func(s *site) { s.everywhere(status(http.StatusTooManyRequests)) },
		"a status that does not exist": func(s *site) { s.everywhere(status(999)) },
		"connection that ends":         func(s *site) { s.everywhere(abort) },

		// The tag and the image.
		"tag of another digest":          func(s *site) { s.on(tag, digest("sha256:"+strings.Repeat("0", 64))) },
		"tag of a malformed digest":      func(s *site) { s.on(tag, digest("sha256:"+strings.Repeat("z", 1000))) },
		"tag without a digest or an end": func(s *site) { s.on(tag, endless(string(types.OCIManifestSchema1), "{")) },
		"tag of redirects":               func(s *site) { s.on(tag, redirect) },
		"image of empty layers": func(s *site) {
			s.replaceImage(types.OCIManifestSchema1, text(`{"schemaVersion":2,"layers":[`, "{},", "{}]}", manifestSize))
		},
		"image of nested arrays": func(s *site) { s.replaceImage(types.OCIManifestSchema1, text(`{"layers":`, "[", "", manifestSize)) },
		"index of empty entries": func(s *site) {
			s.replaceImage(types.OCIImageIndex, text(`{"schemaVersion":2,"manifests":[`, "{},", "{}]}", manifestSize))
		},
		"index of annotations": func(s *site) {
			s.replaceImage(types.OCIImageIndex, fields(`{"schemaVersion":2,"manifests":[],"annotations":{`, "}}", manifestSize))
		},
		"image of an old schema": func(s *site) {
			s.replaceImage(types.DockerManifestSchema1Signed, text(`{"schemaVersion":1,"fsLayers":[`, "{},", "{}]}", manifestSize))
		},

		// The list of referrers.
		"referrers of empty entries":      func(s *site) { s.list(text("", "{},", "{}", manifestSize)) },
		"referrers of platforms":          func(s *site) { s.list(text("", `{"platform":{}},`, "{}", manifestSize)) },
		"referrers of texts":              func(s *site) { s.list(text(`{"urls":[`, `"",`, `""]}`, manifestSize)) },
		"referrers of annotations":        func(s *site) { s.list(fields(`{"annotations":{`, "}}", manifestSize)) },
		"referrers of one annotation":     func(s *site) { s.list(text(`{"annotations":{"a":"`, "x", `"}}`, manifestSize)) },
		"referrers of nested objects":     func(s *site) { s.list(text("", `{"platform":`, "", manifestSize)) },
		"referrers without an end":        func(s *site) { s.on(referrers, endless(string(types.OCIImageIndex), `{"manifests":[`)) },
		"referrers of pages":              pages,
		"referrers that are HTML":         func(s *site) { s.on(referrers, html) },
		"referrers that are compressed":   func(s *site) { s.on(referrers, bomb(string(types.OCIImageIndex))) },
		"referrers that all are the same": sameReferrers,
	}
}

// body answers with JSON.
func body(text []byte) http.HandlerFunc {
	return content{mediaType: "application/json", parts: [][]byte{text}}.ServeHTTP
}

func html(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(text("<html>", "<b>", "", 1<<20))
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "99999999")
		w.WriteHeader(code)
	}
}

func failing(code int, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write(text)
	}
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func redirect(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", r.URL.Path+"?again="+r.URL.Query().Get("again")+"x")
	w.WriteHeader(http.StatusFound)
}

func header(n, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := range n {
			w.Header().Add(fmt.Sprintf("X-H%d", i), strings.Repeat("h", size))
		}
	}
}

func digest(value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
		w.Header().Set("Docker-Content-Digest", value)
		text := artifact()
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(text)
		}
	}
}

// bomb is compressed so that a few MiB become 4 GiB.
func bomb(mediaType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		block := text("", "[[[[{},{},", "", 1<<20)
		for range 4 << 10 {
			if _, err := packed.Write(block); err != nil || r.Context().Err() != nil {
				return
			}
		}
		_ = packed.Close()
	}
}

// drip sends a byte now and then.
func drip(mediaType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(http.StatusOK)
		for {
			if _, err := w.Write([]byte("{")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// everywhere answers all endpoints by a function.
func (s *site) everywhere(handler http.HandlerFunc) {
	for _, at := range []endpoint{tag, image, signatures, attestations, referrers} {
		s.on(at, handler)
	}
}

// challenge asks for a token, everywhere.
func (s *site) challenge(service string) {
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service=%q`, s.host, service))
		w.WriteHeader(http.StatusUnauthorized)
	}
	s.on(ping, refuse)
	s.everywhere(refuse)
}

// challengedAgain asks for another scope each time.
func challengedAgain(s *site) {
	asked := 0
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="x",scope="repository:%d%s:pull"`,
			s.host, asked, strings.Repeat("s", 200<<10)))
		w.WriteHeader(http.StatusUnauthorized)
	}
	s.on(ping, refuse)
	s.everywhere(refuse)
	s.on(token, body(text(`{"token":"`, "t", `"}`, 60<<10)))
}

// list answers the request for referrers with entries.
func (s *site) list(entries []byte) {
	s.answer(referrers, types.OCIImageIndex, append(append([]byte(`{"schemaVersion":2,"manifests":[`), entries...), "]}"...))
}

// pages has one page after the other, each of the next.
func pages(s *site) {
	page := content{mediaType: string(types.OCIImageIndex), parts: [][]byte{[]byte(`{"schemaVersion":2,"manifests":[]}`)}}
	s.on(referrers, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<`+r.URL.Path+`?n=x>; rel="next"`)
		page.ServeHTTP(w, r)
	})
}

// sameReferrers lists one large bundle many times.
func sameReferrers(s *site) {
	s.bundle(text(`{"mediaType":"`, "x", `"}`, attestationSize))
	for range 999 {
		s.listed = append(s.listed, s.listed[0])
	}
}

// fields is an object with as many fields as can be, each with a name of its own.
func fields(begin, end string, size int) []byte {
	out := append(make([]byte, 0, size+len(begin)+len(end)+32), begin...)
	for i := 0; len(out) < size-len(end); i++ {
		out = fmt.Appendf(out, `"%x":"",`, i)
	}
	return append(append(out, `"z":""`...), end...)
}

func encoded(text []byte) string { return base64.StdEncoding.EncodeToString(text) }
