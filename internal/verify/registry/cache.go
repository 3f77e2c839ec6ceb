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
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"k8s.io/utils/lru"
)

const (
	// MaxCachedSize bounds each manifest and each blob that is cached by its digest, in bytes. Signatures are small and immutable.
	MaxCachedSize = 16 << 10
	// maxCached is the number of manifests and blobs that are cached, and maxCachedBytes bounds all of them, in bytes.
	maxCached      = 4096
	maxCachedBytes = 16 << 20
	// maxTags is the number of tags whose latest digest is cached.
	maxTags = 16384
)

// cache holds content by its verified digest, and the latest digests of tags. A tag is always resolved again, but with a HEAD
// request, which registries do not count as a pull.
type cache struct {
	content *lru.Cache // of Manifest, by NAME@DIGEST; blobs have no media type
	tags    *lru.Cache // of digests, by NAME:TAG

	mu   sync.Mutex // for size, and for what adds content
	size int        // of the keys and the content, in bytes
}

func newCache() *cache {
	c := &cache{tags: lru.New(maxTags)}
	c.content = lru.NewWithEvictionFunc(maxCached, func(key lru.Key, value any) {
		c.size -= sizeOf(key, value)
	})
	return c
}

func sizeOf(key lru.Key, value any) int {
	ref, _ := key.(string)
	content, _ := value.(Manifest)
	return len(ref) + len(content.Content)
}

func (c *cache) get(ref name.Digest) (Manifest, bool) {
	known, _ := c.content.Get(ref.Name())
	content, ok := known.(Manifest)
	return content, ok
}

func (c *cache) put(ref name.Digest, content Manifest) {
	if len(content.Content) > MaxCachedSize {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.get(ref); ok {
		return // a digest has one content
	}
	c.size += sizeOf(ref.Name(), content)
	c.content.Add(ref.Name(), content)
	for c.size > maxCachedBytes {
		c.content.RemoveOldest()
	}
}

// remember caches what a registry returned for a reference.
func (c *cache) remember(ref name.Reference, content Manifest) {
	digest := hashOf(content.Content).String()
	c.put(ref.Context().Digest(digest), content)
	if tag, ok := ref.(name.Tag); ok {
		c.tags.Add(tag.Name(), digest)
	}
}

// forget forgets what a tag named that is gone: whether it is there again is asked with one request.
func (c *cache) forget(ref name.Reference) {
	if tag, ok := ref.(name.Tag); ok {
		c.tags.Remove(tag.Name())
	}
}

// proved returns the digest of the content that a tag named most recently.
func (c *cache) proved(tag name.Tag) (v1.Hash, bool) {
	known, _ := c.tags.Get(tag.Name())
	digest, _ := known.(string)
	hash, err := v1.NewHash(digest)
	return hash, err == nil
}

// lookup returns the latest digest of a reference, if its content is cached.
func (c *cache) lookup(ref name.Reference) (digest string, known bool) {
	if pinned, ok := ref.(name.Digest); ok {
		digest = pinned.DigestStr()
	} else {
		named, _ := c.tags.Get(ref.Name())
		if digest, ok = named.(string); !ok {
			return "", false
		}
	}
	_, known = c.get(ref.Context().Digest(digest))
	return digest, known
}
