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
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	ownHost   = "registry.example"
	realmHost = "auth.example"
	// The hosts of somebody else: registries, realms and storage that own ones lead to.
	foreignHost = "collector.example"
)

// secretsIn are the forms in which the credentials of TestForeignHosts may be sent.
func secretsIn(r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	sent := fmt.Sprint(r.Header, " ", r.URL, " ", string(body))
	for _, secret := range []string{"secret-password", "secret-identity", "secret-token", base64.StdEncoding.EncodeToString([]byte("user:secret-password"))} {
		if strings.Contains(sent, secret) {
			return true
		}
	}
	return r.Header.Get("Authorization") != ""
}

// lure is what a registry answers to get the credentials of its user to another host. It reports whether it has answered.
type lure func(w http.ResponseWriter, r *http.Request) bool

func redirectTo(target string) lure {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" || r.URL.Path == "/token" {
			return false
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
}

func redirectPath(path, target string) lure {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusPermanentRedirect)
		return true
	}
}

// TestForeignHosts: no other host than the registry and the realm that it names gets credentials or tokens, wherever requests are
// redirected to, and whatever challenge the other host answers with.
func TestForeignHosts(t *testing.T) {
	lures := map[string]lure{
		"redirected handshake":          redirectPath("/v2/", "https://"+foreignHost+"/v2/"),
		"redirected realm":              redirectPath("/token", "https://"+foreignHost+"/token"),
		"redirected request":            redirectTo("https://" + foreignHost + "/x"),
		"redirect with a user":          redirectTo("https://" + ownHost + "@" + foreignHost + "/x"),
		"redirect to a subdomain":       redirectTo("https://" + foreignHost + "." + ownHost + "/x"),
		"redirect to a longer name":     redirectTo("https://" + ownHost + ".collector.example/x"),
		"redirect to another port":      redirectTo("https://" + ownHost + ":8443/x"),
		"redirect without TLS":          redirectTo("http://" + ownHost + "/x"),
		"redirect without a scheme":     redirectTo("//" + foreignHost + "/x"),
		"redirect away and back":        redirectTo("https://" + foreignHost + "/back"),
		"redirect to a foreign 401":     redirectTo("https://" + foreignHost + "/v2/karmada/app/manifests/v1"),
		"redirected realm, other port":  redirectPath("/token", "https://"+realmHost+":8443/token"),
		"redirected realm to registry":  redirectPath("/token", "https://"+foreignHost+"/back"),
		"redirected handshake, no TLS":  redirectPath("/v2/", "http://"+ownHost+"/v2/"),
		"redirected handshake and back": redirectPath("/v2/", "https://"+foreignHost+"/back"),
	}
	credentials := map[string]authn.Authenticator{
		"password": authn.FromConfig(authn.AuthConfig{Username: "user", Password: "secret-password"}),
		"identity": authn.FromConfig(authn.AuthConfig{IdentityToken: "secret-identity"}),
		"token":    authn.FromConfig(authn.AuthConfig{RegistryToken: "secret-token"}),
		"provider": &changing{password: "secret-password"},
	}
	web := newInternet(t)
	ways, leaks, own := 0, 0, 0
	for what, lead := range lures {
		for _, scheme := range []string{"Basic", "Bearer"} {
			for kind, authenticator := range credentials {
				var mu sync.Mutex
				web.answer(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					secret := secretsIn(r)
					switch {
					case r.TLS == nil || r.Host != ownHost && r.Host != realmHost:
						if secret {
							leaks++
							t.Errorf("%s, %s with a %s: %s %s%s got credentials", what, scheme, kind, r.Method, r.Host, r.URL)
						}
						if r.URL.Path == "/back" {
							http.Redirect(w, r, "https://"+ownHost+"/storage", http.StatusFound)
							return
						}
						w.Header().Set("WWW-Authenticate", scheme+` realm="https://`+foreignHost+`/token",service="s",scope="everything"`)
						w.WriteHeader(http.StatusUnauthorized)
						return
					case strings.HasPrefix(r.URL.Path, "/storage") && secret:
						leaks++
						t.Errorf("%s, %s with a %s: a foreign host chose a request with credentials", what, scheme, kind)
					case r.URL.Path == "/storage":
						http.Redirect(w, r, "/storage/next", http.StatusFound)
						return
					case lead(w, r):
						return
					case r.URL.Path == "/token":
						own++
						_, _ = io.WriteString(w, `{"token":"secret-token"}`)
						return
					case r.Header.Get("Authorization") == "":
						w.Header().Set("WWW-Authenticate", scheme+` realm="https://`+realmHost+`/token",service="s"`)
						w.WriteHeader(http.StatusUnauthorized)
						return
					}
					own++
					w.WriteHeader(http.StatusNotFound)
				})
				c := web.client(registry.WithKeychain(fixedKeychain{authenticator}))
				for _, read := range readings(c, ownHost) {
					ways++
					_ = read(t.Context())
				}
			}
		}
	}
	fmt.Printf("figure: ways_to_foreign_hosts %d\n", ways)
	fmt.Printf("figure: credentials_to_foreign_hosts %d\n", leaks)
	if leaks != 0 || own == 0 {
		t.Errorf("%d of %d ways led credentials to another host; %d requests with credentials to the registry and its realm", leaks, ways, own)
	}
}

// TestRedirectedHandshake: a host that a registry redirects its handshake to does not say how the registry is asked.
func TestRedirectedHandshake(t *testing.T) {
	web := newInternet(t)
	web.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == ownHost {
			http.Redirect(w, r, "https://"+foreignHost+"/v2/", http.StatusFound)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err := web.client().Manifest(t.Context(), tagOf(t, ownHost))
	if want := foreignHost + " asks for credentials, but they belong to " + ownHost + ", which redirects to it"; err == nil ||
		kindOf(t, err) != registry.Unauthorized || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// Without a challenge it may answer: some registries have moved.
	web.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == ownHost {
			http.Redirect(w, r, "https://"+foreignHost+r.URL.Path, http.StatusFound) //nolint:gosec // a redirect is what is tested
			return
		}
		manifestServer(nil).ServeHTTP(w, r)
	})
	if _, err := web.client().Manifest(context.Background(), tagOf(t, ownHost)); err != nil {
		t.Error(err)
	}
}
