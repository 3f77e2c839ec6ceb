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

package verify

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// maxIndexes bounds the indexes that are searched for the digest of a platform, including nested ones. Real images have
	// one, or two or three that are nested.
	maxIndexes = 16
	// maxIndexEntries bounds the entries of an index that are searched.
	maxIndexEntries = 1000
)

// Holds reports whether an index, or one nested in it, lists the digest of an image. The Result is nil if that is certain,
// and says why it is Unknown otherwise. An index that the registry does not have holds nothing.
func (c *Cosign) Holds(ctx context.Context, index name.Digest, image v1.Hash) (holds bool, failure *Result) {
	defer func() {
		if r := recover(); r != nil {
			result := panicked(ctx, r)
			holds, failure = false, &result
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	seen := map[string]bool{index.DigestStr(): true}
	for queue := []name.Digest{index}; len(queue) > 0; queue = queue[1:] {
		entries, failure := c.entries(ctx, queue[0])
		if failure != nil {
			return false, failure
		}
		for _, entry := range entries {
			if entry.Digest == image {
				return true, nil
			}
			digest := entry.Digest.String()
			if !entry.MediaType.IsIndex() || seen[digest] {
				continue
			}
			if len(seen) == maxIndexes {
				result := unknown(v1alpha1.RegistryResponseInvalidReason, policy.DisplayName(index)+" nests more indexes than are searched")
				return false, &result
			}
			seen[digest] = true
			queue = append(queue, index.Context().Digest(digest))
		}
	}
	return false, nil
}

// entries returns the entries of an index; other manifests have none.
func (c *Cosign) entries(ctx context.Context, index name.Digest) ([]v1.Descriptor, *Result) {
	manifest, err := c.registry.Manifest(ctx, index)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		result := registryFailure(err)
		return nil, &result
	}
	if !manifest.MediaType.IsIndex() {
		return nil, nil
	}
	var parsed v1.IndexManifest
	if err := bounds.Unmarshal(manifest.Content, bounds.Manifest(), &parsed); err != nil {
		result := unknown(v1alpha1.RegistryResponseInvalidReason,
			policy.DisplayName(index)+" is a malformed index"+exceeded(err))
		return nil, &result
	}
	if len(parsed.Manifests) > maxIndexEntries {
		result := unknown(v1alpha1.RegistryResponseInvalidReason, policy.DisplayName(index)+" has more entries than are searched")
		return nil, &result
	}
	return parsed.Manifests, nil
}
