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
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestRequests counts what an examination costs the registry. Docker Hub counts each GET of a manifest as a pull.
func TestRequests(t *testing.T) {
	b := newBenchWith(t, true)
	first, second, unsigned := b.push("karmada/app", "1"), b.push("karmada/app", "2"), b.push("karmada/app", "3")
	for _, digest := range []name.Digest{first, second} {
		b.attach(digest, b.good(digest, release))
	}
	bundled := b.push("karmada/app", "4")
	b.bundle(bundled, b.envelope(bundled, release, sigstore.SignPredicate))
	c := newCosign(time.Minute)
	check := func(b *bench, what, reason string, image name.Digest, want []string) {
		t.Helper()
		got := b.record(image, func() {
			if got := c.Verify(t.Context(), image, exactly(t, release), b.root); got.Reason != reason {
				t.Errorf("%s: got %s (%s)", what, got.Reason, got.Message)
			}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", what, diff)
		}
		fmt.Printf("figure: requests_%s %d\n", strings.ReplaceAll(what, " ", "_"), len(got))
	}
	check(b, "first image", "Signed", first, []string{"GET ping", "GET signatures", "GET payload"})
	check(b, "second image", "Signed", second, []string{"GET signatures", "GET payload"})
	check(b, "known image", "Signed", second, []string{"HEAD signatures"})
	check(b, "unsigned image", "Unsigned", unsigned, []string{"GET signatures", "GET referrers", "GET image"})
	check(b, "bundle", "Signed", bundled, []string{"GET signatures", "GET referrers", "GET bundle", "GET payload"})
	check(b, "known bundle", "Signed", bundled, []string{"GET referrers"})
	entered := b.push("karmada/app", "5")
	b.bundle(entered, b.rekorV2(entered, release, sigstore.HashedRekordEntry))
	check(b, "rekor v2 bundle", "Signed", entered, []string{"GET signatures", "GET referrers", "GET bundle", "GET payload"})
	check(b, "known rekor v2 bundle", "Signed", entered, []string{"GET referrers"})

	old := newBench(t)
	crowded := old.push("karmada/app", "1")
	for i := range 100 {
		old.bundle(crowded, old.envelope(crowded, release, fmt.Sprintf("https://example.com/other/%d", i)))
	}
	old.bundle(crowded, old.envelope(crowded, release, sigstore.SignPredicate))
	old.annotate(crowded)
	check(old, "bundle among 100 attestations", "Signed", crowded,
		[]string{"GET ping", "GET signatures", "GET referrers", "GET fallback", "GET bundle", "GET payload"})

	resolved := b.record(first, func() {
		if _, failure := c.Resolve(t.Context(), first.Context().Tag("v1")); failure != nil {
			t.Error(failure.Message)
		}
	})
	if diff := cmp.Diff([]string{"GET image"}, resolved); diff != "" {
		t.Errorf("resolving: requests (-want +got):\n%s", diff)
	}
}

// TestFetchedOnce: what many rules ask about one digest at the same time is fetched once, where they may share answers.
func TestFetchedOnce(t *testing.T) {
	b := newBenchWith(t, true)
	c := newCosign(time.Minute)
	image := b.push("karmada/app", "app")
	b.attach(image, b.good(image, release))
	ctx := registry.WithMemo(t.Context(), registry.NewMemo())
	got := b.record(image, func() {
		var all sync.WaitGroup
		for i := range 50 {
			rule := like(t, v1alpha1.Regexp(fmt.Sprintf(`https://github\.com/karmada-io/.*|trust-%d`, i)))
			all.Go(func() { mustBe(ctx, t, c, image, rule, b.root, verified, "Signed") })
		}
		all.Wait()
	})
	if diff := cmp.Diff([]string{"GET ping", "GET signatures", "GET payload"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// annotate completes the list of referrers of an image as the OCI distribution-spec requires: with the annotations of
// each manifest, which go-containerregistry leaves out.
func (b *bench) annotate(image name.Digest) {
	b.t.Helper()
	tag := image.Context().Tag(strings.Replace(image.DigestStr(), ":", "-", 1))
	listed, err := remote.Index(tag)
	if err != nil {
		b.t.Fatal(err)
	}
	index, err := listed.IndexManifest()
	if err != nil {
		b.t.Fatal(err)
	}
	index = index.DeepCopy()
	for i := range index.Manifests {
		stored, err := remote.Get(image.Context().Digest(index.Manifests[i].Digest.String()))
		if err != nil {
			b.t.Fatal(err)
		}
		manifest, err := v1.ParseManifest(bytes.NewReader(stored.Manifest))
		if err != nil {
			b.t.Fatal(err)
		}
		index.Manifests[i].Annotations = manifest.Annotations
	}
	encoded, err := json.Marshal(index)
	if err != nil {
		b.t.Fatal(err)
	}
	b.upload(http.MethodPut, "/v2/"+tag.RepositoryStr()+"/manifests/"+tag.TagStr(), string(types.OCIImageIndex), encoded)
}

// record returns the requests that are made while a function runs.
func (b *bench) record(image name.Digest, run func()) []string {
	var mu sync.Mutex
	var seen []string
	b.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Method+" "+stageOf(r, image))
		return false
	})
	defer b.intercept(nil)
	run()
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(seen)
}

// stageOf names what a request to a registry is for, in the examination of an image.
func stageOf(r *http.Request, image name.Digest) string {
	switch path := r.URL.Path; {
	case path == "/v2/":
		return "ping"
	case path == "/token":
		return "token"
	case strings.HasSuffix(path, ".sig"):
		return "signatures"
	case strings.Contains(path, "/blobs/"):
		return "payload"
	case strings.Contains(path, "/referrers/"):
		return "referrers"
	case strings.HasSuffix(path, strings.Replace(image.DigestStr(), ":", "-", 1)):
		return "fallback"
	case strings.HasSuffix(path, image.DigestStr()), strings.HasSuffix(path, "/v1"):
		return "image"
	case strings.Contains(path, "/manifests/"):
		return "bundle"
	default:
		return path
	}
}
