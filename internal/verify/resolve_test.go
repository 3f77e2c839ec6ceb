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
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// claim has the registry send what it has under a tag, with the digest of something else. A content type that is not empty
// replaces the one of the manifest.
func (b *bench) claim(tag name.Tag, digest name.Digest, contentType types.MediaType) {
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v2/"+tag.RepositoryStr()+"/manifests/"+tag.TagStr() {
			return false
		}
		stored := httptest.NewRecorder()
		b.content.ServeHTTP(stored, r)
		maps.Copy(w.Header(), stored.Header())
		w.Header().Set("Docker-Content-Digest", digest.DigestStr())
		if contentType != "" {
			w.Header().Set("Content-Type", string(contentType))
		}
		w.WriteHeader(stored.Code)
		_, _ = w.Write(stored.Body.Bytes())
		return true
	})
}

// TestResolveByContent has a registry that says of an unsigned image that its digest is the one of a signed image. Neither
// cosign nor policy-controller believes that, so a tag must not be verified by it.
func TestResolveByContent(t *testing.T) {
	for what, contentType := range map[string]types.MediaType{
		"as it is stored": "",
		// go-containerregistry believes the header of a response of this type.
		"as schema 1": types.DockerManifestSchema1Signed,
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			signed := b.push("karmada/app", "signed")
			b.attach(signed, b.good(signed, release))
			tag := signed.Context().Tag("v1")
			c := newCosign(time.Minute)
			for _, known := range []bool{false, true} {
				if known {
					// The tag was resolved to something else before, so it is looked up with HEAD.
					b.push("karmada/app", "another")
					b.intercept(nil)
					if _, failure := c.Resolve(t.Context(), tag); failure != nil {
						t.Fatal(failure.Message)
					}
				}
				content := b.push("karmada/app", "unsigned")
				b.claim(tag, signed, contentType)
				resolved, failure := c.Resolve(t.Context(), tag)
				if failure != nil {
					t.Fatal(failure.Message)
				}
				if resolved.DigestStr() != content.DigestStr() {
					t.Errorf("known %t: resolved to %s, want %s, the digest of the content", known, resolved.DigestStr(), content.DigestStr())
				}
				mustBe(t.Context(), t, c, resolved, exactly(t, release), b.root, untrusted, v1alpha1.UnsignedReason)
			}
		})
	}
}

// TestRequestsOfTags counts what a tag costs: a GET when its content is new, and a HEAD otherwise, however large the manifest is.
func TestRequestsOfTags(t *testing.T) {
	b := newBench(t)
	c := newCosign(time.Minute)
	first := b.push("karmada/app", "first")
	tag := first.Context().Tag("v1")
	resolve := func(want name.Digest, requests ...string) {
		t.Helper()
		got := b.record(want, func() {
			if resolved, failure := c.Resolve(t.Context(), tag); failure != nil || resolved.DigestStr() != want.DigestStr() {
				t.Errorf("resolved to %s (%+v), want %s", resolved, failure, want)
			}
		})
		if diff := cmp.Diff(requests, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	}
	resolve(first, "GET ping", "GET image")
	resolve(first, "HEAD image")
	resolve(first, "HEAD image")
	second := b.push("karmada/app", "second")
	resolve(second, "HEAD image", "GET image")
	resolve(second, "HEAD image")

	// Not every registry returns a digest for HEAD.
	b.intercept(nil)
	var methods []string
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/v1") {
			return false
		}
		methods = append(methods, r.Method)
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusOK)
			return true
		}
		return false
	})
	if resolved, failure := c.Resolve(t.Context(), tag); failure != nil || resolved.DigestStr() != second.DigestStr() {
		t.Errorf("without a digest for HEAD: %s (%+v)", resolved, failure)
	}
	if !slices.Equal(methods, []string{http.MethodHead, http.MethodGet}) {
		t.Errorf("without a digest for HEAD: %v", methods)
	}
}

// broken panics, as a library may do on what a registry sends, once a session is established.
type broken struct{}

func (broken) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/v2/") {
		return http.DefaultTransport.RoundTrip(r)
	}
	panic("broken")
}

// TestResolveSurvives has something panic in a request. Each entry of the verifier answers Unknown.
func TestResolveSurvives(t *testing.T) {
	b := newBench(t)
	image := b.push("karmada/app", "app")
	c := newCosign(time.Minute, registry.WithTransport(broken{}))
	_, resolve := c.Resolve(t.Context(), image.Context().Tag("v1"))
	_, holds := c.Holds(t.Context(), image, v1.Hash{})
	verdict := c.Verify(t.Context(), image, exactly(t, release), b.root)
	_, nothing := c.Resolve(t.Context(), nil)
	for entry, got := range map[string]*verify.Result{"Resolve": resolve, "Holds": holds, "Verify": &verdict, "Resolve nil": nothing} {
		if got == nil || got.Verdict != unknown || got.Reason != v1alpha1.InternalErrorReason {
			t.Errorf("%s returns %+v, want Unknown for InternalError", entry, got)
		}
	}
}
