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

package conformance

import (
	"os"
	"testing"

	"github.com/sigstore/sigstore/pkg/tuf"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/labtest"
)

// judge is a program that answers whether an image is trusted, to compare with.
type judge struct {
	name string
	// knows reports whether it can answer by the trust of a fixture.
	knows func(*conformanceFixture) bool
	// accepts asks it about an image, by the trust of a fixture and the policy that is rendered for it.
	accepts func(t *testing.T, f *conformanceFixture, cip client.Object, reference string) bool
}

// The judges besides policy-controller v0.14.0, which runs as a webhook.
const (
	cosign2 = "cosign v2"
	cosign3 = "cosign v3"
	admit13 = "policy-controller v0.13.1"
	admit15 = "policy-controller v0.15.1"
)

// judges returns all of them; tester runs the testers of policy-controller.
func judges(t *testing.T, tester *cosignCLI) []judge {
	t.Helper()
	always := func(*conformanceFixture) bool { return true }
	two, three := &cosignCLI{lab.NewCosign(t)}, &cosignCLI{lab.NewCosignV3(t)}
	list := []judge{
		{cosign2, always, func(t *testing.T, f *conformanceFixture, _ client.Object, reference string) bool {
			t.Helper()
			return two.verify(t, f, reference) == accepts
		}},
		{cosign3, func(f *conformanceFixture) bool { return f.all }, func(t *testing.T, f *conformanceFixture, _ client.Object, reference string) bool {
			t.Helper()
			return three.verify(t, f, reference) == accepts
		}},
	}
	for _, release := range binaries.PolicyControllerReleases() {
		if release.Webhook == binaries.PolicyController {
			continue // it is the webhook
		}
		list = append(list, judge{"policy-controller " + release.Version, testerKnows, func(
			t *testing.T, f *conformanceFixture, cip client.Object, reference string,
		) bool {
			t.Helper()
			return tester.policyTester(t, release.Tester, f, cip, reference) == accepts
		}})
	}
	return list
}

// newTester returns what runs policy-controller's testers, which trust the lab's Sigstore by default. They read what their TUF client
// cached, which is not that of cosign.
func newTester(t *testing.T) *cosignCLI {
	t.Helper()
	dir := t.TempDir()
	root, err := os.ReadFile(lab.TUFRoot())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(tuf.TufRootEnv, dir)
	if err := tuf.Initialize(t.Context(), lab.TUFURL(), root); err != nil {
		t.Fatal(err)
	}
	return &cosignCLI{&labtest.Program{Dir: dir, Env: append(lab.Registry.Proxy.Env(), "HOME="+dir, tuf.TufRootEnv+"="+dir)}}
}

// testerKnows reports whether policy-controller's tester verifies as its webhook does: it does not read TrustRoots.
func testerKnows(f *conformanceFixture) bool { return f.all && f.root == nil }
