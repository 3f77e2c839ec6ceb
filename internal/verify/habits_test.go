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
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// signed returns an image in a repository with a .sig or with a bundle, or with both.
func (b *bench) signed(repository string, sig, bundled bool) name.Digest {
	b.t.Helper()
	image := b.push(repository, repository)
	if sig {
		b.attach(image, b.good(image, release))
	}
	if bundled {
		b.bundle(image, b.envelope(image, release, sigstore.SignPredicate))
	}
	return image
}

// TestFirstLook counts the requests for images by what is known of the registry: what was signed like the others costs no request
// more than it must, and no image is judged otherwise.
func TestFirstLook(t *testing.T) {
	b := newBenchWith(t, true)
	c, rule := newCosign(time.Minute), exactly(t, release)
	check := func(what string, image name.Digest, format policy.Format, want ...string) {
		t.Helper()
		got := b.record(image, func() {
			if got := mustBe(t.Context(), t, c, image, rule, b.root, verified, "Signed"); got.Format != format {
				t.Errorf("%s: got a signature of format %s, want %s", what, got.Format, format)
			}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", what, diff)
		}
	}
	first, second := b.signed("bundles/first", false, true), b.signed("bundles/second", false, true)
	check("first bundle", first, policy.Bundle, "GET ping", "GET signatures", "GET referrers", "GET bundle", "GET payload")
	check("registry seen, bundle", second, policy.Bundle, "GET referrers", "GET bundle", "GET payload")
	check("recheck, bundle", second, policy.Bundle, "GET referrers")
	both := b.signed("bundles/both", true, true)
	check("registry with bundles, both", both, policy.Bundle, "GET referrers", "GET bundle", "GET payload")

	old := b.signed("sigs/first", true, false)
	check("registry with bundles, .sig", old, policy.SimpleSigning, "GET referrers", "GET signatures", "GET payload")
	check("registry seen, .sig", b.signed("sigs/second", true, false), policy.SimpleSigning, "GET signatures", "GET payload")
	check("recheck, .sig", old, policy.SimpleSigning, "HEAD signatures")
	check("recheck, bundle, in a registry with .sig", first, policy.Bundle, "GET referrers")
	check("repository with bundles", b.pushSigned("bundles/second", "another"), policy.Bundle, "GET referrers", "GET bundle", "GET payload")
	check("registry with .sig, bundle", b.signed("bundles/third", false, true), policy.Bundle,
		"GET signatures", "GET referrers", "GET bundle", "GET payload")
	check("registry with .sig, both", b.signed("sigs/both", true, true), policy.SimpleSigning, "GET signatures", "GET payload")

	// What one rule has found says nothing about the images of another one.
	other := ruleOf(t, v1alpha1.KarmadaImageTrustSpec{Issuer: release.Issuer, IdentityRegexp: `https://github\.com/karmada-io/.*`})
	got := b.record(second, func() {
		mustBe(t.Context(), t, newCosign(time.Minute), second, other, b.root, verified, "Signed")
	})
	if len(got) != 5 {
		t.Errorf("another client: %v", got)
	}
}

// TestFirstLookUnderTag: a registry that has no list of what refers to an image is not asked for it where there probably is a bundle,
// but where none is found, or where it may have a list by now.
func TestFirstLookUnderTag(t *testing.T) {
	b := newBench(t)
	c, rule := newCosign(time.Minute), exactly(t, release)
	check := func(what string, image name.Digest, want ...string) {
		t.Helper()
		got := b.record(image, func() { mustBe(t.Context(), t, c, image, rule, b.root, verified, "Signed") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", what, diff)
		}
	}
	first, second := b.signed("bundles/first", false, true), b.signed("bundles/second", false, true)
	check("first bundle", first, "GET ping", "GET signatures", "GET referrers", "GET fallback", "GET bundle", "GET payload")
	check("registry seen", second, "GET fallback", "GET bundle", "GET payload")
	check("recheck", second, "HEAD fallback")
	check("recheck", first, "HEAD fallback")
	b.attach(second, b.good(second, release))
	check("another signature", second, "HEAD fallback")
	b.attach(first, b.good(first, release))
	b.upload(http.MethodPut, "/v2/bundles/first/manifests/"+strings.Replace(first.DigestStr(), ":", "-", 1),
		"application/vnd.oci.image.index.v1+json", []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`))
	check("without the bundle", first, "HEAD fallback", "GET fallback", "GET signatures", "GET payload")
}

// pushSigned pushes an image with a bundle.
func (b *bench) pushSigned(repository, content string) name.Digest {
	b.t.Helper()
	image := b.push(repository, content)
	b.bundle(image, b.envelope(image, release, sigstore.SignPredicate))
	return image
}

// TestFirstLookOnlyAccepts: where bundles are looked for first, whatever a registry answers to that and whatever refers to an image
// changes no verdict on it, and nothing that is said about it.
func TestFirstLookOnlyAccepts(t *testing.T) {
	b := newBenchWith(t, true)
	rule, other := exactly(t, release), sigstore.GitHubWorkflow("somebody/else", "release.yml", "refs/heads/main", commit)
	fail := func(status int) func(*bench, name.Digest) {
		return func(b *bench, image name.Digest) {
			b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if stage := stageOf(r, image); stage != "referrers" && stage != "fallback" {
					return false
				}
				w.WriteHeader(status)
				return true
			})
		}
	}
	for what, change := range map[string]func(*bench, name.Digest){
		"nothing":        func(*bench, name.Digest) {},
		"unavailable":    fail(http.StatusServiceUnavailable),
		"broken":         fail(http.StatusInternalServerError),
		"forbidden":      fail(http.StatusForbidden),
		"unauthorized":   fail(http.StatusUnauthorized),
		"other identity": func(b *bench, image name.Digest) { b.bundle(image, b.envelope(image, other, sigstore.SignPredicate)) },
		"other statements": func(b *bench, image name.Digest) {
			for range 12 {
				b.bundle(image, b.envelope(image, release, "https://example.com/other"))
			}
		},
		"hanging": func(b *bench, image name.Digest) {
			b.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
				if stageOf(r, image) != "referrers" {
					return false
				}
				<-r.Context().Done()
				return true
			})
		},
		"page": func(b *bench, image name.Digest) {
			b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if stageOf(r, image) != "referrers" {
					return false
				}
				_, _ = w.Write([]byte("<html>"))
				return true
			})
		},
	} {
		for _, signed := range []bool{true, false} {
			timeout := time.Minute
			if what == "hanging" {
				timeout = 3 * time.Second
			}
			if what == "hanging" && !signed {
				continue // it would only take longer
			}
			c, fresh := newCosign(timeout), newCosign(timeout)
			learned := b.signed("learned/"+strings.ReplaceAll(what, " ", "-")+fmt.Sprint(signed), false, true)
			mustBe(t.Context(), t, c, learned, rule, b.root, verified, "Signed")
			image := b.signed("app/"+strings.ReplaceAll(what, " ", "-")+fmt.Sprint(signed), signed, false)
			change(b, image)
			want, got := fresh.Verify(t.Context(), image, rule, b.root), c.Verify(t.Context(), image, rule, b.root)
			b.intercept(nil)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, signed %t (-as usual +bundles first):\n%s", what, signed, diff)
			}
			if signed && got.Verdict != verified {
				t.Errorf("%s: a sound .sig is %s (%s)", what, got.Verdict, got.Message)
			}
		}
	}
}

// TestFirstLookInDoubt: a bundle that was looked for first does not count if there is something to doubt about it.
func TestFirstLookInDoubt(t *testing.T) {
	b := newBenchWith(t, true)
	c, rule := newCosign(time.Minute), exactly(t, release)
	mustBe(t.Context(), t, c, b.signed("learned/app", false, true), rule, b.root, verified, "Signed")
	for _, sig := range []bool{true, false} {
		image := b.signed(fmt.Sprint("app/sig-", sig), sig, true)
		b.bundle(image, b.rekorV2(image, workflow("evil/karmada", "refs/tags/v1"), sigstore.HashedRekordEntry))
		want := mustBe(t.Context(), t, newCosign(time.Minute), image, rule, b.root, verified, "Signed")
		if got := mustBe(t.Context(), t, c, image, rule, b.root, verified, "Signed"); !cmp.Equal(want, got) || got.AnyOrder != sig || got.PassedOver {
			t.Errorf("with a .sig %t: %s", sig, cmp.Diff(want, got))
		}
	}
}
