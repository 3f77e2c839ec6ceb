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
	"net/http"
	"testing"
	"time"
)

// FuzzReferrers feeds a list of referrers.
func FuzzReferrers(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","artifactType":"a","annotations":{"b":"c"}}]}`))
	f.Add([]byte(`{"schemaVersion":2}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		listed, err := parseReferrers("registry.example", content)
		if err == nil && len(listed.Manifests) > len(content) {
			t.Errorf("%d manifests in %d bytes", len(listed.Manifests), len(content))
		}
		if err != nil && err.Error() != "registry.example answers with a list of referrers that cannot be read" {
			t.Errorf("the error contains text of the registry: %v", err)
		}
	})
}

// FuzzRetryAfter feeds the header of that name.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, value := range []string{"17", "-1", "99999999999", "Thu, 01 Jan 2026 00:01:00 GMT", "soon"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if wait := retryAfter(http.Header{"Retry-After": {value}}, now); wait < 0 || wait > maxRetryAfter {
			t.Errorf("%q: %s", value, wait)
		}
	})
}
