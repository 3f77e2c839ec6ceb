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
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// plugin is kubectl imagetrust as a process, which trusts the local Sigstore by default and knows the cluster.
type plugin struct {
	path string
	env  []string
	// sigstore are the flags for the local Sigstore.
	sigstore []string
}

// ran is what a process did.
type ran struct {
	code           int
	stdout, stderr string
}

// builtPlugin is built once, as that takes a while.
var builtPlugin = sync.OnceValues(func() (string, error) {
	return shared.Build(context.Background(), "kubectl-imagetrust")
})

func newPlugin(t *testing.T) *plugin {
	t.Helper()
	path, err := builtPlugin()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	kubeconfig := filepath.Join(home, "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, shared.Config()); err != nil {
		t.Fatal(err)
	}
	return &plugin{
		path: path, env: append(shared.Registry.Proxy.Env(), "HOME="+home, "KUBECONFIG="+kubeconfig),
		sigstore: []string{"--tuf-mirror", shared.TUFURL(), "--tuf-root", shared.TUFRoot()},
	}
}

// run runs the plugin with an input.
func (p *plugin) run(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Env = slices.Concat(p.env, []string{"TMPDIR=" + os.TempDir()})
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := process.Run(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("kubectl-imagetrust %v: %v\n%s", args, err, stderr.String())
	}
	return ran{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// judge has the plugin verify an image by the trust of a world.
func (p *plugin) judge(t *testing.T, w *conformanceWorld, reference string) ran {
	t.Helper()
	args := append([]string{"verify", reference, "-f", w.file(t), "-o", "json"}, p.sigstore...)
	return p.run(t, "", args...)
}

// file holds the trust of a world and its TrustRoot.
func (w *conformanceWorld) file(t *testing.T) string {
	t.Helper()
	objects := []any{w.trust}
	if w.root != nil {
		objects = append(objects, w.root)
	}
	return writeObjects(t, objects...)
}

// writeObjects writes objects into a file as people keep them.
func writeObjects(t *testing.T, objects ...any) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(asYAML(t, objects...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func asYAML(t *testing.T, objects ...any) string {
	t.Helper()
	var documents []string
	for _, object := range objects {
		if typed, ok := object.(*trust); ok {
			typed.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrust"))
		}
		encoded, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(encoded))
	}
	return strings.Join(documents, "---\n")
}

// exitCodes that stand for verdicts.
var exitCodes = map[v1alpha1.Verdict]int{v1alpha1.VerdictVerified: 0, v1alpha1.VerdictUntrusted: 1, v1alpha1.VerdictUnknown: 3}
