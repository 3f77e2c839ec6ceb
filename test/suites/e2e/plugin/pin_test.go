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

package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPluginPin pins what is verified, and nothing else.
func TestPluginPin(t *testing.T) {
	p := lab.NewPlugin(t)
	const signed, unsigned = "docker.io/pin/signed:v1", "docker.io/pin/unsigned:v1"
	digest := lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	trust := labtest.WriteObjects(t, labtest.NewTrust("pin", "pin"))
	manifest := func(image string) string {
		return `# A comment, and odd formatting.
apiVersion: v1
kind:   Pod
metadata: {name: pin,   namespace: workloads}   # on one line
spec:
  containers:
  - image: '` + image + `'   # quoted
    name: main
  - {name: other, image: "nginx:1"}
`
	}
	args := func(more ...string) []string {
		return append(append([]string{"pin", "-f", trust}, more...), p.SigstoreFlags...)
	}
	pinned := manifest(signed + "@" + digest.DigestStr())

	got := p.Run(t, manifest(signed), args("--manifests", "-")...)
	if diff := cmp.Diff(pinned, got.Stdout); diff != "" || got.Code != 0 {
		t.Errorf("exit code %d, (-want +got):\n%s%s", got.Code, diff, got.Stderr)
	}
	if want := "1 of 2 images pinned, 1 unchanged\n"; got.Stderr != want {
		t.Errorf("stderr %q, want %q", got.Stderr, want)
	}
	got = p.Run(t, pinned, args("--manifests", "-")...)
	if got.Stdout != pinned || got.Code != 0 {
		t.Errorf("again: exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	got = p.Run(t, manifest(unsigned), args("--manifests", "-")...)
	if got.Stdout != "" || got.Code != 1 || !strings.Contains(got.Stderr, "standard input:7: "+unsigned+" is not pinned: Unsigned") {
		t.Errorf("unsigned: exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	got = p.Run(t, manifest(unsigned), args("--manifests", "-", "--keep-going")...)
	if got.Stdout != manifest(unsigned) || got.Code != 1 {
		t.Errorf("unsigned with --keep-going: exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	got = p.Run(t, manifest(signed), args("--manifests", "-", "-o", "kustomize")...)
	if got.Code != 0 || !strings.Contains(got.Stdout, "digest: "+digest.DigestStr()) {
		t.Errorf("kustomize: exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}

	file := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(file, []byte(manifest(signed)), 0o600); err != nil {
		t.Fatal(err)
	}
	got = p.Run(t, "", args("--manifests", filepath.Dir(file), "--in-place")...)
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pinned, string(written)); diff != "" || got.Code != 0 || got.Stdout != "" {
		t.Errorf("in place: exit code %d, stdout %q, (-want +got):\n%s", got.Code, got.Stdout, diff)
	}
}

// TestPluginPinUpstream pins Karmada's own manifests.
func TestPluginPinUpstream(t *testing.T) {
	p := lab.NewPlugin(t)
	upstream := filepath.Join("..", "..", "..", "..", "internal", "pin", "testdata", "karmada-v1.16.0")
	trust := labtest.WriteObjects(t, labtest.NewTrust("upstream", "karmada"))
	pins := 0
	for _, component := range []string{
		"aggregated-apiserver", "controller-manager", "descheduler", "metrics-adapter", "scheduler", "search", "webhook",
	} {
		image := "docker.io/karmada/karmada-" + component + ":latest"
		digest := lab.PushSignedImage(t, image, labtest.Release)
		content, err := os.ReadFile(filepath.Join(upstream, "artifacts", "deploy", "karmada-"+component+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Run(t, string(content), append([]string{"pin", "-f", trust, "--manifests", "-"}, p.SigstoreFlags...)...)
		want := strings.ReplaceAll(string(content), image, image+"@"+digest.DigestStr())
		if diff := cmp.Diff(want, got.Stdout); diff != "" || got.Code != 0 || want == string(content) {
			t.Errorf("%s: exit code %d, (-want +got):\n%s%s", component, got.Code, diff, got.Stderr)
			continue
		}
		pins += strings.Count(got.Stdout, "@sha256:")
	}
	fmt.Printf("figure: pinned_karmada_manifests %d\n", pins)
}
