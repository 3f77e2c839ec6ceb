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
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestHeadOfOtherRegistries has registries answer HEAD in the ways of those that do not implement it, such as object storage, old
// versions of Harbor, and addresses that are signed for GET. A known tag is resolved, and a known image verified, as if there were
// no HEAD, with one request more.
func TestHeadOfOtherRegistries(t *testing.T) {
	without := func(header, instead string) func(http.ResponseWriter, *http.Request, http.Header) {
		return func(w http.ResponseWriter, _ *http.Request, stored http.Header) {
			stored.Set(header, instead)
			if instead == "" {
				stored.Del(header)
			}
			for name := range stored {
				w.Header().Set(name, stored.Get(name))
			}
			if stored.Get("Content-Type") == "" {
				w.Header()["Content-Type"] = nil // net/http would guess one
			}
			w.WriteHeader(http.StatusOK)
		}
	}
	answers := map[string]func(http.ResponseWriter, *http.Request, http.Header){
		"no digest":         without("Docker-Content-Digest", ""),
		"no digest at all":  without("Docker-Content-Digest", "unknown"),
		"another algorithm": without("Docker-Content-Digest", "sha512:"+strings.Repeat("a", 128)),
		"another digest":    without("Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64)),
		"no type":           without("Content-Type", ""),
		"another type":      without("Content-Type", "binary/octet-stream"),
		"web page":          without("Content-Type", "text/html; charset=utf-8"),
	}
	for _, status := range []int{400, 403, 404, 405, 406, 410, 415, 501} {
		answers[http.StatusText(status)] = func(w http.ResponseWriter, _ *http.Request, _ http.Header) { w.WriteHeader(status) }
	}
	for what, answer := range answers {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			first := b.push("karmada/app", "first")
			b.attach(first, b.good(first, release))
			tag, c := first.Context().Tag("v1"), newCosign(time.Minute)
			var requests []string
			headless := func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				requests = append(requests, r.Method)
				if r.Method != http.MethodHead {
					return false
				}
				stored := httptest.NewRecorder()
				b.content.ServeHTTP(stored, r)
				answer(w, r, stored.Header())
				return true
			}
			b.intercept(headless)
			resolve := func(want string, methods ...string) {
				t.Helper()
				requests = nil
				got, failure := c.Resolve(t.Context(), tag)
				if failure != nil {
					t.Fatal(failure.Message)
				}
				if got.DigestStr() != want {
					t.Errorf("resolved to %s, want %s", got.DigestStr(), want)
				}
				if diff := cmp.Diff(methods, requests); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			}
			resolve(first.DigestStr(), http.MethodGet)
			resolve(first.DigestStr(), http.MethodHead, http.MethodGet)
			mustBe(t.Context(), t, c, first, exactly(t, release), b.root, verified, "Signed")
			mustBe(t.Context(), t, c, first, exactly(t, release), b.root, verified, "Signed")
			b.intercept(nil)
			second := b.push("karmada/app", "second")
			b.intercept(headless)
			resolve(second.DigestStr(), http.MethodHead, http.MethodGet)
		})
	}
}

// TestHeadThatMeansIt: a registry that wants other credentials, is down or limits requests is not asked again, and a tag that is gone
// costs one request from then on.
func TestHeadThatMeansIt(t *testing.T) {
	for status, want := range map[int]struct {
		reason       string
		first, again []string
	}{
		401: {v1alpha1.RegistryUnauthorizedReason, []string{"HEAD"}, []string{"HEAD"}},
		404: {v1alpha1.ImageNotFoundReason, []string{"HEAD", "GET"}, []string{"GET"}},
		500: {v1alpha1.RegistryUnreachableReason, []string{"HEAD"}, []string{"HEAD"}},
		503: {v1alpha1.RegistryUnreachableReason, []string{"HEAD"}, []string{"HEAD"}},
	} {
		b := newBench(t)
		tag, c := b.push("karmada/app", "app").Context().Tag("v1"), newCosign(time.Minute)
		if _, failure := c.Resolve(t.Context(), tag); failure != nil {
			t.Fatal(failure.Message)
		}
		var requests []string
		b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			requests = append(requests, r.Method)
			w.WriteHeader(status)
			return true
		})
		for _, methods := range [][]string{want.first, want.again} {
			requests = nil
			got, failure := c.Resolve(t.Context(), tag)
			if failure == nil || failure.Verdict != unknown || failure.Reason != want.reason || !slices.Equal(requests, methods) {
				t.Errorf("%d: got %s %+v after %v, want %s after %v", status, got, failure, requests, want.reason, methods)
			}
		}
	}
}

// TestManifestWithoutType: what a registry sends without a media type is named.
func TestManifestWithoutType(t *testing.T) {
	for contentType, words := range map[string]string{
		"":                    "answers without a Content-Type, so that it is not known to be a manifest",
		"binary/octet-stream": "answers with something that is not a manifest, as its Content-Type says",
	} {
		b := newBench(t)
		tag := b.push("karmada/app", "app").Context().Tag("v1")
		b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			w.Header()["Content-Type"] = nil
			if contentType != "" {
				w.Header().Set("Content-Type", contentType)
			}
			_, _ = w.Write([]byte(`{"schemaVersion": 2}`))
			return true
		})
		_, failure := newCosign(time.Minute).Resolve(t.Context(), tag)
		if failure == nil || failure.Reason != v1alpha1.RegistryResponseInvalidReason || !strings.HasSuffix(failure.Message, words) {
			t.Errorf("%q: got %+v, want %q", contentType, failure, words)
		}
	}
}
