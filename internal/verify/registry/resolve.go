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
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Resolve returns the digest of what a tag names, by the content: what a registry says about the digest is not believed. A tag
// whose content had the same digest before costs one HEAD request, which registries do not count as a pull. Any other tag
// costs one GET, after a HEAD if its digest has changed or the registry does not answer HEAD as it would answer GET. The error is an
// *Error.
func (c *Client) Resolve(ctx context.Context, tag name.Tag) (v1.Hash, error) {
	if proved, ok := c.cache.proved(tag); ok {
		claimed, err := c.claimed(ctx, tag)
		if err != nil {
			return v1.Hash{}, err
		}
		if claimed == proved {
			return proved, nil
		}
	}
	manifest, err := c.fetch(ctx, tag)
	if err != nil {
		return v1.Hash{}, err
	}
	return hashOf(manifest.Content), nil
}

func hashOf(content []byte) v1.Hash {
	sum := sha256.Sum256(content)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}
