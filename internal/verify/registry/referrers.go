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
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
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

// errNoReferrersAPI reports that a registry does not have the API.
var errNoReferrersAPI = errors.New("no referrers API")

// Referrers lists the manifests that refer to an image (OCI distribution-spec v1.1, "Listing Referrers"). If the registry
// does not have the API, the list is that of the fallback tag. The error is an *Error.
func (c *Client) Referrers(ctx context.Context, image name.Digest) (Referrers, error) {
	session, err := c.session(ctx, image.Context())
	if err != nil {
		return Referrers{}, err
	}
	listed, err := requestReferrers(ctx, image, session)
	if errors.Is(err, errNoReferrersAPI) {
		return c.taggedReferrers(ctx, image)
	}
	if err != nil {
		return Referrers{}, c.failed(ctx, image, err)
	}
	return listed, nil
}

func requestReferrers(ctx context.Context, image name.Digest, session http.RoundTripper) (Referrers, error) {
	host := displayHost(image.Context().RegistryStr())
	address := url.URL{
		Scheme: image.Context().Scheme(), Host: image.Context().RegistryStr(),
		Path: fmt.Sprintf("/v2/%s/%s/%s", image.Context().RepositoryStr(), referrersEndpoint, image.DigestStr()),
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return Referrers{}, invalidResponse(host, "has no valid URL for referrers", err)
	}
	req.Header.Set("Accept", string(types.OCIImageIndex))
	client := http.Client{Transport: session}
	resp, err := client.Do(req)
	if err != nil {
		return Referrers{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusBadRequest, http.StatusNotAcceptable:
		// The specification requires the first; older registries respond with the others.
		return Referrers{}, errNoReferrersAPI
	default:
		return Referrers{}, statusError(host, resp.StatusCode, nil)
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return Referrers{}, err
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || types.MediaType(kind) != types.OCIImageIndex {
		return Referrers{}, invalidResponse(host, "answers with something that is not a list of referrers", err)
	}
	listed, err := parseReferrers(host, content)
	listed.More = strings.Contains(resp.Header.Get("Link"), `rel="next"`)
	return listed, err
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
