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

package trustroot

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/memory"
)

// TestParsersAllocateLittle gives each parser of a root of trust what takes the most memory for its size.
func TestParsersAllocateLittle(t *testing.T) {
	for _, field := range []string{"certificateAuthorities", "tlogs", "mediaType"} {
		for shape, text := range memory.Emptiest(field, maxSize-1024) {
			if took := memory.Allocated(func() { _, _ = FromJSON(text) }); took > memory.Limit {
				t.Errorf("a trusted root, %s of %s: %d MiB", field, shape, took>>20)
			}
		}
	}
	for _, field := range []string{"certificateAuthorities", "tLogs"} {
		for shape, text := range memory.Emptiest(field, maxObject/2) {
			var keys any
			if json.Unmarshal(text, &keys) != nil {
				continue // the API server stores no such object
			}
			object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"sigstoreKeys": keys}}}
			if took := memory.Allocated(func() { _, _ = FromTrustRoot(object) }); took > memory.Limit {
				t.Errorf("a TrustRoot, %s of %s: %d MiB", field, shape, took>>20)
			}
		}
	}
}
