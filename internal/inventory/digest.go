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

package inventory

import "regexp"

// manifestDigest matches the digest of a manifest in a repository, as nodes report it: NAME@DIGEST, or with Docker as
// the container runtime docker-pullable://NAME@DIGEST.
var manifestDigest = regexp.MustCompile(`^[^@\s]+@(sha256:[0-9a-f]{64})$`)

// RunningDigest returns the manifest digest in a container's imageID. It is empty if there is none: a digest without a
// name is that of the image's configuration, not of a manifest. The text is not trusted, because users who may update
// the status of pods can set it.
func RunningDigest(imageID string) string {
	const maxLength = 1024
	if len(imageID) > maxLength {
		return ""
	}
	found := manifestDigest.FindStringSubmatch(imageID)
	if found == nil {
		return ""
	}
	return found[1]
}
