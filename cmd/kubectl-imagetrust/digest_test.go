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

package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/lab/images"
)

// TestTagWithAnotherDigest has a registry that says of an unsigned image that its digest is the one of a signed image. The
// commands judge the content of the tag, as cosign and policy-controller do.
func TestTagWithAnotherDigest(t *testing.T) {
	f := newFixture(t)
	signed := f.push("app/signed")
	_, err := images.Push(t.Context(), f.image("app/signed"), "app/unsigned")
	f.must(err)
	answer := front(func(content http.Handler, w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/app/signed/manifests/v1") {
			return false
		}
		stored := httptest.NewRecorder()
		content.ServeHTTP(stored, r)
		maps.Copy(w.Header(), stored.Header())
		w.Header().Set("Docker-Content-Digest", signed.DigestStr())
		w.WriteHeader(stored.Code)
		_, _ = w.Write(stored.Body.Bytes())
		return true
	})
	f.front.Store(&answer)
	f.write("deploy.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	flags := []string{"-f", "trust.yaml", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json"}
	for command, args := range map[string][]string{
		"verify": {"verify", "REGISTRY/app/signed:v1"},
		"plan":   {"plan", "--manifests", "deploy.yaml"},
		"pin":    {"pin", "--manifests", "deploy.yaml"},
	} {
		got := f.run("", append(args, flags...)...)
		if got.code != exitUntrusted || strings.Contains(got.stdout, signed.DigestStr()) {
			t.Errorf("%s: exit code %d, want %d; %s%s", command, got.code, exitUntrusted, got.stdout, got.stderr)
		}
	}
	if got := f.run("", append([]string{"verify", "REGISTRY/app/signed@" + signed.DigestStr()}, flags...)...); got.code != exitOK {
		t.Errorf("by digest: exit code %d; %s%s", got.code, got.stdout, got.stderr)
	}
}

// TestPinTagThatMoves has a tag that is moved whenever it was fetched. Two trusts are about it; only one accepts the second image.
func TestPinTagThatMoves(t *testing.T) {
	f := newFixture(t)
	signed := f.push("app/signed")
	var fetched atomic.Int64
	answer := front(func(content http.Handler, w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/app/signed/manifests/v1") {
			return false
		}
		if fetched.Add(1) > 1 {
			r = r.Clone(r.Context())
			r.URL.Path = "/v2/app/foreign/manifests/v1"
		}
		content.ServeHTTP(w, r)
		return true
	})
	f.front.Store(&answer)
	f.write("anyone.yaml", strings.Replace(f.trust("anyone", "Enforce", "app/*"), "identity: "+release.Subject, "identityRegexp: '.*'", 1))
	f.write("deploy.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	got := f.run("", "pin", "-f", "anyone.yaml", "-f", "trust.yaml", "--manifests", "deploy.yaml",
		"--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
	if got.code != exitOK || !strings.Contains(got.stdout, "/app/signed:v1@"+signed.DigestStr()) {
		t.Errorf("exit code %d, want %s pinned, which both trusts accept; %s%s", got.code, signed.DigestStr(), got.stdout, got.stderr)
	}
}

// TestPinVerdicts combines the verdicts of several trusts: a digest is written only if every trust verified that one.
func TestPinVerdicts(t *testing.T) {
	about := func(verdict v1alpha1.Verdict, digest string) verification {
		result := verify.Result{Verdict: verdict, Reason: "Because", Message: "it is so"}
		return verification{answer: assess.Merged{Answer: pool.Answer{Digest: digest, Result: result}}}
	}
	const a, b = "sha256:aa", "sha256:bb"
	yes, no, maybe := v1alpha1.VerdictVerified, v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown
	for name, tc := range map[string]struct {
		verifications []verification
		want          v1alpha1.Verdict
		digest        string
		reason        string
	}{
		"one":                     {[]verification{about(yes, a)}, yes, a, ""},
		"the same":                {[]verification{about(yes, a), about(yes, a)}, yes, a, ""},
		"moved":                   {[]verification{about(yes, a), about(yes, b)}, maybe, "", "TagMoved: the tag was moved"},
		"moved there and back":    {[]verification{about(yes, a), about(yes, b), about(yes, a)}, maybe, "", "TagMoved: the tag was moved"},
		"moved twice":             {[]verification{about(yes, a), about(yes, b), about(yes, b)}, maybe, "", "TagMoved: the tag was moved"},
		"moved and untrusted":     {[]verification{about(yes, a), about(yes, b), about(no, b)}, no, "", "Because"},
		"untrusted":               {[]verification{about(yes, a), about(no, a), about(yes, a)}, no, "", "Because"},
		"unknown":                 {[]verification{about(maybe, ""), about(yes, a)}, maybe, "", "Because"},
		"verified about nothing":  {[]verification{about(yes, a), about(yes, "")}, maybe, "", "TagMoved"},
		"one that is not covered": {nil, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			combined := pinVerdict{uncovered: true}
			for _, one := range tc.verifications {
				combined = combined.and(one)
			}
			if combined.verdict != tc.want || combined.Digest != tc.digest || !strings.HasPrefix(combined.Reason, tc.reason) {
				t.Errorf("got %s %q (%s), want %s %q (%s)", combined.verdict, combined.Digest, combined.Reason, tc.want, tc.digest, tc.reason)
			}
		})
	}
}
