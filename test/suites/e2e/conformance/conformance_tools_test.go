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
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// cosignCLI is the cosign command, which trusts the lab's Sigstore by default.
type cosignCLI struct{ *labtest.Program }

// answerOf returns what a program answers by how it ended.
func answerOf(got labtest.Result) string {
	switch {
	case got.Code == 0:
		return accepts
	case strings.Contains(got.Stderr, "\ngoroutine "):
		return crashes
	default:
		return rejects
	}
}

// verify verifies an image as the documentation says, and each attestation that the trust requires.
func (c *cosignCLI) verify(t *testing.T, f *conformanceFixture, reference string) string {
	t.Helper()
	rule := f.compiled.Signers[0].Rule
	ways := c.ways(t, f)
	if len(rule.Signature) > 0 {
		if answer := c.verifies(t, []string{"verify"}, ways, reference); answer != accepts {
			return answer
		}
	}
	for _, attestation := range rule.Attestations {
		if answer := c.attested(t, ways, attestation, reference); answer != accepts {
			return answer
		}
	}
	return accepts
}

// ways returns the arguments by which cosign may verify with the trust of a fixture. An image is accepted if it is in one way.
func (c *cosignCLI) ways(t *testing.T, f *conformanceFixture) [][]string {
	t.Helper()
	signer := f.compiled.Signers[0].Rule.Signer
	args := []string{"--offline=true", "--certificate-oidc-issuer", signer.Issuer, "--certificate-identity", signer.Subject}
	if f.root != nil {
		args = append(args, "--trusted-root", c.trustedRoot(t, f))
	}
	if !f.trusted.CTLogs() {
		args = append(args, "--insecure-ignore-sct")
	}
	ways := [][]string{args}
	if f.timestamps {
		ways = append(ways, slices.Concat(args, []string{"--use-signed-timestamps"}))
	}
	if f.root != nil && f.trusted.Timestamps() {
		ways = append(ways, slices.Concat(args, []string{"--use-signed-timestamps", "--insecure-ignore-tlog"}))
	}
	return ways
}

// verifies returns what a command answers on an image, the first way that it accepts or the last one.
func (c *cosignCLI) verifies(t *testing.T, command []string, ways [][]string, reference string) (answer string) {
	t.Helper()
	for _, way := range ways {
		got := c.Run(t, "", slices.Concat(command, way, []string{reference})...)
		if answer = answerOf(got); answer == accepts {
			return answer
		}
		t.Logf("cosign %s: %s%s", answer, got.Stdout, got.Stderr)
	}
	return answer
}

// attested returns what cosign answers on an attestation, which it accepts in either format.
func (c *cosignCLI) attested(t *testing.T, ways [][]string, attestation policy.Attestation, reference string) string {
	t.Helper()
	command := []string{"verify-attestation", "--type", attestation.PredicateType}
	if attestation.CUE != "" {
		file := filepath.Join(t.TempDir(), "policy.cue")
		if err := os.WriteFile(file, []byte(attestation.CUE), 0o600); err != nil {
			t.Fatal(err)
		}
		command = append(command, "--policy", file)
	}
	var formats [][]string
	for _, way := range ways {
		formats = append(formats, append(slices.Clone(way), "--new-bundle-format=false"), append(slices.Clone(way), "--new-bundle-format=true"))
	}
	return c.verifies(t, command, formats, reference)
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
	if strings.Contains(got.Stdout+got.Stderr, "initializing tuf") {
		t.Fatal("the tester has no root of trust")
	}
	return answerOf(got)
}
