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

package policy

import (
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/imagename"
)

// MaySelect reports whether the trust may select the image that is meant by a text that is not an image reference: what a node
// may read the text as, what follows a scheme, and whatever may replace a placeholder.
func (p *Policy) MaySelect(invalid *imagename.InvalidError) bool {
	written := invalid.Written
	if p.MatchesName(written) {
		return true
	}
	if _, rest, ok := strings.Cut(written, "://"); ok && p.MatchesName(rest) {
		return true
	}
	if invalid.Placeholder == "" {
		return false
	}
	before, after, found := strings.Cut(written, invalid.Placeholder)
	if !found {
		return true // the placeholder is not printable, or long
	}
	last := before[strings.LastIndexByte(before, '/')+1:]
	if strings.ContainsAny(last, ":@") && !strings.Contains(after, "/") {
		return false // the placeholder is a tag or a digest, and the name does not match
	}
	first, _, complete := strings.Cut(before, "/")
	if !complete {
		return true
	}
	hosts := []string{imagename.FoldHost(first)}
	if !strings.ContainsAny(first, ".:") {
		hosts = append(hosts, imagename.DockerHub)
	}
	return slices.ContainsFunc(p.Globs(), func(glob string) bool {
		host := imagename.RegistryOfGlob(glob)
		return host == "" || slices.Contains(hosts, host)
	})
}
