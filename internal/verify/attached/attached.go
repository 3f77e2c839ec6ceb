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

// Package attached tells what registries have attached to images, for the prediction of policy-controller's requests.
package attached

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	// maxLayers is the number of signatures or attestations that cosign reads; it reads none of more (cosign v2.5.0
	// pkg/oci/remote/signatures.go).
	maxLayers = 1000
	// maxLayer is the size of the largest one that it reads, in bytes (internal/pkg/cosign/payload/size).
	maxLayer = 128 << 20
	// bundleType begins the artifact type of a Sigstore bundle.
	bundleType = "application/vnd.dev.sigstore.bundle"
)

// Reader answers the questions of a prediction. It asks registries only about what verification has just asked them, and most of it
// is known from that: the manifests of signatures are cached, and a list of referrers costs one request.
type Reader struct {
	client  *registry.Client
	workers int

	mu      sync.Mutex
	known   map[requests.Question]known
	failing map[string]string // why a registry is not asked again, by its host
}

// known is an answer, or why there is none.
type known struct {
	answer  requests.Answer
	unknown string
}

// New returns a reader that shares a client with the verification.
func New(client *registry.Client, workers int) *Reader {
	return &Reader{client: client, workers: workers, known: map[requests.Question]known{}, failing: map[string]string{}}
}

// Predict calls a function that predicts until all of its questions have answers: the last call gets those to all of them.
func (r *Reader) Predict(ctx context.Context, predict func(requests.Knowledge)) {
	var open []requests.Question
	asked := map[requests.Question]bool{}
	predict(func(q requests.Question) (requests.Answer, string) {
		if one, ok := r.known[q]; ok {
			return one.answer, one.unknown
		}
		if !asked[q] {
			asked[q] = true
			open = append(open, q)
		}
		return requests.Answer{}, "it is not known yet"
	})
	if len(open) == 0 {
		return
	}
	r.read(ctx, open)
	predict(func(q requests.Question) (requests.Answer, string) {
		if one, ok := r.known[q]; ok {
			return one.answer, one.unknown
		}
		return requests.Answer{}, "what the registry has of " + q.Of + " is not known"
	})
}

// read answers questions, a few at a time. Those about challenges come last: the others may make them known.
func (r *Reader) read(ctx context.Context, questions []requests.Question) {
	limit := make(chan struct{}, max(1, r.workers))
	var running sync.WaitGroup
	for _, q := range questions {
		if q.Kind == requests.Challenge {
			continue
		}
		limit <- struct{}{}
		running.Go(func() {
			defer func() { <-limit }()
			answered := r.attached(ctx, q)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.known[q] = answered
		})
	}
	running.Wait()
	for _, q := range questions {
		if q.Kind == requests.Challenge {
			r.known[q] = r.challenge(q.Of)
		}
	}
}

// challenge answers whether a registry wants a token. One that was not asked, because no policy covers an image in it, is not asked
// here either: anybody may have named it.
func (r *Reader) challenge(host string) known {
	wanted, asked := r.client.WantsToken(host)
	if !asked {
		return known{unknown: "whether " + host + " wants tokens is not known: no policy covers an image in it"}
	}
	return known{answer: requests.Answer{Token: wanted}}
}

// attached answers a question about an image. A registry that has failed is not asked again.
func (r *Reader) attached(ctx context.Context, q requests.Question) known {
	image, err := name.NewDigest(q.Of)
	if err != nil {
		return known{unknown: q.Of + " is not an image by digest"}
	}
	host := image.Context().RegistryStr()
	r.mu.Lock()
	why := r.failing[host]
	r.mu.Unlock()
	if why != "" {
		return known{unknown: why}
	}
	var answer requests.Answer
	switch q.Kind {
	case requests.Signatures:
		answer.Layers, err = r.layers(ctx, tagOf(image, ".sig"))
	case requests.Attestations:
		answer.Layers, err = r.layers(ctx, tagOf(image, ".att"))
	default:
		answer, err = r.bundles(ctx, image)
	}
	if err == nil {
		return known{answer: answer}
	}
	if failure, ok := errors.AsType[*registry.Error](err); ok && failure.Kind != registry.InvalidResponse {
		r.mu.Lock()
		r.failing[host] = err.Error()
		r.mu.Unlock()
	}
	return known{unknown: err.Error()}
}

// tagOf returns the tag under which cosign stores something about an image.
func tagOf(image name.Digest, suffix string) name.Tag {
	return image.Context().Tag(strings.Replace(image.DigestStr(), ":", "-", 1) + suffix)
}

var (
	errIndex    = errors.New("what is stored as signatures is not a manifest")
	errManifest = errors.New("a manifest of what is attached to an image cannot be read")
	errRefused  = errors.New("the registry refuses to list what refers to an image")
)

// layers returns the number of layers that are read of the manifest under a tag; none if there is no such tag.
func (r *Reader) layers(ctx context.Context, tag name.Tag) (int, error) {
	stored, ok := r.client.Known(tag)
	if !ok {
		var err error
		stored, err = r.client.Manifest(ctx, tag)
		if failure, isFailure := errors.AsType[*registry.Error](err); isFailure && failure.Kind == registry.NotFound {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
	}
	manifest, err := parse(stored)
	if err != nil || len(manifest.Layers) > maxLayers {
		return 0, err
	}
	read := 0
	for i := range manifest.Layers {
		if layer := &manifest.Layers[i]; layer.Size <= maxLayer && layer.Data == nil {
			read++
		}
	}
	return read, nil
}

func parse(stored registry.Manifest) (*v1.Manifest, error) {
	if !stored.MediaType.IsImage() {
		return nil, errIndex
	}
	manifest := &v1.Manifest{}
	if err := bounds.Unmarshal(stored.Content, bounds.Manifest(), manifest); err != nil {
		return nil, errManifest
	}
	return manifest, nil
}

// bundles counts what refers to an image, and the bundles among it. cosign reads every manifest, and its layer if that is the only one
// and a bundle (pkg/oci/remote/signatures.go, Bundle). Here the artifact type tells, where there is one that does.
func (r *Reader) bundles(ctx context.Context, image name.Digest) (requests.Answer, error) {
	listed, err := r.client.Referrers(ctx, image)
	if err != nil {
		return requests.Answer{}, err
	}
	if listed.Refused || listed.Hidden != nil {
		return requests.Answer{}, errRefused
	}
	answer := requests.Answer{Referrers: len(listed.Manifests), Tagged: listed.Tagged}
	for i := range listed.Manifests {
		bundle, err := r.isBundle(ctx, image.Context(), &listed.Manifests[i])
		if err != nil {
			return requests.Answer{}, err
		}
		if bundle {
			answer.Bundles++
		}
	}
	return answer, nil
}

// isBundle reports whether a manifest is that of a bundle. A registry lists the type of the configuration where there is no artifact
// type, and that of a bundle is empty.
func (r *Reader) isBundle(ctx context.Context, in name.Repository, listed *v1.Descriptor) (bool, error) {
	switch listed.ArtifactType {
	case "", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json":
	default:
		return strings.HasPrefix(listed.ArtifactType, bundleType), nil
	}
	stored, err := r.client.ManifestByDigest(ctx, in.Digest(listed.Digest.String()))
	if err != nil {
		return false, err
	}
	manifest, err := parse(stored)
	if err != nil {
		return false, err
	}
	return len(manifest.Layers) == 1 && strings.HasPrefix(string(manifest.Layers[0].MediaType), bundleType), nil
}
