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
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// fault is a way to respond wrongly, and the reasons that it may have. Which one applies depends on the stage: some responses
// to a ping are not failures, and a 404 is a valid response to some requests.
type fault struct {
	answer  func(w http.ResponseWriter, r *http.Request)
	reasons []string
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

var faults = map[string]fault{
	"401": {status(401), []string{v1alpha1.RegistryUnauthorizedReason}},
	"403": {status(403), []string{v1alpha1.RegistryUnauthorizedReason}},
	"404": {status(404), []string{v1alpha1.RegistryUnreachableReason, v1alpha1.RegistryResponseInvalidReason, v1alpha1.ImageNotFoundReason}},
	"429": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusTooManyRequests)
	}, []string{v1alpha1.RateLimitedReason}},
	"500":   {status(500), []string{v1alpha1.RegistryUnreachableReason}},
	"503":   {status(503), []string{v1alpha1.RegistryUnreachableReason}},
	"reset": {reset, []string{v1alpha1.RegistryUnreachableReason}},
	"html": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Please log in</body></html>"))
	}, []string{v1alpha1.RegistryResponseInvalidReason}},
	"empty": {status(200), []string{v1alpha1.RegistryResponseInvalidReason}},
	"huge":  {huge, []string{v1alpha1.RegistryResponseInvalidReason}},
	"cut":   {cut, []string{v1alpha1.RegistryUnreachableReason}},
	"hang":  {hang, []string{v1alpha1.TimeoutReason}},
}

// reset ends the connection without an answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// huge responds with the right type and more than the limit.
func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
	w.Header().Set("Docker-Content-Digest", "sha256:nonsense")
	chunk := []byte(strings.Repeat(" ", 64<<10))
	for range 16 << 20 / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// cut ends the connection in the middle of an answer.
func cut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("{"))
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	reset(w, r)
}

// hang does not respond until the client has given up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// tokenServer requires a bearer token, and can revoke all that it issued.
type tokenServer struct {
	mu     sync.Mutex
	series int
}

func (s *tokenServer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.series++
}

func (s *tokenServer) answer(w http.ResponseWriter, r *http.Request) (answered bool) {
	s.mu.Lock()
	token := fmt.Sprintf("token-%d", s.series)
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/token":
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"token":%q}`, token)
		return true
	case r.Header.Get("Authorization") == "Bearer "+token:
		return false
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}
