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
	"fmt"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// TestCacheIsBoundedInBytes: many contents of the greatest size that is cached take no more than all may take.
func TestCacheIsBoundedInBytes(t *testing.T) {
	c := newCache()
	repository, err := name.NewRepository("registry.test/app")
	if err != nil {
		t.Fatal(err)
	}
	digest := func(i int) name.Digest { return repository.Digest(fmt.Sprintf("sha256:%064x", i)) }
	large := Manifest{Content: bytes.Repeat([]byte("x"), MaxCachedSize)}
	for i := range maxCached {
		c.put(digest(i), large)
		c.put(digest(i), large)
	}
	held := 0
	for i := range maxCached {
		if content, ok := c.get(digest(i)); ok {
			held += len(content.Content)
		}
	}
	if held > maxCachedBytes || held < maxCachedBytes/2 {
		t.Errorf("%d bytes are cached, want at most %d, and not much less", held, maxCachedBytes)
	}
	if _, ok := c.get(digest(maxCached - 1)); !ok {
		t.Error("the latest content is not cached")
	}
	for i := range 2 * maxCached {
		c.put(digest(i), Manifest{Content: []byte{1}})
	}
	if c.size <= 0 || c.size > maxCachedBytes || c.content.Len() != maxCached {
		t.Errorf("%d entries of %d bytes", c.content.Len(), c.size)
	}
}
