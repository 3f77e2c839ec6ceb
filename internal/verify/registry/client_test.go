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

package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/lab/images"
)

// server is a registry with one image, and what is put before it.
type server struct {
	host   string
	digest name.Digest

	mu     sync.Mutex
	before http.HandlerFunc
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	store := ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		before := s.before
		s.mu.Unlock()
		if before == nil {
			before = store.ServeHTTP
		}
		before(w, r)
	}))
	t.Cleanup(web.Close)
	s.host = strings.TrimPrefix(web.URL, "http://")
	digest, err := images.Push(t.Context(), s.host+"/karmada/app:v1", "app")
	if err != nil {
		t.Fatal(err)
	}
	s.digest = digest
	return s
}

// inFrontOf puts a handler before the registry, which it gets as next.
func (s *server) inFrontOf(handler func(next http.Handler) http.HandlerFunc, next http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = handler(next)
}

func (s *server) answer(handler http.HandlerFunc) {
	s.inFrontOf(func(http.Handler) http.HandlerFunc { return handler }, nil)
}

// keychain gives the same credentials to everybody, or fails.
type keychain struct {
	user, password string
	err            error
}

func (k *keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	if k.err != nil {
		return nil, k.err
	}
	if k.user == "" {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

func newClient(k authn.Keychain) *registry.Client {
	return registry.New(registry.WithLoopback(), registry.WithKeychain(k), registry.WithRequestTimeout(time.Minute))
}

func kindOf(t *testing.T, err error) registry.Kind {
	t.Helper()
	var failure *registry.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want a *registry.Error", err)
	}
	return failure.Kind
}

// TestWrongContent checks that content that is requested by digest is verified to have it, whatever its type and a header say: the
// digest of a signed manifest of Docker's schema 1 is not that of its content.
func TestWrongContent(t *testing.T) {
	s := newServer(t)
	for content, contentType := range map[string]types.MediaType{
		`{"schemaVersion":2}`: types.OCIManifestSchema1, "": types.OCIManifestSchema1, `{"schemaVersion":1}`: types.DockerManifestSchema1Signed,
	} {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" {
				w.Header().Set("Content-Type", string(contentType))
				w.Header().Set("Docker-Content-Digest", s.digest.DigestStr())
				_, _ = io.WriteString(w, content)
			}
		})
		c := newClient(&keychain{})
		if got, err := c.Manifest(t.Context(), s.digest); err == nil || kindOf(t, err) != registry.InvalidResponse {
			t.Errorf("manifest: got %+v and %v", got, err)
		}
		if got, err := c.Blob(t.Context(), s.digest, 4<<20); err == nil || kindOf(t, err) != registry.InvalidResponse {
			t.Errorf("blob: got %q and %v", got, err)
		}
	}
}

// TestRedirectLoop: a registry cannot send its reader around for ever.
func TestRedirectLoop(t *testing.T) {
	s := newServer(t)
	var mu sync.Mutex
	requests := 0
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		mu.Unlock()
		if r.URL.Path != "/v2/" {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusTemporaryRedirect) //nolint:gosec // a redirect is what is tested
		}
	})
	_, err := newClient(&keychain{}).Manifest(t.Context(), s.digest)
	if kindOf(t, err) != registry.InvalidResponse || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("got %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if requests > 10 {
		t.Errorf("%d requests", requests)
	}
}

// TestCredentialsStayHome: credentials and tokens go to the registry, not to where it redirects.
func TestCredentialsStayHome(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:secret"))
	for scheme, want := range map[string]string{"Basic": basic, "Bearer": "Bearer a-token"} {
		t.Run(scheme, func(t *testing.T) {
			var mu sync.Mutex
			var foreign []http.Header
			content := `{"schemaVersion":2}`
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				foreign = append(foreign, r.Header.Clone())
				mu.Unlock()
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				_, _ = io.WriteString(w, content)
			}))
			t.Cleanup(elsewhere.Close)
			// Another name of the same machine is another host.
			target := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
			s := newServer(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/token":
					if r.Header.Get("Authorization") != basic {
						t.Errorf("the token server got %q", r.Header.Get("Authorization"))
					}
					_, _ = io.WriteString(w, `{"token":"a-token"}`)
				case r.Header.Get("Authorization") != want:
					w.Header().Set("WWW-Authenticate", scheme+` realm="http://`+r.Host+`/token",service="test"`)
					w.WriteHeader(http.StatusUnauthorized)
				default:
					http.Redirect(w, r, target+r.URL.Path, http.StatusTemporaryRedirect) //nolint:gosec // a redirect is what is tested
				}
			})
			c := registry.New(registry.WithKeychain(&keychain{user: "user", password: "secret"}),
				registry.WithInsecure(s.host, strings.TrimPrefix(target, "http://")))
			got, err := c.Manifest(t.Context(), s.digest.Context().Tag("v1"))
			if err != nil || string(got.Content) != content {
				t.Errorf("got %+v and %v", got, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(foreign) != 1 {
				t.Fatalf("the other host got %d requests", len(foreign))
			}
			for header, values := range foreign[0] {
				if text := strings.Join(values, " "); header == "Authorization" || strings.Contains(text, "a-token") || strings.Contains(text, "secret") {
					t.Errorf("the other host got %s: %s", header, text)
				}
			}
		})
	}
}

// TestCredentialsChange: after a rejected request the credentials are read anew.
func TestCredentialsChange(t *testing.T) {
	s := newServer(t)
	s.inFrontOf(func(next http.Handler) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "new" {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		}
	}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		_, _ = io.WriteString(w, "{}")
	}))
	k := &keychain{user: "user", password: "old"}
	c, tag := newClient(k), s.digest.Context().Tag("v1")
	for range 2 {
		if _, err := c.Manifest(t.Context(), tag); kindOf(t, err) != registry.Unauthorized {
			t.Errorf("got %v", err)
		}
	}
	k.password = "new"
	if _, err := c.Manifest(t.Context(), tag); err != nil {
		t.Error(err)
	}
}

func TestCredentialsUnreadable(t *testing.T) {
	s := newServer(t)
	k := &keychain{err: errors.New("cannot read: password hunter2")}
	c := newClient(k)
	_, err := c.Manifest(t.Context(), s.digest)
	if kindOf(t, err) != registry.Unauthorized || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	k.err = nil
	if _, err := c.Manifest(t.Context(), s.digest); err != nil {
		t.Error(err)
	}
}

// TestSharedHandshake: who stops waiting for a handshake does not end it for those who go on.
func TestSharedHandshake(t *testing.T) {
	s := newServer(t)
	greetings, release := make(chan struct{}, 8), make(chan struct{})
	s.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			greetings <- struct{}{}
			<-release
			return
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		_, _ = io.WriteString(w, "{}")
	})
	c, tag := newClient(&keychain{}), s.digest.Context().Tag("v1")
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := c.Manifest(impatient, tag)
		left <- err
	}()
	<-greetings
	leave()
	if err := <-left; kindOf(t, err) != registry.Timeout {
		t.Errorf("the impatient got %v", err)
	}
	stayed := make(chan error)
	go func() {
		_, err := c.Manifest(t.Context(), tag)
		stayed <- err
	}()
	close(release)
	if err := <-stayed; err != nil {
		t.Errorf("the patient got %v", err)
	}
	if len(greetings) != 0 {
		t.Error("the handshake was begun again")
	}
}

// TestTooLarge checks that no response is read beyond the limit, whether or not it has a Content-Length.
func TestTooLarge(t *testing.T) {
	const endless = 64 << 20
	for name, sized := range map[string]bool{"with a length": true, "without a length": false} {
		t.Run(name, func(t *testing.T) {
			large := func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				if sized {
					w.Header().Set("Content-Length", strconv.Itoa(endless))
				}
				chunk := make([]byte, 64<<10)
				for range endless / len(chunk) {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			}
			s := newServer(t)
			s.answer(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					large(w)
				}
			})
			c := newClient(&keychain{})
			if _, err := c.Manifest(t.Context(), s.digest); !strings.Contains(err.Error(), "answers with more than 4096 KiB") {
				t.Errorf("a manifest: got %v", err)
			}
			if _, err := c.Blob(t.Context(), s.digest, 4<<20); !strings.Contains(err.Error(), "answers with more than 4096 KiB") {
				t.Errorf("a blob: got %v", err)
			}
		})
	}
}

// TestUnreachable: hosts that are not there, in words that do not change from one time to the next.
func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	host := strings.TrimPrefix(closed.URL, "http://")
	closed.Close()
	for host, want := range map[string]string{
		host: host + " refuses connections",
		// Reserved never to resolve (RFC 6761, section 6.4).
		"registry.invalid": "registry.invalid cannot be reached: its name does not resolve",
	} {
		ref, err := name.NewTag(host + "/karmada/app:v1")
		if err != nil {
			t.Fatal(err)
		}
		_, err = newClient(&keychain{}).Manifest(t.Context(), ref)
		if kindOf(t, err) != registry.Unreachable || err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
