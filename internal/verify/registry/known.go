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

import "github.com/google/go-containerregistry/pkg/name"

// Known returns the manifest that a tag named when its content was last fetched, without a request, if it is cached. It is for
// programs that run for a moment, and for what is not a verdict.
func (c *Client) Known(tag name.Tag) (Manifest, bool) {
	digest, ok := c.cache.lookup(tag)
	if !ok {
		return Manifest{}, false
	}
	return c.cache.get(tag.Context().Digest(digest))
}

// WantsToken reports whether a registry wants a token, without a request, if it was greeted. The host is that of name.Registry.
func (c *Client) WantsToken(host string) (wanted, known bool) {
	made := c.greetings.get(host)
	return made != nil && made.tokens != nil, made != nil
}
