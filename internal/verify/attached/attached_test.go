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

package attached_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/verify/attached"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// counting is a registry that counts the requests, and may fail.
type counting struct {
	host     string
	requests atomic.Int64
	failing  atomic.Bool
}

func start(t *testing.T, referrers bool) *counting {
	t.Helper()
	c := &counting{}
	next := ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)), ggcrregistry.WithReferrersSupport(referrers))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		if c.failing.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.host = strings.TrimPrefix(server.URL, "http://")
	return c
}

// image makes an image with layers of these contents.
func image(t *testing.T, mediaType types.MediaType, contents ...string) v1.Image {
	t.Helper()
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	for _, content := range contents {
		var err error
		if made, err = mutate.Append(made, mutate.Addendum{Layer: static.NewLayer([]byte(content), mediaType), MediaType: mediaType}); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

func push(t *testing.T, ref string, made v1.Image) name.Digest {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(parsed, made); err != nil {
		t.Fatal(err)
	}
	return parsed.Context().Digest(digest.String())
}

// refer pushes an artifact that refers to an image.
func refer(t *testing.T, to name.Digest, made v1.Image, config types.MediaType) {
	t.Helper()
	desc, err := remote.Head(to)
	if err != nil {
		t.Fatal(err)
	}
	referring, ok := mutate.Subject(mutate.ConfigMediaType(made, config), *desc).(v1.Image)
	if !ok {
		t.Fatal("not an image")
	}
	digest, err := referring.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to.Context().Digest(digest.String()), referring); err != nil {
		t.Fatal(err)
	}
}

func (c *counting) client() *registry.Client { return registry.New(registry.WithInsecure(c.host)) }

// ask returns the answers to questions, and why some are not known.
func ask(t *testing.T, reader *attached.Reader, questions ...requests.Question) (answers []requests.Answer, unknown []string) {
	t.Helper()
	reader.Predict(t.Context(), func(know requests.Knowledge) {
		answers, unknown = nil, nil
		for _, q := range questions {
			answer, why := know(q)
			answers, unknown = append(answers, answer), append(unknown, why)
		}
	})
	return answers, unknown
}

const bundle = types.MediaType("application/vnd.dev.sigstore.bundle.v0.3+json")

func TestAnswers(t *testing.T) {
	for what, referrers := range map[string]bool{"with a list of referrers": true, "with the fallback tag": false} {
		t.Run(what, func(t *testing.T) {
			c := start(t, referrers)
			to := push(t, c.host+"/team/app:v1", image(t, types.OCILayer, "content"))
			tag := c.host + "/team/app:" + strings.Replace(to.DigestStr(), ":", "-", 1)
			push(t, tag+".sig", image(t, "application/vnd.dev.cosign.simplesigning.v1+json", "one", "two", "three"))
			refer(t, to, image(t, bundle, "bundle"), bundle)
			refer(t, to, image(t, bundle, "a bundle without a type"), "application/vnd.oci.empty.v1+json")
			refer(t, to, image(t, "application/spdx+json", "bill of materials"), "application/spdx+json")

			client := c.client()
			reader := attached.New(client, 2)
			questions := []requests.Question{
				{Kind: requests.Challenge, Of: c.host}, {Kind: requests.Signatures, Of: to.Name()},
				{Kind: requests.Attestations, Of: to.Name()}, {Kind: requests.Bundles, Of: to.Name()},
				{Kind: requests.Challenge, Of: "other.example"},
			}
			answers, unknown := ask(t, reader, questions...)
			want := []requests.Answer{{}, {Layers: 3}, {}, {Referrers: 3, Bundles: 2, Tagged: !referrers}, {}}
			for i, why := range unknown {
				if answers[i] != want[i] || (why != "") != (i == 4) {
					t.Errorf("to %+v: %+v %q, want %+v", questions[i], answers[i], why, want[i])
				}
			}
			before := c.requests.Load()
			if _, _ = ask(t, reader, questions...); c.requests.Load() != before {
				t.Error("the registry is asked again for what is known")
			}
		})
	}
}

// TestKnownFromVerification: the manifest of the signatures, which verification has fetched, is not fetched again.
func TestKnownFromVerification(t *testing.T) {
	c := start(t, true)
	to := push(t, c.host+"/team/app:v1", image(t, types.OCILayer, "content"))
	tag := to.Context().Tag(strings.Replace(to.DigestStr(), ":", "-", 1) + ".sig")
	push(t, tag.Name(), image(t, "text/plain", "one"))
	client := c.client()
	if _, err := client.Manifest(t.Context(), tag); err != nil {
		t.Fatal(err)
	}
	before := c.requests.Load()
	answers, unknown := ask(t, attached.New(client, 1), requests.Question{Kind: requests.Signatures, Of: to.Name()})
	if answers[0].Layers != 1 || unknown[0] != "" || c.requests.Load() != before {
		t.Errorf("got %+v %q with %d requests", answers, unknown, c.requests.Load()-before)
	}
}

// TestFailingRegistry: a registry that fails is asked once, and nothing is known of it.
func TestFailingRegistry(t *testing.T) {
	c := start(t, true)
	to := push(t, c.host+"/team/app:v1", image(t, types.OCILayer, "content"))
	c.failing.Store(true)
	before := c.requests.Load()
	_, unknown := ask(t, attached.New(c.client(), 1),
		requests.Question{Kind: requests.Signatures, Of: to.Name()}, requests.Question{Kind: requests.Bundles, Of: to.Name()},
		requests.Question{Kind: requests.Challenge, Of: c.host})
	for i, why := range unknown {
		if why == "" {
			t.Errorf("answer %d is known", i)
		}
	}
	if got := c.requests.Load() - before; got > 2 {
		t.Errorf("%d requests to a registry that fails", got)
	}
}
