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
	"slices"
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
	// Tagged reports whether the registry has no list of its own, so that they are those of the fallback tag.
	Tagged bool
	// Refused reports whether the registry refuses to list them, and they are those of the fallback tag. cosign and
	// policy-controller fail then, and do not look at the tag (go-containerregistry pkg/v1/remote/referrers.go).
	Refused bool
	// Hidden is why the list of the registry may have more than that of the fallback tag, which was read instead. It is nil if the
	// list is complete: what is accepted counts, but that nothing is accepted is not known.
	Hidden *Error
}

// Referrers lists the manifests that refer to an image (OCI distribution-spec v1.1, "Listing Referrers"). If the registry
// does not have the API, or refuses to answer, the list is that of the fallback tag. The error is an *Error.
func (c *Client) Referrers(ctx context.Context, image name.Digest) (Referrers, error) {
	return remembered(ctx, c, image.Context(), "referrers\x00"+image.Name(), func(ctx context.Context) (Referrers, error) {
		return c.referrers(ctx, image)
	})
}

func (c *Client) referrers(ctx context.Context, image name.Digest) (Referrers, error) {
	host := displayHost(image.Context().RegistryStr())
	got, err := c.ask(ctx, image.Context(), question{
		method: http.MethodGet, path: referrersEndpoint + "/" + image.DigestStr(), accept: string(types.OCIImageIndex),
		limit: maxManifest, expected: firstRead,
		// The specification requires 404 of a registry without the API; older registries respond with the others.
		absent: []int{http.StatusBadRequest, http.StatusNotAcceptable},
	})
	failure, failed := errors.AsType[*Error](err)
	switch {
	case failed && failure.Kind == NotFound:
		listed, _, err := c.TaggedReferrers(ctx, image)
		listed.Tagged = true
		return listed, err
	case failed && failure.answered && slices.Contains(refusals(), failure.status):
		return c.refusedReferrers(ctx, image, failure)
	case err != nil:
		return Referrers{}, err
	}
	if kind, _, err := mime.ParseMediaType(got.header.Get("Content-Type")); err != nil || types.MediaType(kind) != types.OCIImageIndex {
		// There are web servers that answer everything with a page.
		const page = "answers with something that is not a list of referrers"
		if listed, found, err := c.TaggedReferrers(ctx, image); err == nil && found {
			listed.Hidden = invalidResponse(host, page+insteadOfList(image), nil)
			return listed, nil
		}
		return Referrers{}, c.failed(ctx, image, invalidResponse(host, page, err))
	}
	listed, err := parseReferrers(host, got.content)
	if err != nil {
		return Referrers{}, c.failed(ctx, image, err)
	}
	listed.More = hasNext(got.header)
	return listed, nil
}

// refusals are the statuses of registries, and of proxies before them, that may have no list of referrers.
func refusals() []int {
	return []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented}
}

// refusedReferrers returns the list under the fallback tag after the registry refused the one of its API. Without the tag there
// are no referrers if the registry has no API; what it hides may exist.
func (c *Client) refusedReferrers(ctx context.Context, image name.Digest, refusal *Error) (Referrers, error) {
	listed, found, err := c.TaggedReferrers(ctx, image)
	failure, failed := errors.AsType[*Error](err)
	switch {
	case found:
		listed.Refused = true
		if refusal.Kind == Unauthorized {
			hidden := *refusal
			hidden.Detail = "answers " + refusal.Status() + " to the list of what refers to the image" + insteadOfList(image)
			listed.Hidden = &hidden
		}
		return listed, nil
	case failed && failure.Kind != Unauthorized:
		return Referrers{}, failure
	case refusal.Kind != Unauthorized && !failed:
		return Referrers{}, nil
	}
	hidden := *refusal
	hidden.Detail = "answers " + refusal.Status() + " to the list of what refers to the image, and has no tag " + fallbackTag(image) +
		" that can be read instead, so that it is not known whether there is a Sigstore bundle"
	return Referrers{}, &hidden
}

// insteadOfList ends the message of a failure after which the fallback tag was read.
func insteadOfList(image name.Digest) string {
	return "; what the tag " + fallbackTag(image) + " lists instead is not accepted, and may not be all"
}

func parseReferrers(host string, content []byte) (Referrers, error) {
	var index v1.IndexManifest
	if err := bounds.Unmarshal(content, bounds.Manifest(), &index); err != nil || index.SchemaVersion != 2 {
		return Referrers{}, invalidResponse(host, "answers with a list of referrers that cannot be read", err)
	}
	return Referrers{Manifests: index.Manifests}, nil
}

// fallbackTag is the tag of the list of what refers to an image (OCI distribution-spec v1.1, "Referrers Tag Schema").
func fallbackTag(image name.Digest) string { return strings.Replace(image.DigestStr(), ":", "-", 1) }

// TaggedReferrers reads the list under the fallback tag, and reports whether there is one. Without the tag there are no referrers
// in a registry that has no list of its own. The error is an *Error.
func (c *Client) TaggedReferrers(ctx context.Context, image name.Digest) (listed Referrers, found bool, err error) {
	stored, err := c.Manifest(ctx, image.Context().Tag(fallbackTag(image)))
	if failure, ok := errors.AsType[*Error](err); ok && failure.Kind == NotFound {
		return Referrers{}, false, nil
	}
	if err != nil {
		return Referrers{}, false, err
	}
	host := displayHost(image.Context().RegistryStr())
	if stored.MediaType != types.OCIImageIndex {
		return Referrers{}, false, invalidResponse(host, "has something that is not a list of referrers under the tag for it", nil)
	}
	listed, err = parseReferrers(host, stored.Content)
	return listed, err == nil, err
}
