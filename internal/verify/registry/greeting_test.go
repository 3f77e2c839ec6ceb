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
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// choosy is a registry that asks for authentication by repository, and counts requests by what they are for.
type choosy struct {
	mu sync.Mutex
	// scheme that a path asks for; none if it is empty.
	scheme func(path string) string
	// realm of its tokens; the token is its name.
	realm string
	// dead realms do not answer as they should.
	dead map[string]bool
	seen map[string]int
}

func (c *choosy) set(realm string, scheme func(path string) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.realm, c.scheme, c.seen = realm, scheme, map[string]int{}
}

func (c *choosy) counted() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = map[string]int{}
	return seen
}

func (c *choosy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	authorization := r.Header.Get("Authorization")
	switch r.URL.Path {
	case "/token":
		c.seen["token"]++
		if c.dead[r.Host] {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"token":"`+r.Host+`"}`) //nolint:gosec // JSON, and nobody renders it
		return
	case "/v2/":
		c.seen["ping"]++
	default:
		c.seen["content"]++
	}
	scheme := c.scheme(r.URL.Path)
	switch {
	case scheme == "", scheme == "Bearer" && authorization == "Bearer "+c.realm, scheme == "Basic" && strings.HasPrefix(authorization, "Basic "):
		manifestServer(nil).ServeHTTP(w, r)
	default:
		w.Header().Set("WWW-Authenticate", scheme+` realm="https://`+c.realm+`/token",service="s"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func always(scheme string) func(string) string { return func(string) string { return scheme } }

// TestOneGreeting: a registry is greeted once, whatever the number of its repositories and of credentials, and whoever needs it at
// the same time waits for the same greeting. A token is still for one repository and some credentials.
func TestOneGreeting(t *testing.T) {
	for scheme, want := range map[string]map[string]int{
		"":       {"ping": 1, "content": 400},
		"Bearer": {"ping": 1, "content": 400, "token": 400},
		"Basic":  {"ping": 1, "content": 400},
	} {
		web := newInternet(t)
		s := &choosy{}
		s.set(realmHost, always(scheme))
		web.answer(s.ServeHTTP)
		some := fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: "password"})}
		c := web.client(registry.WithKeychain(some))
		var all sync.WaitGroup
		for i := range 200 {
			if i == 100 {
				all.Wait() // the others come later
			}
			repository := tagOf(t, ownHost).Context().Registry.Repo("karmada", fmt.Sprint("app-", i))
			for tag, credentials := range map[string]*registry.Credentials{"v1": nil, "v2": {ID: "others", Keychain: some}} {
				all.Go(func() {
					if _, err := c.Manifest(registry.WithCredentials(t.Context(), credentials), repository.Tag(tag)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if diff := cmp.Diff(want, s.counted()); diff != "" {
			t.Errorf("%q: requests (-want +got):\n%s", scheme, diff)
		}
	}
}

// TestChangedGreeting: a registry may ask for authentication for some repositories only, and change what it asks for. It is
// followed, and what one repository is asked for does not change how others are asked.
func TestChangedGreeting(t *testing.T) {
	private := func(scheme string) func(string) string {
		return func(path string) string {
			if strings.Contains(path, "private") {
				return scheme
			}
			return ""
		}
	}
	web := newInternet(t)
	s := &choosy{dead: map[string]bool{}}
	web.answer(s.ServeHTTP)
	c := web.client(registry.WithKeychain(fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: "password"})}))
	reads := 0
	read := func(what, repository string, want map[string]int) {
		t.Helper()
		reads++
		tag := tagOf(t, ownHost).Context().Registry.Repo(repository, "app").Tag(fmt.Sprint("v", reads))
		if _, err := c.Manifest(t.Context(), tag); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(want, s.counted()); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", what, diff)
		}
	}
	s.set(realmHost, private("Bearer"))
	read("a public one", "public", map[string]int{"ping": 1, "content": 1})
	read("one that wants a token", "private", map[string]int{"token": 1, "content": 2})
	read("the same again", "private", map[string]int{"content": 1})
	read("another public one", "public-2", map[string]int{"content": 1})
	read("another private one", "private-2", map[string]int{"token": 1, "content": 2})
	s.set("moved.example", private("Bearer"))
	read("tokens have moved", "private", map[string]int{"token": 1, "content": 2})
	read("a public one after that", "public", map[string]int{"content": 1})
	s.set(realmHost, private("Basic"))
	read("Basic instead of tokens", "private", map[string]int{"content": 2})
	read("the same again", "private", map[string]int{"content": 1})

	s.set(realmHost, always("Bearer"))
	read("tokens for all", "public", map[string]int{"token": 1, "content": 2})
	c = web.client(registry.WithKeychain(fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: "password"})}))
	read("tokens from the beginning", "public", map[string]int{"ping": 1, "token": 1, "content": 1})
	s.set(realmHost, always(""))
	read("tokens that are no longer needed", "public", map[string]int{"content": 1})
	s.mu.Lock()
	s.dead[realmHost] = true
	s.mu.Unlock()
	_, err := c.Manifest(t.Context(), tagOf(t, ownHost).Context().Registry.Repo("new", "app").Tag("v1"))
	if err == nil || kindOf(t, err) != registry.Unreachable {
		t.Errorf("tokens that cannot be had any more: %v", err)
	}
	s.counted()
	read("the greeting is asked for again", "new", map[string]int{"ping": 1, "content": 1})
	read("once", "newer", map[string]int{"content": 1})
}

// TestRefusedRepository: that a registry refuses a repository is no reason to greet it again for others.
func TestRefusedRepository(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests} {
		web := newInternet(t)
		pings := 0
		web.answer(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/token" && strings.Contains(r.URL.Query().Get("scope"), "tenant"):
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(status)
				return
			case r.URL.Path == "/token":
				_, _ = io.WriteString(w, `{"token":"t"}`)
				return
			case r.URL.Path == "/v2/":
				pings++
			case r.Header.Get("Authorization") != "":
				manifestServer(nil).ServeHTTP(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+realmHost+`/token",service="s"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
		c := web.client()
		for i := range 5 {
			if _, err := c.Manifest(t.Context(), tagOf(t, ownHost).Context().Registry.Repo("tenant", fmt.Sprint("app-", i)).Tag("v1")); err == nil {
				t.Errorf("%d: it was not refused", status)
			}
			_, err := c.Manifest(t.Context(), tagOf(t, ownHost).Context().Registry.Repo("karmada", fmt.Sprint("app-", i)).Tag("v1"))
			if err != nil && status != http.StatusTooManyRequests {
				t.Errorf("%d: %v", status, err)
			}
		}
		if pings != 1 {
			t.Errorf("%d: %d greetings, want 1", status, pings)
		}
	}
}

// TestForbiddenRealms: an answer about a repository cannot name a realm that the answer to a greeting could not.
func TestForbiddenRealms(t *testing.T) {
	web := newInternet(t)
	port, reached := forbidden(t)
	ways := 0
	for _, host := range forbiddenHosts(t, port) {
		for _, scheme := range []string{"http", "https"} {
			for _, greeted := range []string{"", `Bearer realm="https://` + realmHost + `/token",service="s"`} {
				web.answer(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/token" && r.Host == realmHost:
						_, _ = io.WriteString(w, `{"token":"t"}`)
						return
					case r.URL.Path != "/v2/":
						w.Header().Set("WWW-Authenticate", `Bearer realm="`+scheme+`://`+host+`/token?quit",service="s"`)
						w.WriteHeader(http.StatusUnauthorized)
					case greeted != "":
						w.Header().Set("WWW-Authenticate", greeted)
						w.WriteHeader(http.StatusUnauthorized)
					}
				})
				for _, read := range readings(web.client(), "evil.example") {
					ways++
					if err := read(t.Context()); err == nil {
						t.Errorf("%s://%s: an answer that is none was accepted", scheme, host)
					}
				}
			}
		}
	}
	fmt.Printf("figure: ways_to_forbidden_realms %d\n", ways)
	if ways < 600 || reached.Load() != 0 {
		t.Errorf("%d of %d ways led to a connection", reached.Load(), ways)
	}
}

// TestGreetingWithoutTLS: a registry that may do without TLS is greeted again once it changes whether it has it.
func TestGreetingWithoutTLS(t *testing.T) {
	var mu sync.Mutex
	scheme, pings := "http", 0
	c := registry.New(registry.WithKeychain(&keychain{}), registry.WithInsecure("harbor.corp"),
		registry.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			if r.URL.Scheme != scheme {
				return nil, io.EOF
			}
			if r.URL.Path == "/v2/" {
				pings++
			}
			header := http.Header{"Content-Type": {"application/vnd.oci.image.manifest.v1+json"}}
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
		})))
	read := func(tag string) error {
		_, err := c.Manifest(t.Context(), tagOf(t, "harbor.corp").Tag(tag))
		return err
	}
	for i, now := range []string{"https", "http", "https"} {
		mu.Lock()
		scheme = now
		mu.Unlock()
		first, second := read("v1"), read("v2")
		if i > 0 && first == nil || second != nil || pings != i+1 {
			t.Errorf("%s after %d greetings: %v, %v", now, pings, first, second)
		}
	}
}
