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

package docs

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// manifestOf finds the version of policy-controller whose manifest a page installs. It is named twice.
var manifestOf = regexp.MustCompile(`policy-controller/releases/download/(v[0-9.]+)/policy-controller-(v[0-9.]+)\.yaml`)

// TestPolicyControllerVersions checks that the pages on installation name the versions that are tested, and install no other.
func TestPolicyControllerVersions(t *testing.T) {
	var tested []string
	for _, release := range binaries.PolicyControllerReleases() {
		tested = append(tested, release.Version)
	}
	for _, file := range []string{"installation.md", "../README.md"} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range tested {
			if !strings.Contains(string(page), strings.TrimPrefix(version, "v")) {
				t.Errorf("%s does not name policy-controller %s", file, version)
			}
		}
		manifests := manifestOf.FindAllSubmatch(page, -1)
		if len(manifests) == 0 {
			t.Errorf("%s installs no manifest", file)
		}
		for _, match := range manifests {
			if version := string(match[1]); !slices.Contains(tested, version) || version != string(match[2]) {
				t.Errorf("%s installs %s, which is not tested", file, match[0])
			}
		}
	}
}

// TestCosignVersions checks that the page on installation names the versions of cosign that tests sign with.
func TestCosignVersions(t *testing.T) {
	page, err := os.ReadFile("installation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{binaries.Cosign, binaries.CosignV3} {
		version, err := binaries.Version(program)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), strings.TrimPrefix(version, "v")) {
			t.Errorf("installation.md does not name cosign %s", version)
		}
	}
}
