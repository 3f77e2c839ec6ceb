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
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// TestTrace follows a request with a handshake, a token and a redirect. No span has a secret, and no registry learns of the trace.
func TestTrace(t *testing.T) {
	const password, token, signature = "secret-password", "secret-token", "secret-signature"
	var host string
	var mu sync.Mutex
	headers := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		for header := range r.Header {
			headers[header] = true
		}
		mu.Unlock()
		switch {
		case r.URL.Path == "/token":
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"token":"` + token + `"}`))
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://user:`+password+`@`+host+`/token?client=`+signature+`",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/storage/"):
			w.WriteHeader(http.StatusBadGateway)
		default:
			location := url.URL{Scheme: "http", Host: host, Path: "/storage/" + signature, RawQuery: "X-Amz-Signature=" + signature}
			http.Redirect(w, r, location.String(), http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")

	recorder := tracetest.NewSpanRecorder()
	ctx := tracing.NewContext(t.Context(), sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	ctx, parent := tracing.Start(ctx, tracing.Verification)
	credentials := &registry.Credentials{ID: "test", Keychain: fixedKeychain{authn.FromConfig(authn.AuthConfig{Username: "user", Password: password})}}
	c := registry.New(registry.WithLoopback(), registry.WithKeychain(authn.NewMultiKeychain()))
	ref, err := name.NewTag(host + "/karmada/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Manifest(registry.WithCredentials(ctx, credentials), ref); err == nil {
		t.Fatal("got no error")
	}
	parent.End()

	var got []string
	for _, span := range recorder.Ended() {
		if strings.Contains(fmt.Sprintf("%+v", span), "secret-") {
			t.Errorf("a span contains a secret: %+v", span)
		}
		if span.Name() == tracing.Verification {
			continue
		}
		if span.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("%s is not a child of the verification", span.Name())
		}
		line := span.Name()
		for _, a := range span.Attributes() {
			switch a.Key {
			case tracing.ResponseStatus, tracing.ResendCount, tracing.ErrorType:
				line += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
			}
		}
		got = append(got, line)
	}
	want := []string{
		"GET /v2/ error.type=unreachable", // by TLS first
		"GET /v2/ http.response.status_code=401",
		"GET http.response.status_code=200",
		"GET /v2/{name}/manifests/{reference} http.response.status_code=307",
		"GET http.request.resend_count=1 http.response.status_code=502 error.type=502",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for _, header := range []string{"Traceparent", "Tracestate", "Baggage"} {
		if headers[header] {
			t.Errorf("the registry got the header %s", header)
		}
	}
}
