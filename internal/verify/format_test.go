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
	"testing"

	"github.com/karmada-io/image-trust/internal/policy"
)

// TestEveryFormatHasAStorage checks that no format of the table is skipped, which would make images look unsigned, and that
// formats are tried in the order of the table.
func TestEveryFormatHasAStorage(t *testing.T) {
	all := policy.NewFormats(policy.SimpleSigning, policy.Timestamped, policy.Bundle, policy.RekorV2Bundle, policy.TimestampedBundle)
	for _, format := range all {
		if storageOf(format.Storage()) == nil {
			t.Errorf("%s has no storage", format)
		}
	}
	c := claim{formats: all}
	got := c.storages()
	if len(got) != 2 || got[0] != (simpleSigningStorage{}) || got[1] != (bundleStorage{}) {
		t.Errorf("got %T, want the storages of the formats, each once, in their order", got)
	}
	if none := (&claim{formats: policy.Formats{""}}).storages(); len(none) != 0 {
		t.Errorf("no format has the storages %T", none)
	}
}
