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

package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// toolTimeout bounds one run of a tool.
const toolTimeout = 2 * time.Minute

// cosignCLI is the real cosign, which trusts the local Sigstore by default.
type cosignCLI struct {
	path string
	env  []string
	dir  string
}

func newCosignCLI(t *testing.T) *cosignCLI {
	t.Helper()
	path, err := binaries.Find(binaries.Cosign)
	if err != nil {
		t.Fatal(err)
	}
	c := &cosignCLI{path: path, dir: t.TempDir()}
	c.env = append(shared.Registry.Proxy.Env(), "HOME="+c.dir, "TUF_ROOT="+filepath.Join(c.dir, "tuf"), "COSIGN_EXPERIMENTAL=0")
	if out, err := c.run(t, "initialize", "--mirror", shared.TUFURL(), "--root", shared.TUFRoot()); err != nil {
		t.Fatalf("cosign initialize: %v\n%s", err, out)
	}
	return c
}

// run runs cosign and returns what it printed. The error is that of the exit, which a crash has too.
func (c *cosignCLI) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return runTool(t, c.env, c.path, args...)
}

func runTool(t *testing.T, env []string, path string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = slices.Concat(env, []string{"TMPDIR=" + os.TempDir()})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := process.Run(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(path), args, err, out.String())
	}
	return out.String(), err
}

// judge has cosign verify an image as the documentation says, and each attestation that is asked for.
func (c *cosignCLI) judge(t *testing.T, w *conformanceWorld, reference string) string {
	t.Helper()
	rule := w.compiled.Rule
	args := []string{"--offline=true", "--certificate-oidc-issuer", rule.Identity.Issuer, "--certificate-identity", rule.Identity.Subject}
	var trusted []string
	if w.root != nil {
		trusted = []string{"--trusted-root", c.trustedRoot(t, w)}
	}
	verify := slices.Concat([]string{"verify"}, args, trusted, []string{reference})
	out, err := c.run(t, verify...)
	if err != nil && w.root != nil && w.trusted.Timestamps() {
		stamped := slices.Concat([]string{"verify", "--use-signed-timestamps", "--insecure-ignore-tlog"}, args, trusted, []string{reference})
		out, err = c.run(t, stamped...)
	}
	if err != nil {
		t.Logf("cosign: %s", out)
		return refuses
	}
	for _, attestation := range rule.Attestations {
		if !c.attested(t, args, attestation, reference) {
			return refuses
		}
	}
	return accepts
}

// attested tells whether cosign verifies an attestation in either form.
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
		out, err := c.run(t, slices.Concat([]string{"verify-attestation", "--new-bundle-format=" + bundle}, args, []string{reference})...)
		if err == nil {
			return true
		}
		t.Logf("cosign: %s", out)
	}
	return false
}

func (c *cosignCLI) trustedRoot(t *testing.T, w *conformanceWorld) string {
	t.Helper()
	encoded, err := w.sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.dir, w.name+".json")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// policyTester has policy-controller judge an image in a process of its own, which finds the root of trust where cosign
// does.
func (c *cosignCLI) policyTester(t *testing.T, w *conformanceWorld, cip client.Object, reference string) string {
	t.Helper()
	path, err := binaries.Find(binaries.PolicyTester)
	if err != nil {
		t.Fatal(err)
	}
	if w.root != nil {
		t.Fatal("the tester is only asked with the default root of trust")
	}
	dir := t.TempDir()
	written := cip.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy
	written.SetManagedFields(nil)
	encoded, err := yaml.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runTool(t, c.env, path, "-policy", file, "-image", reference)
	t.Logf("policy-tester: %s", out)
	return word(err == nil)
}
