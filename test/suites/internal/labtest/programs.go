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

package labtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// toolTimeout bounds one run of a program.
const toolTimeout = 2 * time.Minute

// ExitCodes of kubectl imagetrust verify by verdict.
var ExitCodes = map[v1alpha1.Verdict]int{v1alpha1.VerdictVerified: 0, v1alpha1.VerdictUntrusted: 1, v1alpha1.VerdictUnknown: 3}

// Program is an executable with the environment and the directory that it runs in.
type Program struct {
	Path string
	Env  []string
	// Dir is the program's home directory.
	Dir string
}

// Result is the exit code and the output of a program.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs the program with an input. The test fails if the program cannot be run or does not end in time.
func (p *Program) Run(t *testing.T, stdin string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Env = slices.Concat(p.Env, []string{"TMPDIR=" + os.TempDir()})
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := process.Run(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(p.Path), args, err, stderr.String())
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Plugin is kubectl imagetrust, with a kubeconfig of the lab.
type Plugin struct {
	Program
	// SigstoreFlags make the plugin trust the lab's Sigstore.
	SigstoreFlags []string
}

// NewPlugin returns the plugin with an empty home directory. It is built from the work tree once a suite.
func (l *Lab) NewPlugin(t *testing.T) *Plugin {
	t.Helper()
	path, err := l.plugin()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	kubeconfig := filepath.Join(home, "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, l.Config()); err != nil {
		t.Fatal(err)
	}
	return &Plugin{
		Program:       Program{Path: path, Env: append(l.Registry.Proxy.Env(), "HOME="+home, "KUBECONFIG="+kubeconfig), Dir: home},
		SigstoreFlags: []string{"--tuf-mirror", l.TUFURL(), "--tuf-root", l.TUFRoot()},
	}
}

// NewCosign returns the cosign command of version 2, which trusts the lab's Sigstore by default.
func (l *Lab) NewCosign(t *testing.T) *Program {
	t.Helper()
	return l.newCosign(t, binaries.Cosign)
}

// NewCosignV3 returns the cosign command of version 3, which trusts the lab's Sigstore by default.
func (l *Lab) NewCosignV3(t *testing.T) *Program {
	t.Helper()
	return l.newCosign(t, binaries.CosignV3)
}

func (l *Lab) newCosign(t *testing.T, program string) *Program {
	t.Helper()
	path, err := binaries.Find(program)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &Program{
		Path: path, Dir: dir,
		Env: append(l.Registry.Proxy.Env(), "HOME="+dir, "TUF_ROOT="+filepath.Join(dir, "tuf"), "COSIGN_EXPERIMENTAL=0"),
	}
	if got := c.Run(t, "", "initialize", "--mirror", l.TUFURL(), "--root", l.TUFRoot()); got.Code != 0 {
		t.Fatalf("cosign initialize: %s%s", got.Stdout, got.Stderr)
	}
	return c
}

// WriteObjects writes objects into a YAML file, and returns its path.
func WriteObjects(t *testing.T, objects ...any) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(ToYAML(t, objects...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// ToYAML encodes objects as a stream of YAML documents.
func ToYAML(t *testing.T, objects ...any) string {
	t.Helper()
	var documents []string
	for _, object := range objects {
		if typed, ok := object.(*v1alpha1.KarmadaImageTrust); ok {
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
