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
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxTagList is how much of a list of tags is read, in bytes. The first tag is all that matters.
const maxTagList = 64 << 10

// HasTags reports whether a repository exists, can be read and has a tag, with one request (OCI distribution-spec v1.1,
// "Listing Tags"). False means that this is not certain: registries answer the same for a repository that does not exist and
// for one that they hide. The error is an *Error.
func (c *Client) HasTags(ctx context.Context, repository name.Repository) (bool, error) {
	return remembered(ctx, c, repository, "tags\x00"+repository.Name(), func(ctx context.Context) (bool, error) {
		return c.hasTags(ctx, repository)
	})
}

func (c *Client) hasTags(ctx context.Context, repository name.Repository) (bool, error) {
	got, err := c.ask(ctx, repository, question{
		method: http.MethodGet, path: "tags/list", query: url.Values{"n": {"1"}}, accept: "application/json",
		limit: maxTagList, expected: maxTagList, prefix: true,
	})
	if failure, ok := errors.AsType[*Error](err); ok && failure.Kind == NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return firstTag(bytes.NewReader(got.content)), nil
}

// firstTag reports whether a list of tags has at least one. It reads no further than that.
func firstTag(list io.Reader) bool {
	decoder := json.NewDecoder(list)
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return false
	}
	for {
		key, err := decoder.Token()
		if err != nil {
			return false
		}
		if key != "tags" {
			var skipped json.RawMessage
			if decoder.Decode(&skipped) != nil {
				return false
			}
			continue
		}
		if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
			return false
		}
		tag, err := decoder.Token()
		text, ok := tag.(string)
		return err == nil && ok && text != ""
	}
}
