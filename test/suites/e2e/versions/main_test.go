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

// Package versions compares forecasts with the answers of the versions of policy-controller other than the default one.
package versions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/agreement"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/signing"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// lab is shared by all tests of the suite, which therefore do not run in parallel. It starts with the default version;
// each test upgrades to its own.
var lab *labtest.Lab

func TestMain(m *testing.M) {
	labtest.Main(m, func(l *labtest.Lab) { lab = l })
}

// forEachVersion runs a test with each of the other versions.
func forEachVersion(t *testing.T, run func(t *testing.T, version string)) {
	t.Helper()
	for _, release := range binaries.PolicyControllerReleases() {
		if release.Version == policycontroller.DefaultVersion {
			continue
		}
		t.Run(release.Version, func(t *testing.T) {
			if err := lab.PolicyController.Upgrade(t.Context(), release.Version, nil); err != nil {
				t.Fatal(err)
			}
			run(t, release.Version)
		})
	}
}

// testRecognised checks that the operator recognises the version that runs, by what the Helm chart writes.
func testRecognised(t *testing.T, version string) {
	t.Helper()
	trust := labtest.NewTrust("recognised", "recognised")
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, func(got *v1alpha1.KarmadaImageTrust) string {
		want := v1alpha1.PolicyControllerStatus{Version: strings.TrimPrefix(version, "v"), Source: v1alpha1.VersionByChartLabel}
		if version == "v0.13.1" {
			want.Source = v1alpha1.VersionByImageDigest // its chart pins a published image
		}
		if got.Status.PolicyController == nil {
			return "the status has no policyController"
		}
		return cmp.Diff(want, *got.Status.PolicyController)
	})
}

// TestPrediction compares predictions of admission with its real answers, on workloads of all kinds. The suite conformance
// does it for the default version.
func TestPrediction(t *testing.T) {
	forEachVersion(t, func(t *testing.T, version string) {
		t.Helper()
		t.Run("recognised", func(t *testing.T) { testRecognised(t, version) })
		agreement.Run(t, lab)
	})
}

// TestCosign3 signs and attests images with the real cosign 3. The suite conformance does it for the default version.
func TestCosign3(t *testing.T) {
	cosign := signing.NewCosign3(t, lab)
	forEachVersion(t, func(t *testing.T, version string) {
		t.Helper()
		suffix := strings.ReplaceAll(version, ".", "-")
		t.Run("sign", func(t *testing.T) { signing.Sign(t, lab, cosign, "cosign3-sign-"+suffix) })
		t.Run("attest", func(t *testing.T) { signing.Attest(t, lab, cosign, "cosign3-attest-"+suffix) })
	})
}

// TestGitHubAttestations compares the answers to the plugin's preset for GitHub with those to GitHub's own policy. The suite
// conformance does it for the default version.
func TestGitHubAttestations(t *testing.T) {
	forEachVersion(t, func(t *testing.T, _ string) {
		t.Helper()
		agreement.RunGitHub(t, lab)
	})
}
