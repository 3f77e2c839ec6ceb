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

package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	// imagesPerTeam is the number of images of one trust, where there are many.
	imagesPerTeam = 5
	// pushers sign and push at the same time.
	pushers = 4
)

// signer signs all images.
var signer = sigstore.GitHubWorkflow("example/app", "release.yml", "refs/tags/v1.0.0", strings.Repeat("a", 40))

// image is one of the images that workloads use.
type image struct {
	// repository has the registry's host.
	repository, digest string
}

const tag = "v1.0.0"

func (i image) reference() string { return i.repository + ":" + tag }

// registryOf is a registry in this process, whose images are signed.
type signedRegistry struct {
	*httptest.Server
	sigstore *sigstore.Sigstore
	images   []image
}

func (r *signedRegistry) host() string { return strings.TrimPrefix(r.URL, "http://") }

// startRegistry starts a registry with n signed images.
func startRegistry(ctx context.Context, n int) (*signedRegistry, error) {
	s, err := sigstore.New()
	if err != nil {
		return nil, err
	}
	r := &signedRegistry{
		Server:   httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)))),
		sigstore: s, images: make([]image, n),
	}
	signer, err := s.Issue(signer)
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(pushers)
	for i := range r.images {
		group.Go(func() error { return r.push(ctx, signer, i) })
	}
	return r, group.Wait()
}

// push pushes the image with a number, and its signature.
func (r *signedRegistry) push(ctx context.Context, signer *sigstore.Signer, number int) error {
	repository := fmt.Sprintf("%s/team-%04d/app-%d", r.host(), number/imagesPerTeam, number%imagesPerTeam)
	digest, err := r.pushManifest(ctx, repository, number)
	if err != nil {
		return fmt.Errorf("pushing %s: %w", repository, err)
	}
	r.images[number] = image{repository: repository, digest: digest}
	reference, err := name.NewDigest(repository+"@"+digest, name.Insecure)
	if err != nil {
		return err
	}
	payload, err := sigstore.Payload(reference)
	if err != nil {
		return err
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		return err
	}
	if signature.Bundle, err = r.sigstore.Log(ctx, signature, time.Now()); err != nil {
		return err
	}
	return sigstore.Attach(ctx, reference, []sigstore.Signature{signature})
}

// pushManifest pushes the manifest of an image under its tag. Nobody pulls its layers, so that there are none.
func (r *signedRegistry) pushManifest(ctx context.Context, repository string, number int) (digest string, err error) {
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.DockerManifestSchema2,
		Config:      v1.Descriptor{MediaType: types.DockerConfigJSON, Size: 2, Digest: v1.Hash{Algorithm: "sha256", Hex: hash([]byte("{}"))}},
		Layers:      []v1.Descriptor{},
		Annotations: map[string]string{"number": fmt.Sprint(number)},
	})
	if err != nil {
		return "", err
	}
	url := r.URL + "/v2/" + strings.TrimPrefix(repository, r.host()+"/") + "/manifests/" + tag
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(string(manifest)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", string(types.DockerManifestSchema2))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("%s", response.Status)
	}
	return "sha256:" + hash(manifest), nil
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
