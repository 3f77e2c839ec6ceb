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
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/labtest"
)

// cosignCLI is the cosign command, which trusts the lab's Sigstore by default.
type cosignCLI struct{ *labtest.Program }

// run runs cosign, and returns its output and whether it succeeded. A crash is a failure, too.
func (c *cosignCLI) run(t *testing.T, args ...string) (output string, ok bool) {
	t.Helper()
	got := c.Run(t, "", args...)
	return got.Stdout + got.Stderr, got.Code == 0
}

// verify verifies an image as the documentation says, and each attestation that the trust requires.
func (c *cosignCLI) verify(t *testing.T, f *conformanceFixture, reference string) string {
	t.Helper()
	rule := f.compiled.Signers[0].Rule
	args := []string{"--offline=true", "--certificate-oidc-issuer", rule.Signer.Issuer, "--certificate-identity", rule.Signer.Subject}
	var trusted []string
	if f.root != nil {
		trusted = []string{"--trusted-root", c.trustedRoot(t, f)}
	}
	verify := slices.Concat([]string{"verify"}, args, trusted, []string{reference})
	out, ok := c.run(t, verify...)
	if !ok && f.all {
		// A timestamp may tell the time of an entry that has none.
		timestamped := slices.Concat([]string{"verify", "--use-signed-timestamps"}, args, trusted, []string{reference})
		out, ok = c.run(t, timestamped...)
	}
	if !ok && f.root != nil && f.trusted.Timestamps() {
		timestamped := slices.Concat([]string{"verify", "--use-signed-timestamps", "--insecure-ignore-tlog"}, args, trusted, []string{reference})
		out, ok = c.run(t, timestamped...)
	}
	if !ok {
		t.Logf("cosign: %s", out)
		return rejects
	}
	for _, attestation := range rule.Attestations {
		if !c.attested(t, args, attestation, reference) {
			return rejects
		}
	}
	return accepts
}

// attested reports whether cosign verifies an attestation in either format.
func (c *cosignCLI) attested(t *testing.T, args []string, attestation policy.Attestation, reference string) bool {
	t.Helper()
	args = append(slices.Clone(args), "--type", attestation.PredicateType)
	if attestation.CUE != "" {
		file := filepath.Join(t.TempDir(), "policy.cue")
		if err := os.WriteFile(file, []byte(attestation.CUE), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--policy", file)
	}
	for _, bundle := range []string{"false", "true"} {
		out, ok := c.run(t, slices.Concat([]string{"verify-attestation", "--new-bundle-format=" + bundle}, args, []string{reference})...)
		if ok {
			return true
		}
		t.Logf("cosign: %s", out)
	}
	return false
}

func (c *cosignCLI) trustedRoot(t *testing.T, f *conformanceFixture) string {
	t.Helper()
	encoded, err := f.sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Dir, f.name+".json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// policyTester runs policy-controller's tester on an image. It reads the root of trust where cosign does.
func (c *cosignCLI) policyTester(t *testing.T, tester string, f *conformanceFixture, cip client.Object, reference string) string {
	t.Helper()
	path, err := binaries.Find(tester)
	if err != nil {
		t.Fatal(err)
	}
	if f.root != nil {
		t.Fatal("the tester supports only the default root of trust")
	}
	dir := t.TempDir()
	written := cip.DeepCopyObject().(client.Object)
	written.SetManagedFields(nil)
	encoded, err := yaml.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	program := labtest.Program{Path: path, Env: c.Env, Dir: dir}
	got := program.Run(t, "", "-policy", file, "-image", reference)
	t.Logf("policy-tester: %s%s", got.Stdout, got.Stderr)
	return answerText(got.Code == 0)
}
