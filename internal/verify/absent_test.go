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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// TestRunningDigestThatIsNotInTheRepository has a node report a digest that the registry answers 404 for: that of an image
// which was loaded into the node.
func TestRunningDigestThatIsNotInTheRepository(t *testing.T) {
	b := newBench(t)
	stored := b.push("karmada/app", "1")
	index, platform := b.multi(t, "signed", &release)
	hidden := func(part string, status int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, part) {
				return false
			}
			w.WriteHeader(status)
			return true
		}
	}
	gone := stored.Context().Digest("sha256:" + strings.Repeat("9", 64))
	elsewhere := stored.Context().Registry.Repo("karmada", "other").Digest(gone.DigestStr())
	for what, tc := range map[string]struct {
		ref       name.Digest
		tag       string
		requested bool
		intercept func(http.ResponseWriter, *http.Request) bool
		want      string
	}{
		"runs":                            {ref: gone, want: "Untrusted NotInRepository"},
		"runs, by a tag that exists":      {ref: gone, tag: "v1", want: "Untrusted NotInRepository"},
		"is only requested":               {ref: gone, requested: true, want: "Unknown ImageNotFound"},
		"a repository that does not":      {ref: elsewhere, want: "Unknown ImageNotFound"},
		"a repository that is hidden":     {ref: gone, intercept: hidden("/tags/", http.StatusNotFound), want: "Unknown ImageNotFound"},
		"tags that may not be read":       {ref: gone, intercept: hidden("/tags/", http.StatusForbidden), want: "Unknown ImageNotFound"},
		"tags that fail":                  {ref: gone, intercept: hidden("/tags/", http.StatusInternalServerError), want: "Unknown ImageNotFound"},
		"a registry that fails":           {ref: gone, intercept: hidden("/manifests/", http.StatusServiceUnavailable), want: "Unknown RegistryUnreachable"},
		"a platform of an index that is":  {ref: platform, tag: "signed", intercept: hidden(platform.DigestStr(), http.StatusNotFound), want: "Verified Signed"},
		"a platform of no index":          {ref: platform, intercept: hidden(platform.DigestStr(), http.StatusNotFound), want: "Untrusted NotInRepository"},
		"the index itself, under its tag": {ref: index, tag: "signed", want: "Verified Signed"},
	} {
		t.Run(what, func(t *testing.T) {
			b.intercept(tc.intercept)
			defer b.intercept(nil)
			request := pool.Request{Ref: tc.ref, Running: !tc.requested, Rule: exactly(t, release)}
			if tc.tag != "" {
				request.Tag = new(tc.ref.Context().Tag(tc.tag))
			}
			got := b.answered(t, time.Minute, request)
			if result := string(got.Result.Verdict) + " " + got.Result.Reason; result != tc.want {
				t.Errorf("got %s (%s), want %s", result, got.Result.Message, tc.want)
			}
			if strings.HasSuffix(tc.want, "NotInRepository") &&
				!strings.Contains(got.Result.Message, "a container runs a digest that its repository does not have") {
				t.Errorf("message %q", got.Result.Message)
			}
		})
	}
	// It costs one request more, and only where the registry does not have the image.
	c := newCosign(time.Minute)
	got := b.record(gone, func() { c.Verify(t.Context(), gone, exactly(t, release), b.root) })
	if diff := cmp.Diff([]string{"GET ping", "GET signatures", "GET referrers", "GET fallback", "GET image", "GET /v2/karmada/app/tags/list"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
