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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
)

// TestRequests counts what an examination costs the registry. Docker Hub counts each GET of a manifest as a pull.
func TestRequests(t *testing.T) {
	b := newBench(t)
	first, second, unsigned := b.push("karmada/app", "1"), b.push("karmada/app", "2"), b.push("karmada/app", "3")
	for _, digest := range []name.Digest{first, second} {
		b.attach(digest, b.good(digest, release))
	}
	var mu sync.Mutex
	var seen []string
	b.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Method+" "+stageOf(r))
		return false
	})
	requests := func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { seen = nil }()
		return slices.Clone(seen)
	}

	c := newCosign(time.Minute)
	check := func(what, reason string, image name.Digest, want []string) {
		t.Helper()
		if got := c.Verify(t.Context(), image, exactly(t, release), b.root); got.Reason != reason {
			t.Errorf("%s: got %s (%s)", what, got.Reason, got.Message)
		}
		got := requests()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", what, diff)
		}
		fmt.Printf("figure: requests_%s %d\n", strings.ReplaceAll(what, " ", "_"), len(got))
	}
	check("first image", "Signed", first, []string{"GET ping", "GET signatures", "GET payload"})
	check("second image", "Signed", second, []string{"GET signatures", "GET payload"})
	check("unsigned image", "Unsigned", unsigned, []string{"GET signatures", "GET image"})

	if _, failure := c.Resolve(t.Context(), first.Context().Tag("v1")); failure != nil {
		t.Error(failure.Message)
	}
	if diff := cmp.Diff([]string{"HEAD image"}, requests()); diff != "" {
		t.Errorf("resolving: requests (-want +got):\n%s", diff)
	}
}

// stageOf names what a request to a registry is for.
func stageOf(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/v2/":
		return "ping"
	case path == "/token":
		return "token"
	case strings.HasSuffix(path, ".sig"):
		return "signatures"
	case strings.Contains(path, "/blobs/"):
		return "payload"
	case strings.Contains(path, "/manifests/"):
		return "image"
	default:
		return path
	}
}
