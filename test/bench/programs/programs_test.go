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

package programs

import (
	"slices"
	"testing"
)

// TestNoCloudSDK: SDKs of clouds are linked into no program. They would double the size of the plugin.
func TestNoCloudSDK(t *testing.T) {
	for _, command := range commands() {
		linked, err := packages(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(linked, "github.com/karmada-io/image-trust/internal/verify") {
			t.Errorf("the verifier is not among the %d packages of %s", len(linked), command)
		}
		if found := cloudSDKs(linked); len(found) > 0 {
			t.Errorf("%s links %q", command, found)
		}
	}
	if got := cloudSDKs([]string{"fmt", "github.com/aws/aws-sdk-go-v2/config", "cloud.google.com/go"}); len(got) != 2 {
		t.Errorf("got %q of two packages of SDKs", got)
	}
}
