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

package registry

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// Referrers is the list of manifests that refer to an image.
type Referrers struct {
	Manifests []v1.Descriptor
	// More reports whether the registry has more on another page. Like by cosign and policy-controller, it is not read.
	More bool
}

// Referrers lists the manifests that refer to an image (OCI distribution-spec v1.1, "Listing Referrers"). If the registry
// does not have the API, the list is that of the fallback tag. The error is an *Error.
func (c *Client) Referrers(ctx context.Context, image name.Digest) (Referrers, error) {
	host := displayHost(image.Context().RegistryStr())
	got, err := c.ask(ctx, image.Context(), question{
		method: http.MethodGet, path: referrersEndpoint + "/" + image.DigestStr(), accept: string(types.OCIImageIndex),
		limit: maxManifest, expected: firstRead,
		// The specification requires 404 of a registry without the API; older registries respond with the others.
		absent: []int{http.StatusBadRequest, http.StatusNotAcceptable},
	})
	var failure *Error
	switch {
	case errors.As(err, &failure) && failure.Kind == NotFound:
		return c.taggedReferrers(ctx, image)
	case err != nil:
		return Referrers{}, err
	}
	if kind, _, err := mime.ParseMediaType(got.header.Get("Content-Type")); err != nil || types.MediaType(kind) != types.OCIImageIndex {
		return Referrers{}, c.failed(ctx, image, invalidResponse(host, "answers with something that is not a list of referrers", err))
	}
	listed, err := parseReferrers(host, got.content)
	if err != nil {
		return Referrers{}, c.failed(ctx, image, err)
	}
	listed.More = hasNext(got.header)
	return listed, nil
}

func parseReferrers(host string, content []byte) (Referrers, error) {
	var index v1.IndexManifest
	if err := bounds.Unmarshal(content, bounds.Manifest(), &index); err != nil || index.SchemaVersion != 2 {
		return Referrers{}, invalidResponse(host, "answers with a list of referrers that cannot be read", err)
	}
	return Referrers{Manifests: index.Manifests}, nil
}

// taggedReferrers reads the list under the fallback tag (OCI distribution-spec v1.1, "Referrers Tag Schema"). Without the
// tag there are no referrers.
func (c *Client) taggedReferrers(ctx context.Context, image name.Digest) (Referrers, error) {
	stored, err := c.Manifest(ctx, image.Context().Tag(strings.Replace(image.DigestStr(), ":", "-", 1)))
	var failure *Error
	switch {
	case errors.As(err, &failure) && failure.Kind == NotFound:
		return Referrers{}, nil
	case err != nil:
		return Referrers{}, err
	}
	host := displayHost(image.Context().RegistryStr())
	if stored.MediaType != types.OCIImageIndex {
		return Referrers{}, invalidResponse(host, "has something that is not a list of referrers under the tag for it", nil)
	}
	return parseReferrers(host, stored.Content)
}
