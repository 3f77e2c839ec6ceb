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
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// tokenServer is a registry with tokens, on one host with its realm.
type tokenServer struct {
	t *testing.T
	// answer to a request for a token.
	answer func(w http.ResponseWriter, r *http.Request)
	// wants reports whether a token is accepted, for the number of a request with a token.
	wants func(token string, request int) bool
	// scope that a challenge asks for.
	scope string

	mu       sync.Mutex
	tokens   []url.Values // requests for tokens
	methods  []string
	bytes    int // of the requests for tokens
	requests int // with a token
	all      int
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all++
	token, authorized := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/token":
		if err := r.ParseForm(); err != nil {
			s.t.Error(err)
		}
		s.bytes += len(r.URL.String()) + len(r.PostForm.Encode())
		s.tokens, s.methods = append(s.tokens, r.Form), append(s.methods, r.Method)
		if s.answer != nil {
			s.answer(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": fmt.Sprint("token-", len(s.tokens)), "refresh_token": "another"})
		return
	case authorized && s.wants != nil:
		s.requests++
		authorized = s.wants(token, s.requests)
	}
	if !authorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+r.Host+`/token?client=x",service="the service",scope="`+s.scope+`"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	manifestServer(nil).ServeHTTP(w, r)
}

func (s *tokenServer) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tokens)
}

// TestHostileScopes: whatever a challenge asks for, a token is requested for pulling from one repository only, and neither the
// requests nor the session grow.
func TestHostileScopes(t *testing.T) {
	web := newInternet(t)
	const tags = 175
	for _, size := range []int{100, 6 << 10, 50 << 10, 200 << 10} {
		var seen sync.Map
		s := &tokenServer{t: t, scope: "small"}
		web.answer(func(w http.ResponseWriter, r *http.Request) {
			if _, known := seen.LoadOrStore(r.URL.Path, true); !known && strings.HasPrefix(r.URL.Path, "/v2/karmada/") {
				s.mu.Lock()
				s.scope = r.URL.Path + strings.Repeat("s", size) // a new one each time
				s.mu.Unlock()
				r.Header.Del("Authorization")
			}
			s.ServeHTTP(w, r)
		})
		c := web.client()
		for i := range tags {
			ref, err := name.NewTag(fmt.Sprintf("%s/karmada/app:v%d", ownHost, i))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Resolve(t.Context(), ref)
		}
		for _, asked := range s.tokens {
			if got := asked["scope"]; len(got) != 1 || got[0] != "repository:karmada/app:pull" {
				t.Errorf("a token was requested for %.100q", got)
			}
		}
		if size == 50<<10 {
			fmt.Printf("figure: token_request_bytes_after_175_hostile_challenges %d\n", s.bytes)
		}
		if size < 64<<10 && len(s.tokens) != tags+1 {
			t.Errorf("scopes of %d bytes: %d tokens were requested, want one for each of %d challenges", size, len(s.tokens), tags+1)
		}
		if s.bytes > tags*300 {
			t.Errorf("scopes of %d bytes: %d bytes were sent for tokens", size, s.bytes)
		}
	}
}

// TestChallengedTwice: a registry that rejects a fresh token is not asked again.
func TestChallengedTwice(t *testing.T) {
	web := newInternet(t)
	s := &tokenServer{t: t, wants: func(string, int) bool { return false }}
	web.answer(s.ServeHTTP)
	_, err := web.client().Manifest(t.Context(), tagOf(t, ownHost))
	if err == nil || kindOf(t, err) != registry.Unauthorized {
		t.Errorf("got %v", err)
	}
	if s.requests != 2 || s.asked() != 2 {
		t.Errorf("%d requests with tokens, and %d for tokens; want 2 of each", s.requests, s.asked())
	}
}

// TestSharedToken: requests at the same time share a token, and a new one once the first is rejected. The answer's refresh token
// is not used. The race detector finds no race.
func TestSharedToken(t *testing.T) {
	web := newInternet(t)
	var accepted atomic.Value
	accepted.Store("token-1")
	s := &tokenServer{t: t, wants: func(token string, _ int) bool { return token == accepted.Load() }}
	web.answer(s.ServeHTTP)
	c := web.client(registry.WithKeychain(fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: "password"})}))
	for round := 1; round <= 5; round++ {
		accepted.Store(fmt.Sprint("token-", round))
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if _, err := c.Manifest(t.Context(), tagOf(t, ownHost).Tag(fmt.Sprint("v", i))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s.asked() != round {
			t.Fatalf("%d tokens were requested in %d rounds", s.asked(), round)
		}
	}
	for _, asked := range s.tokens {
		if asked.Has("refresh_token") {
			t.Error("the refresh token of an answer was sent")
		}
	}
}

// TestTokenLife: a token is renewed before it expires, but one that claims to expire at once is used for a while.
func TestTokenLife(t *testing.T) {
	web := newInternet(t)
	for life, want := range map[string][]int{
		"300": {1, 1, 2}, "1": {1, 2, 3}, "0": {1, 1, 1}, "-5": {1, 1, 1}, "1e300": {1, 1, 1},
	} {
		s := &tokenServer{t: t, answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"access_token":"a-token","expires_in":`+life+`}`)
		}}
		web.answer(s.ServeHTTP)
		now := time.Now()
		c := web.client(registry.WithClock(func() time.Time { return now }))
		for i, want := range want {
			for range 3 {
				if _, err := c.Manifest(t.Context(), tagOf(t, ownHost)); err != nil {
					t.Fatal(err)
				}
			}
			if s.asked() != want {
				t.Errorf("expires_in %s, after %d minutes: %d tokens were requested, want %d", life, 4*i, s.asked(), want)
			}
			now = now.Add(4 * time.Minute)
		}
	}
}

// TestIdentityToken: identity tokens are exchanged by POST, or by GET where that is not supported.
func TestIdentityToken(t *testing.T) {
	web := newInternet(t)
	for status, want := range map[int]string{http.StatusOK: "POST", http.StatusNotFound: "POST GET", http.StatusMethodNotAllowed: "POST GET"} {
		s := &tokenServer{t: t, answer: func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(status)
			}
			_, _ = io.WriteString(w, `{"access_token":"a-token"}`)
		}}
		web.answer(s.ServeHTTP)
		c := web.client(registry.WithKeychain(fixedKeychain{authn.FromConfig(authn.AuthConfig{IdentityToken: "identity"})}))
		if _, err := c.Manifest(t.Context(), tagOf(t, ownHost)); err != nil {
			t.Error(err)
		}
		if got := strings.Join(s.methods, " "); got != want {
			t.Errorf("after %d: %s, want %s", status, got, want)
		}
		sent := s.tokens[0]
		if sent.Get("grant_type") != "refresh_token" || sent.Get("refresh_token") != "identity" || sent.Get("service") != "the service" ||
			sent.Get("scope") != "repository:karmada/app:pull" {
			t.Errorf("sent %v", sent)
		}
	}
}

// TestTokenAnswers: a token that cannot be sent, or that is too large to keep, is no token.
func TestTokenAnswers(t *testing.T) {
	web := newInternet(t)
	for answer, want := range map[string]registry.Kind{
		`{"token":"` + strings.Repeat("t", 9<<10) + `"}`: registry.InvalidResponse,
		`{"token":"a\r\nHost: x"}`:                       registry.InvalidResponse,
		`{"token":""}`:                                   registry.InvalidResponse,
		`{}`:                                             registry.InvalidResponse,
		`nonsense`:                                       registry.InvalidResponse,
		`{"x":[` + strings.Repeat("{},", 20<<10) + `{}],"token":"t"}`: registry.InvalidResponse,
		strings.Repeat(" ", 65<<10):                                   registry.InvalidResponse,
	} {
		s := &tokenServer{t: t, answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }}
		web.answer(s.ServeHTTP)
		_, err := web.client().Manifest(t.Context(), tagOf(t, ownHost))
		if err == nil || kindOf(t, err) != want || s.asked() != 1 {
			t.Errorf("%.40s: got %v after %d requests for a token", answer, err, s.asked())
		}
	}
}

// TestRealms: a realm must be an address with TLS, and neither it nor the service may be long.
func TestRealms(t *testing.T) {
	web := newInternet(t)
	for challenge, want := range map[string]bool{
		`Bearer realm="https://auth.example/token",service="s"`:                                  true,
		`bearer REALM=https://auth.example/token`:                                                true,
		`Negotiate, Bearer realm="https://auth.example/token"`:                                   true,
		`Bearer service="s"`:                                                                     false,
		`Bearer realm="token"`:                                                                   false,
		`Bearer realm="http://auth.example/token"`:                                               false,
		`Bearer realm="ftp://auth.example/token"`:                                                false,
		`Bearer realm="https://auth.example/` + strings.Repeat("x", 9<<10) + `"`:                 false,
		`Bearer realm="https://auth.example/token",service="` + strings.Repeat("s", 9<<10) + `"`: false,
		`Bearer realm="https://auth.example/token`:                                               false,
	} {
		asked := false
		web.answer(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Host == "auth.example":
				asked = true
				_, _ = io.WriteString(w, `{"token":"t"}`)
			case r.Header.Get("Authorization") == "":
				w.Header().Set("WWW-Authenticate", challenge)
				w.WriteHeader(http.StatusUnauthorized)
			default:
				manifestServer(nil).ServeHTTP(w, r)
			}
		})
		_, err := web.client().Manifest(t.Context(), tagOf(t, ownHost))
		if asked != want || (err == nil) != want {
			t.Errorf("%.60s: asked %t, %v", challenge, asked, err)
		}
	}
}
