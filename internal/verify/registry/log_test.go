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
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// TestLog checks that requests and the causes of failures are logged, and that nothing secret is: neither credentials and
// tokens, nor the queries of URLs that registries redirect to.
func TestLog(t *testing.T) {
	const password, token, signature = "secret-password", "secret-token", "secret-signature"
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"token":"` + token + `"}`))
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://user:`+password+`@`+host+`/token?client=`+signature+`",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/limited"):
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/storage":
			panic(http.ErrAbortHandler)
		default:
			location := url.URL{Scheme: "http", User: url.UserPassword("user", signature), Host: host, Path: "/storage", RawQuery: "X-Amz-Signature=" + signature}
			http.Redirect(w, r, location.String(), http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")

	var mu sync.Mutex
	var log strings.Builder
	logger := funcr.NewJSON(func(line string) {
		mu.Lock()
		defer mu.Unlock()
		log.WriteString(line + "\n")
	}, funcr.Options{Verbosity: 10})
	credentials := &registry.Credentials{ID: "test", Keychain: fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: password})}}
	ctx := registry.WithCredentials(logr.NewContext(t.Context(), logger), credentials)
	c := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()))
	for _, tag := range []string{"redirected", "limited"} {
		ref, err := name.NewTag(host + "/karmada/app:" + tag)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Manifest(ctx, ref); err == nil {
			t.Errorf("%s: got no error", tag)
		} else if strings.Contains(err.Error(), "secret-") {
			t.Errorf("%s: the message contains a secret: %v", tag, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{
		`"msg":"Registry request","method":"GET","host":"` + host + `","repository":"karmada/app","status":429`,
		`"msg":"Backing off from registry"`, `"retryAfter":"17s"`,
		`"msg":"Request to registry failed"`, `"cause":"EOF"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, secret := range []string{password, token, signature, "Bearer", "dXNlcjpz"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log contains %s", secret)
		}
	}
	if t.Failed() {
		t.Logf("log:\n%s", log.String())
	}
}

// fixedKeychain has the same credentials for all registries.
type fixedKeychain struct{ credentials authn.Authenticator }

func (k fixedKeychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return k.credentials, nil
}

// TestRetryAfterDate checks that a date in Retry-After is compared with the clock of the client.
func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		requests++
		w.Header().Set("Retry-After", now.Add(90*time.Second).Format(http.TimeFormat))
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	ref, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/karmada/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	c := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()), registry.WithClock(func() time.Time { return now }))
	for _, step := range []struct {
		after, wait time.Duration
		requests    int
	}{
		{wait: 90 * time.Second, requests: 1},
		{after: 30 * time.Second, wait: time.Minute, requests: 1},
		{after: time.Minute, wait: 90 * time.Second, requests: 2},
	} {
		now = now.Add(step.after)
		_, err := c.Resolve(t.Context(), ref)
		failure, ok := errors.AsType[*registry.Error](err)
		if !ok || failure.Kind != registry.RateLimited {
			t.Fatalf("got %v, want a rate limit", err)
		}
		if diff := cmp.Diff(step.wait, failure.RetryAfter); diff != "" || requests != step.requests {
			t.Errorf("%d requests, want %d; retry after (-want +got):\n%s", requests, step.requests, diff)
		}
	}
}
