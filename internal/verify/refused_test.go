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

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// refuse has the registry answer requests of some stages with a status.
func (b *bench) refuse(image name.Digest, status int, stages ...string) {
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		for _, stage := range stages {
			if stageOf(r, image) == stage {
				w.WriteHeader(status)
				return true
			}
		}
		return false
	})
}

// TestRefusedReferrers has a registry, or a proxy before it, refuse to list what refers to an image. A bundle under the fallback tag
// is found all the same, and it is told that policy-controller does not look there. What is hidden may exist: only a registry that
// does not implement the list has nothing else.
func TestRefusedReferrers(t *testing.T) {
	for status, tc := range map[int]struct {
		verdict  v1alpha1.Verdict
		reason   string
		words    string
		unlisted bool
	}{
		400: {verdict: untrusted, reason: v1alpha1.UnsignedReason},
		404: {verdict: untrusted, reason: v1alpha1.UnsignedReason},
		405: {verdict: untrusted, reason: v1alpha1.UnsignedReason, unlisted: true},
		501: {verdict: untrusted, reason: v1alpha1.UnsignedReason, unlisted: true},
		401: {verdict: unknown, reason: v1alpha1.RegistryUnauthorizedReason, words: "answers 401 Unauthorized to the list of what refers", unlisted: true},
		403: {verdict: unknown, reason: v1alpha1.RegistryUnauthorizedReason, words: "answers 403 Forbidden to the list of what refers", unlisted: true},
		500: {verdict: unknown, reason: v1alpha1.RegistryUnreachableReason},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			b := newBench(t)
			unsigned, bundled := b.push("karmada/app", "unsigned"), b.push("karmada/app", "bundled")
			b.bundle(bundled, b.envelope(bundled, release, sigstore.SignPredicate))
			b.refuse(unsigned, status, "referrers")
			got := newCosign(time.Minute).Verify(t.Context(), unsigned, exactly(t, release), b.root)
			if got.Verdict != tc.verdict || got.Reason != tc.reason || !strings.Contains(got.Message, tc.words) {
				t.Errorf("unsigned: got %s %s (%s), want %s %s, %q", got.Verdict, got.Reason, got.Message, tc.verdict, tc.reason, tc.words)
			}
			b.refuse(bundled, status, "referrers")
			got = newCosign(time.Minute).Verify(t.Context(), bundled, exactly(t, release), b.root)
			if status == 500 {
				if got.Verdict != unknown {
					t.Errorf("with a bundle: got %s %s (%s), want Unknown", got.Verdict, got.Reason, got.Message)
				}
				return
			}
			if got.Verdict != verified || got.Unlisted != tc.unlisted {
				t.Errorf("with a bundle: got %s %s (%s), unlisted %t, want it verified, and unlisted %t",
					got.Verdict, got.Reason, got.Message, got.Unlisted, tc.unlisted)
			}
			// That a bundle of another signer is all that the tag lists does not show that the registry hides no other.
			b.intercept(nil)
			foreign := b.push("karmada/app", "foreign")
			b.bundle(foreign, b.envelope(foreign, evil, sigstore.SignPredicate))
			b.refuse(foreign, status, "referrers")
			got = newCosign(time.Minute).Verify(t.Context(), foreign, exactly(t, release), b.root)
			want, words := untrusted, "signed by"
			if tc.verdict == unknown {
				want, words = unknown, "lists instead is not accepted"
			}
			if got.Verdict != want || !strings.Contains(got.Message, words) {
				t.Errorf("of another signer: got %s %s (%s), want %s, %q", got.Verdict, got.Reason, got.Message, want, words)
			}
			// A signature of the other format does not depend on the list.
			b.intercept(nil)
			b.attach(bundled, b.good(bundled, release))
			b.refuse(bundled, status, "referrers")
			if got = newCosign(time.Minute).Verify(t.Context(), bundled, exactly(t, release), b.root); got.Verdict != verified || got.Unlisted {
				t.Errorf("signed: got %s %s (%s), unlisted %t", got.Verdict, got.Reason, got.Message, got.Unlisted)
			}
			// What hides the fallback tag too says nothing.
			b.refuse(unsigned, 403, "referrers", "fallback")
			got = newCosign(time.Minute).Verify(t.Context(), unsigned, exactly(t, release), b.root)
			if got.Verdict != unknown || got.Reason != v1alpha1.RegistryUnauthorizedReason {
				t.Errorf("hidden: got %s %s (%s)", got.Verdict, got.Reason, got.Message)
			}
		})
	}
}

// TestReferrersOfAWebServer: there are registries before which a web server answers what it does not know with a page.
func TestReferrersOfAWebServer(t *testing.T) {
	b := newBench(t)
	unsigned, bundled, foreign := b.push("karmada/app", "unsigned"), b.push("karmada/app", "bundled"), b.push("karmada/app", "foreign")
	b.bundle(bundled, b.envelope(bundled, release, sigstore.SignPredicate))
	b.bundle(foreign, b.envelope(foreign, evil, sigstore.SignPredicate))
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html></html>"))
		return true
	})
	mustBe(t.Context(), t, newCosign(time.Minute), bundled, exactly(t, release), b.root, verified, "Signed")
	for _, image := range []name.Digest{unsigned, foreign} {
		mustBe(t.Context(), t, newCosign(time.Minute), image, exactly(t, release), b.root, unknown, v1alpha1.RegistryResponseInvalidReason)
	}
}

// TestHiddenSignatureTag: a registry that answers 403 for a tag that does not exist hides whether the image is signed.
func TestHiddenSignatureTag(t *testing.T) {
	for status, text := range map[int]string{401: "401 Unauthorized", 403: "403 Forbidden"} {
		b := newBench(t)
		image := b.push("karmada/app", "app")
		b.refuse(image, status, "signatures")
		got := newCosign(time.Minute).Verify(t.Context(), image, exactly(t, release), b.root)
		want := fmt.Sprintf("%s answers %s for the tag %s.sig of %s, which may need other credentials or not exist: "+
			"if %q does not list it, the image has no signature there", image.RegistryStr(), text,
			strings.Replace(image.DigestStr(), ":", "-", 1), image.Context(), "crane ls "+image.Context().Name())
		if got.Verdict != unknown || got.Reason != v1alpha1.RegistryUnauthorizedReason || got.Message != want {
			t.Errorf("%d: got %s %s (%s), want %s", status, got.Verdict, got.Reason, got.Message, want)
		}
	}
}
