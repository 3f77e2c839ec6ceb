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

package operator

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestKubectl checks the output of kubectl get, wait, explain and describe.
func TestKubectl(t *testing.T) {
	lab.PushSignedImage(t, "docker.io/kubectl/signed:v1", labtest.Release)
	lab.PushImage(t, "docker.io/kubectl/unsigned:v1")
	trust := labtest.NewTrust("kubectl", "kubectl", "docker.io/kubectl/signed:v1", "docker.io/kubectl/unsigned:v1")
	lab.Create(t, trust)

	if got, want := kubectl(t, "wait", "--for=condition=Ready", "kit/kubectl", "--timeout=2m"),
		"karmadaimagetrust.trust.karmada.io/kubectl condition met\n"; got != want {
		t.Errorf("kubectl wait: got %q, want %q", got, want)
	}
	tests := map[string]struct {
		args   []string
		column []string
		values []string
	}{
		"get": {
			args:   []string{"get", "kit", "kubectl"},
			column: []string{"NAME", "ENFORCEMENT", "READY", "VERIFIED", "WOULD-DENY", "ENFORCED", "AGE"},
			values: []string{"kubectl", "Enforce", "True", "1/2", "0", "True"},
		},
		"get wide": {
			args:   []string{"get", "kit", "kubectl", "-o", "wide"},
			column: []string{"NAME", "ENFORCEMENT", "READY", "VERIFIED", "WOULD-DENY", "ENFORCED", "AGE", "REASON", "ISSUER"},
			values: []string{"kubectl", "Enforce", "True", "1/2", "0", "True", "AGE", "UntrustedImages", labtest.Release.Issuer},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(kubectl(t, test.args...), "\n")
			if diff := cmp.Diff(test.column, strings.Fields(lines[0])); diff != "" {
				t.Errorf("columns differ (-want +got):\n%s", diff)
			}
			values := strings.Fields(lines[1])
			const age = 6
			values[age] = "AGE"
			if diff := cmp.Diff(test.values, values[:len(test.values)]); diff != "" {
				t.Errorf("values differ (-want +got):\n%s", diff)
			}
		})
	}
	if got := kubectl(t, "get", "karmada-io", "-o", "name"); !strings.Contains(got, "karmadaimagetrust.trust.karmada.io/kubectl\n") {
		t.Errorf("the category shows %q", got)
	}
	explained := kubectl(t, "explain", "kit.spec.identityRegexp")
	if !strings.Contains(strings.Join(strings.Fields(explained), " "), "identityRegexp is a regular expression that must match the whole subject of the signing certificate") {
		t.Errorf("kubectl explain says %s", explained)
	}
	described := kubectl(t, "describe", "kit", "kubectl")
	for _, words := range []string{
		"1 of 2 images is untrusted: docker.io/kubectl/unsigned:v1 (Unsigned).",
		"ClusterImagePolicy kubectl enforces 2 globs (index.docker.io/kubectl/*, registry-1.docker.io/kubectl/*) and is Ready.",
		"ImageUntrusted",
		"PolicyApplied",
		labtest.Commit,
	} {
		if !strings.Contains(described, words) {
			t.Errorf("kubectl describe does not contain %q:\n%s", words, described)
		}
	}
}

// TestSampleWarns checks that applying the sample, whose identity is as wide as in Karmada's documentation, prints a warning.
func TestSampleWarns(t *testing.T) {
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lab.Delete(t, readSample(t)) })
	got := kubectl(t, "apply", "-f", filepath.Join(root, "config", "samples", "karmada.yaml"))
	for _, words := range []string{"Warning: ", "spec.identityRegexp: ends with", "karmadaimagetrust.trust.karmada.io/karmada created"} {
		if !strings.Contains(got, words) {
			t.Errorf("kubectl apply does not contain %q: %s", words, got)
		}
	}
}

// kubectl runs kubectl as an administrator, and returns its output.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	program, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	args = slices.Concat([]string{"--kubeconfig=" + lab.Kubeconfig()}, args)
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args[1:], " "), err, out)
	}
	return string(out)
}
