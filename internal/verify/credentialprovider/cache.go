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

package credentialprovider

import (
	"sync"
	"time"

	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
	"k8s.io/utils/lru"
)

const (
	// maxAnswers is the number of answers that are kept, those that were used last, and maxAnswerBytes bounds all of them, in bytes.
	maxAnswers     = 4096
	maxAnswerBytes = 8 << 20
)

// key of an answer: for all images, for those of a registry, or for one.
type key struct {
	provider             string
	registry, repository string
}

// cache holds the answers of providers until they expire.
type cache struct {
	mu    sync.Mutex
	kept  *lru.Cache // of *answer, by key
	bytes int
}

func newCache() *cache {
	c := &cache{}
	c.kept = lru.NewWithEvictionFunc(maxAnswers, func(_ lru.Key, value any) {
		if evicted, ok := value.(*answer); ok {
			c.bytes -= evicted.size()
		}
	})
	return c
}

// get returns the answer about an image; nil if there is none, or if it has expired.
func (c *cache) get(p *provider, image imageName, now time.Time) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range []key{{p.name, image.registry, image.repository}, {p.name, image.registry, ""}, {p.name, "", ""}} {
		known, _ := c.kept.Get(k)
		found, ok := known.(*answer)
		switch {
		case !ok:
		case now.Before(found.until):
			return found
		default:
			c.kept.Remove(k)
		}
	}
	return nil
}

// put keeps the answer about an image.
func (c *cache) put(p *provider, image imageName, got *answer) {
	k := key{provider: p.name}
	switch got.scope {
	case credentialv1.GlobalPluginCacheKeyType:
	case credentialv1.RegistryPluginCacheKeyType:
		k.registry = image.registry
	default:
		k.registry, k.repository = image.registry, image.repository
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.Remove(k)
	c.bytes += got.size()
	c.kept.Add(k, got)
	for c.bytes > maxAnswerBytes {
		c.kept.RemoveOldest()
	}
}
