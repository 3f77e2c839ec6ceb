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
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// manifestServer answers every request for a manifest.
func manifestServer(handle func(r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle != nil {
			handle(r)
		}
		if r.URL.Path != "/v2/" {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			_, _ = io.WriteString(w, "{}")
		}
	})
}

func tagOf(t *testing.T, host string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(host + "/karmada/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

// reaching leads all names to one server.
func reaching(server *httptest.Server) http.RoundTripper {
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}}
}

// TestPlainHTTP: only registries that are named may do without TLS, whatever their addresses look like.
func TestPlainHTTP(t *testing.T) {
	server := httptest.NewServer(manifestServer(nil))
	t.Cleanup(server.Close)
	for _, host := range []string{"registry.test", "registry.local", "10.1.2.3:5000", "192.168.1.1"} {
		strict := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()), registry.WithTransport(reaching(server)))
		if got, err := strict.Manifest(t.Context(), tagOf(t, host)); err == nil || kindOf(t, err) != registry.Unreachable {
			t.Errorf("%s: got %+v and %v, want no request without TLS", host, got, err)
		}
		lax := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()), registry.WithTransport(reaching(server)), registry.WithInsecure(host))
		if _, err := lax.Manifest(t.Context(), tagOf(t, host)); err != nil {
			t.Errorf("%s, named: %v", host, err)
		}
	}
}

// TestCertificateAuthorities: a registry's certificate must be by one that is known, and then HTTP/2 is spoken.
func TestCertificateAuthorities(t *testing.T) {
	var mu sync.Mutex
	protocols := map[string]bool{}
	server := httptest.NewUnstartedServer(manifestServer(func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		protocols[r.Proto] = true
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	known := x509.NewCertPool()
	known.AddCert(server.Certificate())
	for what, test := range map[string]struct {
		option registry.Option
		want   string
	}{
		"unknown authority": {registry.WithRoots(x509.NewCertPool()), "its TLS certificate is by an unknown authority"},
		"known authority":   {registry.WithRoots(known), ""},
		"named":             {registry.WithInsecure(host), ""},
	} {
		_, err := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()), test.option).Manifest(t.Context(), tagOf(t, host))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want an error with %q", what, err, test.want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(protocols) != 1 || !protocols["HTTP/2.0"] {
		t.Errorf("spoke %v, want HTTP/2.0 alone", protocols)
	}
}

// TestRateLimit checks that no request is sent to a registry until the time of its Retry-After.
func TestRateLimit(t *testing.T) {
	var mu sync.Mutex
	requests, limited := 0, true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		limits := limited
		mu.Unlock()
		if limits && r.URL.Path != "/v2/" {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		manifestServer(nil).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	now := time.Now()
	var seen []registry.Observation
	c := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()), registry.WithClock(func() time.Time { return now }),
		registry.WithObserver(func(o registry.Observation) { seen = append(seen, o) }))
	for range 10 {
		if _, err := c.Manifest(t.Context(), tagOf(t, host)); kindOf(t, err) != registry.RateLimited {
			t.Fatalf("got %v", err)
		}
	}
	mu.Lock()
	if requests != 2 {
		t.Errorf("%d requests before the time of Retry-After, want the ping and one", requests)
	}
	limited = false
	mu.Unlock()
	// The first request is that of the handshake over https, which the server does not speak.
	want := []registry.Observation{
		{Registry: host}, {Registry: host, Status: http.StatusOK},
		{Registry: host, Status: http.StatusTooManyRequests, BackoffUntil: now.Add(time.Minute)},
	}
	for range 9 {
		want = append(want, registry.Observation{Registry: host, Withheld: true})
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("observations differ (-want +got):\n%s", diff)
	}
	now = now.Add(time.Minute)
	if _, err := c.Manifest(t.Context(), tagOf(t, host)); err != nil {
		t.Errorf("after the time of Retry-After: %v", err)
	}
}

// TestBusyRegistry checks that concurrent requests to a registry are limited.
func TestBusyRegistry(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(10 * time.Millisecond) // long enough for all to come at once
		mu.Lock()
		now--
		mu.Unlock()
		manifestServer(nil).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	c := newClient(&keychain{})
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if _, err := c.Manifest(t.Context(), tagOf(t, host)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most > 8 {
		t.Errorf("%d requests at a time", most)
	}
}

// TestCredentialsApart checks that requests with different credentials share no session.
func TestCredentialsApart(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		manifestServer(nil).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tag := tagOf(t, strings.TrimPrefix(server.URL, "http://"))
	c := newClient(&keychain{})
	with := func(id, password string) context.Context {
		return registry.WithCredentials(t.Context(), &registry.Credentials{ID: id, Keychain: &keychain{user: "user", password: password}})
	}
	for range 2 {
		if _, err := c.Manifest(with("a", "right"), tag); err != nil {
			t.Error(err)
		}
		if _, err := c.Manifest(with("b", "wrong"), tag); kindOf(t, err) != registry.Unauthorized {
			t.Errorf("with wrong credentials: %v", err)
		}
		if _, err := c.Manifest(t.Context(), tag); kindOf(t, err) != registry.Unauthorized {
			t.Errorf("without credentials: %v", err)
		}
	}
	unavailable := registry.WithCredentials(t.Context(), registry.Unavailable("pull secret x does not exist"))
	if _, err := c.Manifest(unavailable, tag); kindOf(t, err) != registry.Unauthorized || !strings.Contains(err.Error(), "pull secret x does not exist") {
		t.Errorf("without the required credentials: %v", err)
	}
}
