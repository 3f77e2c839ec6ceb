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
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// answered has a pool with the real verifier answer one request.
func (b *bench) answered(t *testing.T, timeout time.Duration, request pool.Request) pool.Answer {
	t.Helper()
	changed := make(chan string, 10)
	p := pool.New(newCosign(timeout), pool.Options{Workers: 1, OnChange: func(subscriber string) { changed <- subscriber }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Start(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	request.Root = b.root
	p.Answers("test", []pool.Request{request}, time.Time{})
	<-changed
	return p.Answers("test", []pool.Request{request}, time.Time{})[0]
}

// multi pushes an index of two platforms, signed or not.
func (b *bench) multi(t *testing.T, tag string, by *sigstore.Identity) (index name.Digest, platform name.Digest) {
	t.Helper()
	index, platforms, err := images.PushIndex(t.Context(), b.host+"/karmada/app:"+tag, t.Name()+tag)
	if err != nil {
		t.Fatal(err)
	}
	if by != nil {
		b.attach(index, b.good(index, *by))
	}
	return index, platforms[1]
}

func TestPlatformDigest(t *testing.T) {
	b := newBench(t)
	other := sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", commit)
	index, platform := b.multi(t, "signed", &release)
	bare, barePlatform := b.multi(t, "bare", nil)
	foreign, foreignPlatform := b.multi(t, "foreign", &other)
	nest := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: b.get(t, bare)})
	nested := b.write(t, "nested", nest)
	b.attach(nested, b.good(nested, release))
	single := b.push("karmada/app", "single")

	for what, tc := range map[string]struct {
		ref          name.Digest
		tag          string
		index, known *name.Digest
		requested    bool

		reason, byIndex, tagDigest string
	}{
		"running, by tag":                 {ref: platform, tag: "signed", reason: "Signed", byIndex: index.DigestStr(), tagDigest: platform.DigestStr()},
		"running, by digest":              {ref: platform, index: &index, reason: "Signed", byIndex: index.DigestStr()},
		"running, the tag has moved":      {ref: platform, tag: "bare", reason: "Unsigned", tagDigest: bare.DigestStr()},
		"running, moved but known":        {ref: platform, tag: "bare", known: &index, reason: "Signed", byIndex: index.DigestStr(), tagDigest: bare.DigestStr()},
		"running, the tag is gone":        {ref: platform, tag: "gone", reason: "Unsigned"},
		"running, nothing to go by":       {ref: platform, reason: "Unsigned"},
		"running, of an unsigned index":   {ref: barePlatform, tag: "bare", reason: "Unsigned", tagDigest: barePlatform.DigestStr()},
		"running, of another index":       {ref: foreignPlatform, index: &foreign, reason: "Unsigned"},
		"running, of a nested index":      {ref: barePlatform, tag: "nested", reason: "Signed", byIndex: nested.DigestStr(), tagDigest: barePlatform.DigestStr()},
		"running, the pin is an image":    {ref: platform, index: &single, reason: "Unsigned"},
		"running, the index itself":       {ref: index, tag: "signed", reason: "Signed", tagDigest: index.DigestStr()},
		"requested, of a signed index":    {ref: platform, tag: "signed", requested: true, reason: "PlatformDigestNotSigned", tagDigest: platform.DigestStr()},
		"requested, without a tag":        {ref: platform, requested: true, reason: "Unsigned"},
		"requested, of an unsigned index": {ref: barePlatform, tag: "bare", requested: true, reason: "Unsigned", tagDigest: barePlatform.DigestStr()},
		"requested, index under its tag":  {ref: index, tag: "signed", requested: true, reason: "Signed", tagDigest: index.DigestStr()},
		"requested, index of another tag": {ref: index, tag: "bare", requested: true, reason: "Signed", tagDigest: bare.DigestStr()},
		"running, signed, of another tag": {ref: index, tag: "bare", reason: "Signed", tagDigest: bare.DigestStr()},
	} {
		t.Run(what, func(t *testing.T) {
			request := pool.Request{Ref: tc.ref, Index: tc.index, KnownIndex: tc.known, Running: !tc.requested, Rule: exactly(t, release)}
			if tc.tag != "" {
				request.Tag = new(tc.ref.Context().Tag(tc.tag))
			}
			got := b.answered(t, time.Minute, request)
			if got.Result.Reason != tc.reason || got.IndexDigest != tc.byIndex || got.TagDigest != tc.tagDigest || got.Digest != tc.ref.DigestStr() {
				t.Errorf("got %+v\nwant %s, trusted through index %q, the tag naming %q", got, tc.reason, tc.byIndex, tc.tagDigest)
			}
			if tc.reason == "PlatformDigestNotSigned" && !strings.Contains(got.Result.Message, "Pin to "+index.DigestStr()) {
				t.Errorf("message %q does not say what to pin to", got.Result.Message)
			}
		})
	}
}

func (b *bench) get(t *testing.T, digest name.Digest) v1.ImageIndex {
	t.Helper()
	index, err := remote.Index(digest)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func (b *bench) write(t *testing.T, tag string, index v1.ImageIndex) name.Digest {
	t.Helper()
	ref, err := name.NewTag(b.host + "/karmada/app:" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	hash, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Context().Digest(hash.String())
}

// TestPlatformDigestFaults has the index, or the look-up of its tag, fail: what runs is Unknown then, since the index
// may be signed.
func TestPlatformDigestFaults(t *testing.T) {
	for name, fault := range faults {
		if name == "404" {
			continue // what the registry does not have is not evidence of anything
		}
		for _, stage := range []string{http.MethodHead, http.MethodGet} {
			t.Run(stage+" "+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				index, platform := b.multi(t, "v1", &release)
				b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
					hit := strings.HasSuffix(r.URL.Path, "/manifests/"+index.DigestStr())
					if stage == http.MethodHead {
						hit = strings.HasSuffix(r.URL.Path, "/manifests/v1")
					}
					if hit {
						fault.answer(w, r)
					}
					return hit
				})
				got := b.answered(t, 2*time.Second, pool.Request{
					Ref: platform, Tag: new(platform.Context().Tag("v1")), Running: true, Rule: exactly(t, release),
				})
				if got.Result.Verdict != unknown {
					t.Errorf("got %+v, want it to be Unknown", got.Result)
				}
			})
		}
	}
}

// TestBoundedIndexes has a registry nest indexes without end, and list without end.
func TestBoundedIndexes(t *testing.T) {
	b := newBench(t)
	image, err := v1.NewHash("sha256:" + strings.Repeat("a", 64))
	if err != nil {
		t.Fatal(err)
	}
	deep := b.write(t, "deep-0", empty.Index)
	for i := range 50 {
		deep = b.write(t, fmt.Sprintf("deep-%d", i+1),
			mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: b.get(t, deep)}))
	}
	wide := b.write(t, "wide", wideIndex(t))
	c := newCosign(time.Minute)
	for what, index := range map[string]name.Digest{"deep": deep, "wide": wide} {
		holds, failure := c.Holds(t.Context(), index, image)
		if holds || failure == nil || failure.Reason != v1alpha1.RegistryResponseInvalidReason {
			t.Errorf("%s: got %t and %+v, want it to be Unknown", what, holds, failure)
		}
	}
}

// wideIndex lists more manifests than real indexes do, all of them one that the registry has.
func wideIndex(t *testing.T) v1.ImageIndex {
	t.Helper()
	entries := make([]mutate.IndexAddendum, 5000)
	for i := range entries {
		entries[i] = mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Annotations: map[string]string{"n": fmt.Sprint(i)}}}
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), entries...)
}

// TestPlatformDigestRequests counts what a running platform digest costs.
func TestPlatformDigestRequests(t *testing.T) {
	b := newBench(t)
	_, platform := b.multi(t, "v1", &release)
	var mu sync.Mutex
	requests := 0
	b.intercept(func(http.ResponseWriter, *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		requests++
		return false
	})
	b.answered(t, time.Minute, pool.Request{
		Ref: platform, Tag: new(platform.Context().Tag("v1")), Running: true, Rule: exactly(t, release),
	})
	fmt.Printf("figure: requests_platform_digest %d\n", requests)
	// The ping, four for no signature of its own where there is no referrers API, the tag, the index, and its signature in two.
	const most = 9
	if requests > most {
		t.Errorf("%d requests, want at most %d", requests, most)
	}
}
