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

package install

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// release is what is installed: another version of the manifests, or those of the work tree.
type release struct {
	// tag of the manager's image.
	tag      string
	replicas int
	// withoutColumn leaves a column out of the CustomResourceDefinition, as a former version might.
	withoutColumn bool
}

// Releases of the story: the former one is not the work tree's.
var (
	former  = release{tag: "former", replicas: 1, withoutColumn: true}
	current = release{tag: "current", replicas: 2}
)

const (
	namespace  = "karmada-image-trust-system"
	definition = "karmadaimagetrusts.trust.karmada.io"
	repository = "registry.example.com/image-trust"
)

// way is one of the three ways of installing.
type way interface {
	// install installs a release, or takes its place.
	install(t *testing.T, r release)
	// rollBack goes back to the former release after an upgrade.
	rollBack(t *testing.T)
	// uninstall removes the operator. leftovers are the objects that stay, by documentation, and remove is the documented command for
	// each.
	uninstall(t *testing.T) (leftovers []string, remove [][]string)
}

func root(t *testing.T) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// command runs Helm or kubectl as an administrator, and returns its output.
func command(t *testing.T, program string, args ...string) string {
	t.Helper()
	path, err := binaries.Find(program)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "KUBECONFIG=" + lab.Kubeconfig(), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := process.Run(cmd); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return command(t, binaries.Kubectl, args...)
}

// overlay writes a kustomization for a release, and returns its directory.
func (r release) overlay(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.EvalSymlinks(root(t))
	if err != nil {
		t.Fatal(err)
	}
	base, err := filepath.Rel(dir, filepath.Join(top, "config", "default"))
	if err != nil {
		t.Fatal(err)
	}
	kustomization := map[string]any{
		"resources": []string{base},
		"images":    []any{map[string]any{"name": render.Image, "newName": repository, "newTag": r.tag}},
		"replicas":  []any{map[string]any{"name": "karmada-image-trust", "count": r.replicas}},
	}
	if r.withoutColumn {
		kustomization["patches"] = []any{map[string]any{
			"target": map[string]any{"kind": "CustomResourceDefinition"},
			"patch":  `[{"op": "remove", "path": "/spec/versions/0/additionalPrinterColumns/0"}]`,
		}}
	}
	content, err := yaml.Marshal(kustomization)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "kustomization.yaml"), string(content))
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// kustomize is kubectl apply -k.
type kustomize struct{}

func (kustomize) install(t *testing.T, r release) {
	t.Helper()
	kubectl(t, "apply", "--server-side", "--kustomize", r.overlay(t))
}

func (k kustomize) rollBack(t *testing.T) {
	t.Helper()
	k.install(t, former)
}

func (kustomize) uninstall(t *testing.T) ([]string, [][]string) {
	t.Helper()
	kubectl(t, "delete", "--kustomize", filepath.Join(root(t), "config", "default"))
	return nil, nil
}

// file is kubectl apply -f with the file that make build-installer writes.
type file struct{}

func (file) write(t *testing.T, r release) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "install.yaml")
	installer := exec.CommandContext(t.Context(), "go", "run", "./hack/installer", "--image", repository+":"+r.tag, "--output", path)
	installer.Dir = root(t)
	if out, err := installer.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(content), "\n  replicas: 1\n", fmt.Sprintf("\n  replicas: %d\n", r.replicas), 1)
	if r.withoutColumn {
		edited = dropColumn(t, edited)
	}
	write(t, path, edited)
	return path
}

func (f file) install(t *testing.T, r release) {
	t.Helper()
	kubectl(t, "apply", "--server-side", "--filename", f.write(t, r))
}

func (f file) rollBack(t *testing.T) {
	t.Helper()
	f.install(t, former)
}

func (f file) uninstall(t *testing.T) ([]string, [][]string) {
	t.Helper()
	kubectl(t, "delete", "--filename", f.write(t, current))
	return nil, nil
}

// helm is helm install, upgrade, rollback and uninstall.
type helm struct{}

// chart returns the directory of the chart of a release.
func (helm) chart(t *testing.T, r release) string {
	t.Helper()
	source := filepath.Join(root(t), "charts", "karmada-image-trust")
	if !r.withoutColumn {
		return source
	}
	dir := filepath.Join(t.TempDir(), "chart")
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	definitions := filepath.Join(dir, "templates", "crds.yaml")
	content, err := os.ReadFile(definitions)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(definitions, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, definitions, dropColumn(t, string(content)))
	return dir
}

func (h helm) install(t *testing.T, r release) {
	t.Helper()
	args := []string{"upgrade", "--install", "image-trust", h.chart(t, r), "--namespace", namespace, "--create-namespace",
		"--set", fmt.Sprintf("image.repository=%s,image.tag=%s,replicas=%d", repository, r.tag, r.replicas)}
	notes := command(t, binaries.Helm, args...)
	if !strings.Contains(notes, "Supported versions: v0.13") || strings.Contains(notes, "is not installed in this cluster yet") {
		t.Errorf("the notes say: %s", notes)
	}
	kubectl(t, "label", "--overwrite", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
}

func (helm) rollBack(t *testing.T) {
	t.Helper()
	command(t, binaries.Helm, "rollback", "image-trust", "--namespace", namespace)
}

func (helm) uninstall(t *testing.T) ([]string, [][]string) {
	t.Helper()
	command(t, binaries.Helm, "uninstall", "image-trust", "--namespace", namespace)
	return []string{"CustomResourceDefinition /" + definition, "Namespace /" + namespace},
		[][]string{{"delete", "crd", definition}, {"delete", "namespace", namespace}}
}

// dropColumn removes the first column that "kubectl get" shows from an encoded CustomResourceDefinition.
func dropColumn(t *testing.T, manifests string) string {
	t.Helper()
	lines := strings.SplitAfter(manifests, "\n")
	begin := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "- additionalPrinterColumns:" }) + 1
	if begin == 0 {
		t.Fatal("the definition has no columns")
	}
	end := begin + 1
	for !strings.HasPrefix(strings.TrimSpace(lines[end]), "- ") {
		end++
	}
	return strings.Join(slices.Delete(lines, begin, end), "")
}
