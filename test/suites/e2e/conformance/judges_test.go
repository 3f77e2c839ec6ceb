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
	"strings"
	"sync"
	"testing"

	"github.com/sigstore/sigstore/pkg/tuf"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// judge is a program that answers whether an image is trusted, to compare with.
type judge struct {
	name string
	// knows reports whether it can answer by the trust of a fixture.
	knows func(*conformanceFixture) bool
	// ask asks it about an image, by the trust of a fixture and the policy that is rendered for it.
	ask func(t *testing.T, f *conformanceFixture, cip client.Object, reference string) string
}

// The judges. policy-controller v0.14.0 runs as a webhook.
const (
	cosign2 = "cosign v2"
	cosign3 = "cosign v3"
	admit13 = "policy-controller v0.13.1"
	admit14 = "policy-controller v0.14.0"
	admit15 = "policy-controller v0.15.1"
)

// byCosign explains by the same reason why both versions of cosign answer differently.
func byCosign(reason string) map[string]string {
	return map[string]string{cosign2: reason, cosign3: reason}
}

// byAll explains by the same reason why all judges besides the webhook answer differently.
func byAll(reason string) map[string]string {
	return map[string]string{cosign2: reason, cosign3: reason, admit13: reason, admit15: reason}
}

// judges returns all of them; tester runs the testers of policy-controller, each with a cache of its own, which it locks.
func judges(t *testing.T, tester *cosignCLI) []judge {
	t.Helper()
	always := func(*conformanceFixture) bool { return true }
	two, three := &cosignCLI{lab.NewCosign(t)}, &cosignCLI{lab.NewCosignV3(t)}
	list := []judge{
		{cosign2, always, func(t *testing.T, f *conformanceFixture, _ client.Object, reference string) string {
			t.Helper()
			return two.verify(t, f, reference)
		}},
		{cosign3, always, func(t *testing.T, f *conformanceFixture, _ client.Object, reference string) string {
			t.Helper()
			return three.verify(t, f, reference)
		}},
	}
	for _, release := range binaries.PolicyControllerReleases() {
		if release.Webhook == binaries.PolicyController {
			continue // it is the webhook
		}
		own := tester.copied(t)
		list = append(list, judge{"policy-controller " + release.Version, testerKnows, func(
			t *testing.T, f *conformanceFixture, cip client.Object, reference string,
		) string {
			t.Helper()
			return own.policyTester(t, release.Tester, f, cip, reference)
		}})
	}
	return list
}

// ask returns the answers of the judges that can know, by name. Several are asked at a time, since most of it is starting programs.
func ask(t *testing.T, judges []judge, f *conformanceFixture, cip client.Object, reference string) map[string]string {
	t.Helper()
	answers := map[string]string{}
	var lock sync.Mutex
	t.Run("judges", func(t *testing.T) {
		for _, j := range judges {
			if !j.knows(f) {
				continue
			}
			t.Run(strings.ReplaceAll(j.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				answer := j.ask(t, f, cip, reference)
				lock.Lock()
				defer lock.Unlock()
				answers[j.name] = answer
			})
		}
	})
	return answers
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
	return testerIn(dir)
}

func testerIn(dir string) *cosignCLI {
	return &cosignCLI{&labtest.Program{Dir: dir, Env: append(lab.Registry.Proxy.Env(), "HOME="+dir, tuf.TufRootEnv+"="+dir)}}
}

// copied returns what runs a tester with a copy of the cache.
func (c *cosignCLI) copied(t *testing.T) *cosignCLI {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	return testerIn(dir)
}

// testerKnows reports whether policy-controller's tester verifies as its webhook does: it does not read TrustRoots.
func testerKnows(f *conformanceFixture) bool { return f.root == nil }
