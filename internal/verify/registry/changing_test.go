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
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// changing are credentials that are read for each request, as those of credential providers.
type changing struct {
	mu       sync.Mutex
	password string
	problem  string
}

func (c *changing) set(password, problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.password, c.problem = password, problem
}

func (c *changing) Resolve(authn.Resource) (authn.Authenticator, error) { return c, nil }

func (c *changing) Authorization() (*authn.AuthConfig, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != "" {
		return nil, &registry.UnreadableError{Message: c.problem}
	}
	return &authn.AuthConfig{Username: "user", Password: c.password}, nil
}

// TestChangingCredentials: a registry is asked with the credentials that there are when it is asked. Where they cannot be read it is
// asked without, and its rejection says why.
func TestChangingCredentials(t *testing.T) {
	for _, scheme := range []string{"Basic", "Bearer"} {
		t.Run(scheme, func(t *testing.T) {
			var mu sync.Mutex
			accepted, public := "first", false
			authorized := func(r *http.Request) bool {
				_, password, _ := r.BasicAuth()
				return public || password == accepted
			}
			web := newInternet(t)
			web.answer(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case r.URL.Path == "/token" && authorized(r):
					_, _ = w.Write([]byte(`{"token":"` + accepted + `"}`))
				case r.URL.Path != "/v2/" && (public || scheme == "Basic" && authorized(r) || r.Header.Get("Authorization") == "Bearer "+accepted):
					manifestServer(nil).ServeHTTP(w, r)
				default:
					w.Header().Set("WWW-Authenticate", scheme+` realm="https://`+realmHost+`/token",service="s"`)
					w.WriteHeader(http.StatusUnauthorized)
				}
			})
			credentials := &changing{password: "first"}
			c := web.client(registry.WithMoreCredentials(credentials), registry.WithKeychain(authn.NewMultiKeychain()))
			read := func(problem string) {
				t.Helper()
				_, err := c.Manifest(context.Background(), tagOf(t, ownHost))
				switch {
				case problem == "" && err != nil:
					t.Errorf("got %v", err)
				case problem == "":
				case err == nil || kindOf(t, err) != registry.Unauthorized || !strings.HasSuffix(err.Error(), problem):
					t.Errorf("got %v, want %q", err, problem)
				}
			}
			change := func(password string, all bool) {
				mu.Lock()
				defer mu.Unlock()
				accepted, public = password, all
			}
			const needs = ": the repository needs credentials, or does not exist"
			read("")
			// The first ones have expired.
			change("second", false)
			credentials.set("second", "")
			read("")
			// There are none, and the registry wants some; then it wants none; then there are some again.
			change("third", false)
			credentials.set("", "the provider fails")
			read(needs + "; it was asked without credentials: the provider fails")
			change("third", true)
			read("")
			change("fourth", false)
			read(needs + "; it was asked without credentials: the provider fails")
			credentials.set("fourth", "")
			read("")
			credentials.set("wrong", "")
			change("fifth", false)
			read(needs)
		})
	}
}

// failing is a keychain with an error.
type failing struct{ err error }

func (f failing) Resolve(authn.Resource) (authn.Authenticator, error) { return nil, f.err }

// TestInOrder: the first credentials count, and what cannot be read does not hide what follows.
func TestInOrder(t *testing.T) {
	none, broken := authn.NewMultiKeychain(), failing{&registry.UnreadableError{Message: "broken"}}
	some := func(user string) authn.Keychain {
		return fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: user})}
	}
	unavailable := failing{&registry.CredentialsError{Message: "unavailable"}}
	for what, tc := range map[string]struct {
		keychains     []authn.Keychain
		user, problem string
	}{
		"none":           {nil, "", ""},
		"first":          {[]authn.Keychain{some("a"), some("b")}, "a", ""},
		"second":         {[]authn.Keychain{none, some("b")}, "b", ""},
		"after broken":   {[]authn.Keychain{broken, some("b")}, "b", ""},
		"broken":         {[]authn.Keychain{none, broken, none}, "", "broken"},
		"unavailable":    {[]authn.Keychain{unavailable, some("b")}, "", "unavailable"},
		"nested, broken": {[]authn.Keychain{registry.InOrder(broken, none), some("b")}, "b", ""},
	} {
		found, err := authn.Resolve(t.Context(), registry.InOrder(tc.keychains...), tagOf(t, ownHost).Context())
		if err != nil || tc.problem != "" {
			if err == nil || err.Error() != tc.problem {
				t.Errorf("%s: got %v, want %q", what, err, tc.problem)
			}
			continue
		}
		config, err := authn.Authorization(t.Context(), found)
		if err != nil || config.Username != tc.user {
			t.Errorf("%s: got %v, %v, want %q", what, config, err, tc.user)
		}
	}
	if _, err := registry.InOrder(broken).Resolve(nil); !errors.As(err, new(*registry.UnreadableError)) {
		t.Errorf("got %v", err)
	}
}
